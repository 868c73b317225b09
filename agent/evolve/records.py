"""What an archive holds, as plain frozen rows for whoever reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Split = Literal["search", "held-out"]
Standing = Literal["seed", "archived", "refused"]
"""A seed was given; an archived design was made here and may be evaluated; a refused one is kept as a failure."""


@dataclass(frozen=True)
class DesignRecord:
    """One design.

    Attributes:
        id: hash of its code, 16 hexadecimal digits.
        name: what its author calls it.
        code: the module.
        thought: why its author wrote it like this.
        parents: designs it was made from, the first being the one that was changed.
        generation: 0 for seeds, else one more than the latest of its parents'.
        operator: how it was made: `seed`, `parameters`, `component`, `crossover`, `meta`.
        standing: see `Standing`.
        error: why it was refused.
        shape: hash of its syntax without names of documentation and layout; equal shapes are the same design.
        meta: what making it took: calls, US dollars, drafts, scope of the calls in `meta.db`.
        created: seconds since the epoch.
        order: place in the archive, from 0.
    """

    id: str
    name: str
    code: str
    thought: str = ""
    parents: tuple[str, ...] = ()
    generation: int = 0
    operator: str = "seed"
    standing: Standing = "seed"
    error: str = ""
    shape: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict)
    created: float = 0.0
    order: int = 0


@dataclass(frozen=True)
class ResultRecord:
    """What came of one design on one task.

    Attributes:
        design: its id.
        task: the task's id.
        seed: of the run.
        split: which part the task belongs to.
        score: in [0, 1], given by this side, never by the design.
        status: of the run, as in a batch.
        usd: US dollars; `calls`, `tokens`, `nodes`, `executions`, `seconds` likewise of the run.
        error: what broke or stopped the design, or why there is no patch; empty when neither.
        detail: whatever the judge said besides.
        created: seconds since the epoch.
    """

    design: str
    task: str
    seed: int
    split: Split
    score: float
    status: str
    usd: float = 0.0
    calls: int = 0
    tokens: int = 0
    nodes: int = 0
    executions: int = 0
    seconds: float = 0.0
    error: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)
    created: float = 0.0
