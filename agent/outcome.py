"""How a run ended, as people and programs read it."""

from __future__ import annotations

import json
from typing import Literal

from pydantic import BaseModel, ConfigDict

Status = Literal["solved", "abstained", "failed", "budget", "interrupted"]

EXIT_CODES: dict[Status, int] = {"solved": 0, "abstained": 1, "failed": 3, "budget": 4, "interrupted": 130}


class Factor(BaseModel):
    """One piece of evidence and by how much it multiplied the odds."""

    model_config = ConfigDict(frozen=True)

    evidence: str
    odds: float


class Proof(BaseModel):
    """Why a patch is believed.

    Attributes:
        fixed: tests that failed before and pass now.
        unfixed: targets that still fail.
        held: how many regression tests pass as before.
        broken: those that do not.
        critic: what the critic said.
        findings: what static checks found, one line each.
        factors: the evidence in the probability.
    """

    model_config = ConfigDict(frozen=True)

    fixed: tuple[str, ...] = ()
    unfixed: tuple[str, ...] = ()
    held: int = 0
    broken: tuple[str, ...] = ()
    critic: str = ""
    findings: tuple[str, ...] = ()
    factors: tuple[Factor, ...] = ()


class Ranked(BaseModel):
    """One distinct candidate of a run.

    Attributes:
        node: id of its node.
        probability: that it is right; 0 when it was not evaluated.
        title: a few words of its author.
        tests: what it did on given, reproduction and distinguishing tests, in a word for each.
        broken: how many regression tests it breaks.
        behaviour: number of what it did on all tests; equal for candidates that no test tells apart.
        same: nodes with the same patch but for layout, comments, docstrings and names of local variables.
        critic: the critic's score, if any.
        files: how many files it changes.
        lines: how many lines it adds or takes away.
        findings: what static checks found, one line each.
    """

    model_config = ConfigDict(frozen=True)

    node: str
    probability: float
    title: str = ""
    tests: dict[str, str] = {}
    broken: int = 0
    behaviour: int = 0
    same: tuple[str, ...] = ()
    critic: float | None = None
    files: int = 0
    lines: int = 0
    findings: tuple[str, ...] = ()


class Spending(BaseModel):
    """What a run used.

    Attributes:
        usd: US dollars.
        calls: model calls that were made.
        reused: model calls besides these that an answer of an earlier run served, for nothing.
        tokens: prompt and completion.
        cached: prompt tokens that the provider served from its cache.
        executions: test runs.
        nodes: nodes of the tree, the root left out.
        seconds: wall clock, earlier parts of a resumed run included.
    """

    model_config = ConfigDict(frozen=True)

    usd: float = 0.0
    calls: int = 0
    reused: int = 0
    tokens: int = 0
    cached: int = 0
    executions: int = 0
    nodes: int = 0
    seconds: float = 0.0


class Outcome(BaseModel):
    """What a run ended with.

    Attributes:
        status: solved, abstained, failed (the machine's fault), budget (used up before any candidate), interrupted.
        reason: why, for everything but solved.
        hint: what to do next, for failures.
        run: folder of the run.
        node: id of the node with the patch.
        patch: the patch, also when it is not trusted enough to count as solved.
        confidence: probability that the patch is right.
        required: the least probability for it to count as solved.
        ranking: all distinct candidates, the most probable first.
        proof: why it is believed.
        spending: what it took.
        fault: what broke or stopped the design, its own failure; empty when nothing did.
    """

    model_config = ConfigDict(frozen=True)

    status: Status
    reason: str = ""
    hint: str = ""
    run: str = ""
    node: str = ""
    patch: str = ""
    confidence: float = 0.0
    required: float = 0.0
    ranking: tuple[Ranked, ...] = ()
    proof: Proof = Proof()
    spending: Spending = Spending()
    fault: str = ""

    @property
    def exit_code(self) -> int:
        """The status the command ends with."""
        return EXIT_CODES[self.status]

    def to_json(self) -> str:
        """ASCII JSON: where a patch is not UTF-8 its bytes stand as lone surrogates, which are escaped."""
        return json.dumps(self.model_dump(mode="json"), indent=1)

    @classmethod
    def from_json(cls, text: str) -> Outcome:
        """The outcome that `to_json` wrote."""
        return cls(**json.loads(text))
