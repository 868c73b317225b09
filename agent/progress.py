"""Who is told what happens while a run goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from agent.store.store import RunStore
from search.budget import Budget
from search.events import Event
from search.tree import Tree


class Progress(Protocol):
    """Shows a run to somebody; must not raise."""

    def phase(self, name: str, detail: str = "") -> None:
        """A new part of the work begins, such as ``baseline``."""
        ...

    def searching(self, tree: Tree, budget: Budget, calls: Callable[[], int]) -> None:
        """The tree that grows from now on, its budget, and how many model calls there were."""
        ...

    def event(self, event: Event) -> None:
        """Something happened in the tree."""
        ...


class Told:
    """Writes each phase to the run's store, for those who watch from elsewhere, and passes everything on."""

    def __init__(self, run: RunStore, shown: Progress) -> None:
        self._run = run
        self._shown = shown

    def phase(self, name: str, detail: str = "") -> None:
        """Written, then shown."""
        self._run.event("phase", {"name": name, "detail": detail[:500]})
        self._shown.phase(name, detail)

    def searching(self, tree: Tree, budget: Budget, calls: Callable[[], int]) -> None:
        """Passed on."""
        self._shown.searching(tree, budget, calls)

    def event(self, event: Event) -> None:
        """Passed on."""
        self._shown.event(event)


class Silent:
    """Shows nothing."""

    def phase(self, name: str, detail: str = "") -> None:
        """Ignored."""

    def searching(self, tree: Tree, budget: Budget, calls: Callable[[], int]) -> None:
        """Ignored."""

    def event(self, event: Event) -> None:
        """Ignored."""
