"""Beam search, without barriers between the levels."""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort

from search.events import Event, ExpansionEnded, ExpansionStarted, NodeAdded, NodeUpdated
from search.policy import Choice
from search.tree import Node, TreeView, ancestry

_Place = tuple[float, int]
_Key = tuple[int, int, int, int]


class Beam:
    """Of each level the `width` most valuable nodes are expanded, `branch` times each, the upper level first.

    Source: the beam of Tree of Thoughts (Yao et al., 2023) and of CodeTree's breadth-first variant. A level is not
    waited for: a worker that finds nothing left to start above goes on below, with the best of what has arrived so
    far; a better one that comes later takes its place in the beam. When all beams are used up, the next `width` nodes
    of each level and the next `branch` expansions follow, so that no budget is left unused.

    Args:
        seed: not used; ties go to the older node.
        width: nodes per level.
        branch: expansions per node.
    """

    def __init__(self, seed: int = 0, *, width: int = 3, branch: int = 3) -> None:
        del seed
        self.width = width
        self.branch = branch
        self._levels: dict[int, list[_Place]] = {}
        self._placed: dict[str, tuple[Node, _Place]] = {}
        self._heap: list[tuple[_Key, Node]] = []

    def ask(self, tree: TreeView) -> Choice | None:
        """The open node of the earliest pass, the upper level first, the more valuable first."""
        del tree
        while self._heap:
            key, node = self._heap[0]
            if not node.open:
                heapq.heappop(self._heap)
                continue
            now = self._key(node)
            if key == now:
                return Choice(node, node.open[0])
            heapq.heapreplace(self._heap, (now, node))
        return None

    def observe(self, event: Event) -> None:
        """Put the node that changed where it now belongs."""
        match event:
            case NodeAdded(node=node) | NodeUpdated(node=node):
                self._place(node)
            case ExpansionStarted(expansion=expansion) | ExpansionEnded(expansion=expansion):
                self._place(expansion.node)

    def _place(self, node: Node) -> None:
        """Keys only grow while a node waits in the heap, except when one above it falls: then its level is redone."""
        place = (-_standing(node), node.order)
        level = self._levels.setdefault(node.depth, [])
        _, old = self._placed.get(node.id, (node, None))
        if place != old:
            if old is not None:
                del level[bisect_left(level, old)]
            insort(level, place)
            self._placed[node.id] = (node, place)
            if old is not None:
                for other, _ in list(self._placed.values()):
                    if other.depth == node.depth and other.open:
                        heapq.heappush(self._heap, (self._key(other), other))
        if node.open:
            heapq.heappush(self._heap, (self._key(node), node))

    def _key(self, node: Node) -> _Key:
        rank = bisect_left(self._levels[node.depth], self._placed[node.id][1])
        return (max(rank // self.width, node.expansions // self.branch), node.depth, rank, node.order)


def _standing(node: Node) -> float:
    """Its value, or that of the nearest node above with one; 1 without any, as what was never tried may be the best."""
    return next((above.value for above in ancestry(node) if above.value is not None), 1.0)
