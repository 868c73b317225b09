"""Who writes the next design: the interface of the offline operators and of the meta agent."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from agent.evolve.reader import Scored


@dataclass(frozen=True)
class Proposal:
    """A design that somebody proposes.

    Attributes:
        name: what its author calls it.
        code: the module.
        thought: why.
        operator: how it was made.
        parents: ids of the designs it was made from, the changed one first.
        meta: what making it took.
        error: why nothing can be tried; the code is what there was of it.
    """

    name: str
    code: str
    thought: str
    operator: str
    parents: tuple[str, ...]
    meta: dict[str, Any] = field(default_factory=dict)
    error: str = ""


Trial = Callable[[str], Awaitable[str]]
"""Tries code out, on a task of the search split: what is wrong with it, or "" when it works."""


@dataclass(frozen=True)
class Occasion:
    """What a proposer is given.

    Attributes:
        number: of the proposal, from 0; the same after a resume.
        parents: chosen by the strategy; the first is to be changed.
        archive: all designs with their results on the search split.
        shapes: of all designs, those included that are being made (`agent.evolve.novelty.shape`).
        rng: its randomness.
        trial: see `Trial`.
    """

    number: int
    parents: Sequence[Scored]
    archive: Sequence[Scored]
    shapes: frozenset[str]
    rng: random.Random
    trial: Trial


class Proposer(Protocol):
    """Writes designs."""

    async def propose(self, occasion: Occasion) -> Proposal:
        """The next design; what cannot be tried comes back with an error, not as an exception.

        Raises:
            InfrastructureError: nobody can write now.
        """
        ...
