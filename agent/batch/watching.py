"""What is known of a batch while it runs, and who is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from agent.batch.ledger import TaskRow, Totals
from search.budget import Budget
from search.events import Event, NodeAdded, NodeUpdated
from search.tree import Tree

SPARE = 1e-9


@dataclass
class Running:
    """A task under way.

    Attributes:
        id: of the task.
        phase: what it does now.
        detail: more of that.
        nodes: of its tree, the root left out.
        best: highest value of a node; None while there is none.
        spent: US dollars, as far as known here.
        began: when, on the monotonic clock.
    """

    id: str
    phase: str = "waiting"
    detail: str = ""
    nodes: int = 0
    best: float | None = None
    spent: Callable[[], float] = lambda: 0.0
    began: float = field(default_factory=time.monotonic)

    @property
    def elapsed(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self.began

    def state(self) -> dict[str, Any]:
        """What is shown of it, as plain data."""
        return {name: getattr(self, name) for name in ("phase", "detail", "nodes", "best")} | {"spent": self.spent()}


class Watcher(Protocol):
    """Shows a batch to somebody; must not raise."""

    def opened(self, totals: Totals, running: Mapping[str, Running]) -> None:
        """The batch begins; `running` is kept up to date."""
        ...

    def changed(self, task: Running) -> None:
        """A task entered a phase, or its tree grew."""
        ...

    def ended(self, row: TaskRow, totals: Totals) -> None:
        """A task ended."""
        ...

    def told(self, text: str) -> None:
        """Something else that a person should know."""
        ...


class Unwatched:
    """Shows nothing."""

    def opened(self, totals: Totals, running: Mapping[str, Running]) -> None:
        """Ignored."""

    def changed(self, task: Running) -> None:
        """Ignored."""

    def ended(self, row: TaskRow, totals: Totals) -> None:
        """Ignored."""

    def told(self, text: str) -> None:
        """Ignored."""


class TaskProgress:
    """The progress of one run, made part of the batch's view."""

    def __init__(self, task: Running, watcher: Watcher) -> None:
        self._task = task
        self._watcher = watcher

    def phase(self, name: str, detail: str = "") -> None:
        """A new part of the work begins."""
        self._task.phase, self._task.detail = name, detail
        self._watcher.changed(self._task)

    def searching(self, tree: Tree, budget: Budget, calls: Callable[[], int]) -> None:
        """From now on the cost is known."""
        self._task.spent = lambda: budget.spent.usd

    def show(self, state: Mapping[str, Any]) -> None:
        """Takes over what `Running.state` gave in the process where the run is."""
        spent = state["spent"]
        self._task.phase, self._task.detail = state["phase"], state["detail"]
        self._task.nodes, self._task.best, self._task.spent = state["nodes"], state["best"], lambda: spent
        self._watcher.changed(self._task)

    def event(self, event: Event) -> None:
        """The tree grew, or one of its nodes was valued."""
        if isinstance(event, NodeAdded | NodeUpdated):
            self._task.nodes += isinstance(event, NodeAdded)
            if event.node.value is not None and not event.node.failed:
                self._task.best = max(self._task.best or 0.0, event.node.value)
            self._watcher.changed(self._task)


@dataclass(frozen=True)
class Projection:
    """Where a batch is going, by what it did since this process began.

    Attributes:
        usd: US dollars at its end; None while nothing is known.
        seconds: until its end.
        rate: tasks in an hour.
    """

    usd: float | None
    seconds: float | None
    rate: float | None


def project(began: Totals, now: Totals, elapsed: float) -> Projection:
    """Projects a batch from two totals, `elapsed` seconds apart."""
    done = began.open - now.open
    if done <= 0 or elapsed <= 0:
        return Projection(None, None, None)
    ended = now.tasks - now.open
    usd = now.usd + now.usd / max(ended, 1) * now.open
    return Projection(usd, elapsed / done * now.open, 3600 * done / (elapsed + SPARE))
