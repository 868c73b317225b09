"""What is known of an evolution while it runs, and who is told."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from agent.batch.watching import Running
from agent.evolve.records import DesignRecord, ResultRecord


@dataclass
class State:
    """An evolution at one moment.

    Attributes:
        strategy: its name.
        designs: how many were made, of how many; refused ones included.
        evaluations: how many runs were made on the search split, of how many.
        refused: how many designs were refused.
        best: name, mean score and number of tasks of the best design so far; None while there is none.
        usd: US dollars spent.
        running: what is under way, by a key of its own.
    """

    strategy: str
    designs: tuple[int, int] = (0, 0)
    evaluations: tuple[int, int] = (0, 0)
    refused: int = 0
    best: tuple[str, float, int] | None = None
    usd: float = 0.0
    running: Mapping[str, Running] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    def line(self) -> str:
        """The state in one line."""
        parts = [
            f"{self.designs[0]}/{self.designs[1]} designs ({self.refused} refused)",
            f"{self.evaluations[0]}/{self.evaluations[1]} evaluations",
        ]
        if self.best:
            parts.append(f"best {self.best[0]}: {self.best[1]:.2f} on {self.best[2]} tasks")
        return ", ".join([*parts, f"${self.usd:.4f}"])


class Watcher(Protocol):
    """Shows an evolution to somebody; must not raise."""

    def opened(self, state: State) -> None:
        """It begins, or goes on; `state` is kept up to date."""
        ...

    def made(self, design: DesignRecord, names: Sequence[str]) -> None:
        """A design was made or refused; with the names of its parents."""
        ...

    def scored(self, design: DesignRecord, result: ResultRecord) -> None:
        """A run of a design was scored."""
        ...

    def told(self, text: str) -> None:
        """Something else that a person should know."""
        ...


class Unwatched:
    """Shows nothing."""

    def opened(self, state: State) -> None:
        """Ignored."""

    def made(self, design: DesignRecord, names: Sequence[str]) -> None:
        """Ignored."""

    def scored(self, design: DesignRecord, result: ResultRecord) -> None:
        """Ignored."""

    def told(self, text: str) -> None:
        """Ignored."""
