"""Who is told what happens while a run goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

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


class Silent:
    """Shows nothing."""

    def phase(self, name: str, detail: str = "") -> None:
        """Ignored."""

    def searching(self, tree: Tree, budget: Budget, calls: Callable[[], int]) -> None:
        """Ignored."""

    def event(self, event: Event) -> None:
        """Ignored."""
