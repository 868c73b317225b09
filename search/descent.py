"""Walking down the tree by a bound: what UCT, LATS and PG-TD share."""

from __future__ import annotations

from abc import ABC, abstractmethod

from search.events import Event
from search.policy import Choice
from search.tree import Node, TreeView


class DescentPolicy(ABC):
    """From the root down: expand here when `widens` says so or nothing is open below, else go to the highest `bound`.

    The tree keeps the statistics, so there is nothing to learn from events; what is under way is in `Node.pending`.
    Of equal bounds the older child wins.
    """

    @abstractmethod
    def widens(self, node: Node) -> bool:
        """Whether a node with something open below it is expanded again all the same."""

    @abstractmethod
    def bound(self, child: Node) -> float:
        """How promising the search below `child` is."""

    def ask(self, tree: TreeView) -> Choice | None:
        """Descend to the node to expand."""
        node = tree.root
        while True:
            below = node.open_below - bool(node.open)
            if node.open and (not below or self.widens(node)):
                return Choice(node, node.open[0])
            if not below:
                return None
            node = self._highest(node)

    def observe(self, event: Event) -> None:
        """Nothing to learn."""
        del event

    def _highest(self, node: Node) -> Node:
        live = [child for child in node.children if child.open_below]
        return live[0] if len(live) == 1 else max(live, key=self.bound)
