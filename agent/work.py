"""What the nodes of the tree carry: strategies, patches, and what is known about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Verdict = Literal["keep", "repair", "abandon"]
Fault = Literal["none", "patch", "test"]


class Strategy(BaseModel):
    """One way to resolve the issue, in words."""

    model_config = ConfigDict(frozen=True)

    title: str = Field(max_length=300, description="five to ten words")
    description: str = Field(
        default="",
        max_length=8000,
        description="what is wrong, what to change, where, and what must not change; two to five sentences",
    )
    files: tuple[str, ...] = Field(default=(), description="paths it concerns")


class Critique(BaseModel):
    """What the critic says of a patch.

    Attributes:
        score: probability in [0, 1] that the patch resolves the issue and breaks nothing.
        verdict: keep it, repair it, or abandon this branch.
        fault: which side is wrong when something fails.
        reasons: why, the strongest doubt first.
    """

    model_config = ConfigDict(frozen=True)

    score: float = Field(
        ge=0, le=1, description="your probability that the patch resolves the issue and breaks nothing"
    )
    verdict: Verdict
    fault: Fault = Field(default="none", description="which side is wrong when something fails")
    reasons: str = Field(
        default="",
        max_length=8000,
        description="two to five sentences: the strongest doubt first, and what to change",
    )

    @property
    def blames_tests(self) -> bool:
        """Whether the patch is to be kept and what fails are the tests: there is nothing to repair."""
        return self.verdict == "keep" and self.fault == "test"


@dataclass(frozen=True)
class Evaluation:
    """What running says about a snapshot.

    Attributes:
        targets: status of each test that should go from failing to passing.
        held: how many regression tests pass as they did before.
        broken: the regression tests that do not.
        regressions_run: whether the regression tests were run at all.
        controls: status of each test that was written beside a target and passes on the base.
        distinguishing: status of each test that was written to tell finalists apart.
        findings: static findings against the change, one line each.
        undefined: names and attributes that the change uses and nothing defines, one line each.
        constant: whether a constant in the place of what a mechanical edit brought in passes the same tests.
        problem: why this is less than the whole truth, or "".
        output: excerpt of what the failing tests printed, bounded.
        executions: test runs this took.
    """

    targets: Mapping[str, str] = field(default_factory=dict)
    held: int = 0
    broken: tuple[str, ...] = ()
    regressions_run: bool = False
    controls: Mapping[str, str] = field(default_factory=dict)
    distinguishing: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[str, ...] = ()
    undefined: tuple[str, ...] = ()
    constant: bool = False
    problem: str = ""
    output: str = ""
    executions: int = 0

    @property
    def fixed(self) -> tuple[str, ...]:
        """The targets that pass."""
        return tuple(test for test, status in self.targets.items() if status == "passed")

    @property
    def lost_controls(self) -> dict[str, str]:
        """The controls that do not pass, with their status."""
        return {test: status for test, status in self.controls.items() if status != "passed"}

    @property
    def watched(self) -> int:
        """How many regression tests there are."""
        return self.held + len(self.broken)

    @property
    def plausible(self) -> bool:
        """All targets pass, there is at least one, and no regression test that was run broke."""
        return bool(self.targets) and len(self.fixed) == len(self.targets) and not self.broken and self.regressions_run

    @property
    def proved(self) -> bool:
        """Plausible; or there are no targets, and no regression test that was run broke."""
        return self.plausible or (not self.targets and self.regressions_run and not self.broken)

    @property
    def score(self) -> float:
        """In [0, 1]: the share of targets that pass, times the share of regression tests held, halved when any broke.

        Without targets nothing was shown, and a patch that breaks nothing gets one half.
        """
        fixed = len(self.fixed) / len(self.targets) if self.targets else 0.5
        total = self.held + len(self.broken)
        held = (self.held / total if total else 1.0) * (0.5 if self.broken else 1.0)
        return fixed * held

    def summary(self) -> str:
        """One line for people and for prompts."""
        parts = []
        if self.targets:
            parts.append(f"{len(self.fixed)} of {len(self.targets)} target tests pass")
        else:
            parts.append("no target tests")
        if self.lost_controls:
            parts.append(f"{len(self.lost_controls)} of {len(self.controls)} control tests no longer pass")
        if self.regressions_run:
            parts.append(f"{self.held} regression tests hold" + (f", {len(self.broken)} break" if self.broken else ""))
        else:
            parts.append("regression tests not run")
        if self.findings:
            parts.append(f"{len(self.findings)} static findings")
        return ", ".join(parts) + (f" ({self.problem})" if self.problem else "")


@dataclass(frozen=True)
class Confidence:
    """The probability that a patch is right and what moved it, as (what was seen, factor on the odds)."""

    probability: float
    factors: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Work:
    """The payload of a node.

    Attributes:
        snapshot: the commit of the repository at this node.
        strategy: the strategy it follows, if any.
        note: what its author said about it, or the template of a mechanical edit.
        evaluation: what running said, when it was run.
        critique: what the critic said, when asked and understood.
        asked: whether the critic was asked.
        form: factor on the odds of being right that comes from the form of a mechanical edit; 1 for all else.
        score: how likely it was before it was tried, of mechanical edits: suspiciousness times how common the form is.
        enumerated: it is one of a list of all edits of a form, not a sample: how many are like it says nothing.
    """

    snapshot: str
    strategy: Strategy | None = None
    note: str = ""
    evaluation: Evaluation | None = None
    critique: Critique | None = None
    asked: bool = False
    form: float = 1.0
    score: float = 1.0
    enumerated: bool = False

    @property
    def value(self) -> float | None:
        """In [0, 1]: tests weigh three times the critic, as in CodeTree (pass fraction + critic/15, normalised).

        The critic alone gives no value: a judge's word never accepts a patch.
        """
        if self.evaluation is None:
            return None
        if self.critique is None:
            return self.evaluation.score
        return (3 * self.evaluation.score + self.critique.score) / 4

    @property
    def title(self) -> str:
        """A few words for a person."""
        text = self.note or (self.strategy.title if self.strategy else "")
        return text.strip().split("\n")[0][:120]

    def to_dict(self) -> dict[str, Any]:
        """A plain form for the store."""
        return {
            "snapshot": self.snapshot,
            "strategy": self.strategy.model_dump(mode="json") if self.strategy else None,
            "note": self.note,
            "evaluation": asdict(self.evaluation) if self.evaluation else None,
            "critique": self.critique.model_dump(mode="json") if self.critique else None,
            "asked": self.asked,
        }
