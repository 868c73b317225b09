"""The open nodes of a tree, in the order of a key."""

from __future__ import annotations

import heapq
from abc import ABC, abstractmethod

from search.events import Event, ExpansionEnded, ExpansionStarted, NodeAdded, NodeUpdated
from search.policy import Choice
from search.tree import Node, TreeView

Key = tuple[float, ...]


class FrontierPolicy(ABC):
    """Expands the open node with the smallest key by its preferred action.

    A heap with late removal: an entry counts only while its node is open and still has that key,
    so observing an event again, or late, changes nothing.
    """

    def __init__(self, seed: int = 0) -> None:
        del seed  # these orders leave nothing to chance
        self._heap: list[tuple[Key, int, Node]] = []

    @abstractmethod
    def key(self, node: Node) -> Key:
        """The smaller, the sooner; a function of the node as it is now."""

    def admits(self, node: Node) -> bool:
        """Whether the node belongs to the frontier at all; every node does unless a policy says otherwise."""
        return bool(node.open)

    def ask(self, tree: TreeView) -> Choice | None:
        """The open node with the smallest key."""
        del tree
        while self._heap:
            key, _, node = self._heap[0]
            if node.open and self.admits(node) and key == self.key(node):
                return Choice(node, node.open[0])
            heapq.heappop(self._heap)
        return None

    def observe(self, event: Event) -> None:
        """Put the node that changed where it now belongs."""
        match event:
            case NodeAdded(node=node) | NodeUpdated(node=node):
                self._push(node)
            case ExpansionStarted(expansion=expansion) | ExpansionEnded(expansion=expansion):
                self._push(expansion.node)

    def _push(self, node: Node) -> None:
        if node.open and self.admits(node):
            heapq.heappush(self._heap, (self.key(node), node.order, node))
