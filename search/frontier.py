"""The open nodes of a tree, in the order of a key."""

from __future__ import annotations

import heapq
from abc import ABC, abstractmethod

from search.events import Event, ExpansionEnded, ExpansionStarted, NodeAdded, NodeUpdated
from search.policy import Choice
from search.tree import Node, TreeView

Key = tuple[float, ...]

PATIENCE = 4
"""So many expansions under way that are expected to bring something better are worth waiting for. With a larger number
many workers are faster, and spend more on what one worker would never have begun."""


class FrontierPolicy(ABC):
    """Expands the open node with the smallest key by its preferred action.

    A heap with late removal: an entry counts only while its node is open and still has that key,
    so observing an event again, or late, changes nothing. A policy that knows where the child of an expansion will
    stand (`brings`) lets a worker wait when `PATIENCE` children that are under way would come before the open node:
    one worker would never have begun it. With no more workers than that nobody waits.
    """

    def __init__(self, seed: int = 0) -> None:
        del seed  # these orders leave nothing to chance
        self._heap: list[tuple[Key, int, Node]] = []
        self._under_way: dict[str, Node] = {}

    @abstractmethod
    def key(self, node: Node) -> Key:
        """The smaller, the sooner; a function of the node as it is now."""

    def admits(self, node: Node) -> bool:
        """Whether the node belongs to the frontier at all; every node does unless a policy says otherwise."""
        return bool(node.open)

    def brings(self, node: Node, tree: TreeView) -> Key | None:
        """The key that the child of an expansion of `node` is expected to have; None when nothing is expected."""
        del node, tree
        return None

    def ask(self, tree: TreeView) -> Choice | None:
        """The open node with the smallest key, if it is not better to wait."""
        while self._heap:
            key, _, node = self._heap[0]
            if node.open and self.admits(node) and key == self.key(node):
                return None if self._awaited(key, tree) >= PATIENCE else Choice(node, node.open[0])
            heapq.heappop(self._heap)
        return None

    def observe(self, event: Event) -> None:
        """Put the node that changed where it now belongs."""
        match event:
            case NodeAdded(node=node) | NodeUpdated(node=node):
                self._push(node)
            case ExpansionStarted(expansion=expansion) | ExpansionEnded(expansion=expansion):
                self._note(expansion.node)
                self._push(expansion.node)

    def _note(self, node: Node) -> None:
        if node.in_flight:
            self._under_way[node.id] = node
        else:
            self._under_way.pop(node.id, None)

    def _awaited(self, key: Key, tree: TreeView) -> int:
        """How many expansions under way are expected to bring what comes before `key`."""
        expected = ((self.brings(node, tree), node.in_flight) for node in self._under_way.values())
        return sum(count for place, count in expected if place is not None and place < key)

    def _push(self, node: Node) -> None:
        if node.open and self.admits(node):
            heapq.heappush(self._heap, (self.key(node), node.order, node))


def expected(node: Node, tree: TreeView) -> float | None:
    """What a child of `node` will be worth: as much as `node`, else the mean of all; None while nothing has a value."""
    return node.value if node.value is not None else tree.root.mean
