"""How a run ended, as people and programs read it."""

from __future__ import annotations

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
        factors: the evidence in the probability.
    """

    model_config = ConfigDict(frozen=True)

    fixed: tuple[str, ...] = ()
    unfixed: tuple[str, ...] = ()
    held: int = 0
    broken: tuple[str, ...] = ()
    critic: str = ""
    factors: tuple[Factor, ...] = ()


class Spending(BaseModel):
    """What a run used.

    Attributes:
        usd: US dollars.
        calls: model calls.
        tokens: prompt and completion.
        cached: prompt tokens that the provider served from its cache.
        executions: test runs.
        nodes: nodes of the tree, the root left out.
        seconds: wall clock, earlier parts of a resumed run included.
    """

    model_config = ConfigDict(frozen=True)

    usd: float = 0.0
    calls: int = 0
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
        proof: why it is believed.
        spending: what it took.
    """

    model_config = ConfigDict(frozen=True)

    status: Status
    reason: str = ""
    hint: str = ""
    run: str = ""
    node: str = ""
    patch: str = ""
    confidence: float = 0.0
    proof: Proof = Proof()
    spending: Spending = Spending()

    @property
    def exit_code(self) -> int:
        """The status the command ends with."""
        return EXIT_CODES[self.status]
