"""A person's hand on a search: what the engine asks before each of its decisions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from search.policy import Choice
from search.tree import Node, TreeView


@dataclass(frozen=True, slots=True)
class Orders:
    """What a person wants from now on.

    Attributes:
        forced: expansions to begin before any that the policy chooses, open or not.
        changed: nodes whose value or possible actions are not what they were.
        hold: begin nothing for now; what is under way goes on.
        stop: end the search; what is under way is cancelled.
    """

    forced: tuple[Choice, ...] = ()
    changed: tuple[Node, ...] = ()
    hold: bool = False
    stop: bool = False


class Steer(Protocol):
    """Says what a person wants; must return at once."""

    def __call__(self, tree: TreeView, moment: int, *, last: bool) -> Orders:
        """The orders that are new, and whether to hold or stop.

        Args:
            tree: as it is; a value may be changed through it.
            moment: expansions begun and ended so far in this search, cancelled ones left out: at concurrency 1 the
                same in every run of the same search, so an order obeyed at a moment can be obeyed there again.
            last: the search ends unless there is something to begin now.
        """
        ...
