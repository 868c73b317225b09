"""AB-MCTS: wider or deeper, by Thompson sampling in closed form."""

from __future__ import annotations

import heapq
import math
import random
from dataclasses import dataclass, field
from typing import Literal

from search.events import Event, NodeAdded, NodeUpdated
from search.policy import Choice
from search.tree import Node, TreeView, ancestry

_REFRESH = 8
"""Children drawn anew per decision; with more of them the draws of the others stand until it is their turn."""

_GRAIN = 2.0**20
"""Values are rounded to multiples of 2**-20, so that sums of their squares are exact in any order."""


@dataclass(slots=True)
class _Sums:
    """Of some values: how many, their sum, the sum of their squares."""

    count: int = 0
    total: float = 0.0
    squares: float = 0.0

    def add(self, count: int, total: float, squares: float) -> None:
        self.count += count
        self.total += total
        self.squares += squares

    def minus(self, other: _Sums) -> _Sums:
        return _Sums(self.count - other.count, self.total - other.total, self.squares - other.squares)


@dataclass(slots=True)
class _Statistics:
    """What the policy knows of one node.

    Attributes:
        subtree: values of its subtree; likewise of its `children` alone.
        own: its own value.
        changed: the children about which something was learned since they were last drawn.
        drawn: per child its latest draw.
        heap: (negative draw, age, child), with entries that are out of date.
        turn: the place from which the next children are drawn anew.
    """

    subtree: _Sums = field(default_factory=_Sums)
    children: _Sums = field(default_factory=_Sums)
    own: float | None = None
    changed: dict[str, Node] = field(default_factory=dict)
    drawn: dict[str, float] = field(default_factory=dict)
    heap: list[tuple[float, int, Node]] = field(default_factory=list)
    turn: int = 0


class AbMcts:
    """Adaptive branching Monte Carlo tree search, variant A with shared posteriors (Inoue et al., 2025).

    From the root down: draw the value of generating a new child here and that of continuing below; generate when that
    is higher or nothing is below, else go to the child whose draw is highest. Values of children inform "generate",
    values of everything deeper inform "continue", the subtree of a child informs that child. A node of thousands of
    children does not draw for each of them every time: draws stand until something is learned about the child or its
    turn comes.

    With many workers the draws alone keep them apart, and nothing is made up about what is under way (asynchronous
    parallel Thompson sampling, Kandasamy et al., 2018). But below the root a node is expanded once at a time: whether
    it is worth a second repair depends on the first, so a worker that is sent there waits.

    Args:
        seed: of the draws.
        prior: "gaussian": normal-inverse-gamma with m=0, kappa=1, nu=1, tau^2=0.1; "beta": Beta(1/2, 1/2) with
            fractional counts.
    """

    def __init__(self, seed: int = 0, *, prior: Literal["gaussian", "beta"] = "gaussian") -> None:
        self._random = random.Random(seed)
        self._gaussian = prior == "gaussian"
        self._known: dict[str, _Statistics] = {}
        self._actions: dict[str, _Sums] = {}

    def ask(self, tree: TreeView) -> Choice | None:
        """Descend to the node to expand."""
        node = self._descend(tree.root)
        if node is None or (node.parent is not None and node.in_flight):
            return None
        return Choice(node, self._action(node))

    def observe(self, event: Event) -> None:
        """Bring the sums up to the values the tree shows; an event seen again changes nothing."""
        match event:
            case NodeAdded(node=node) | NodeUpdated(node=node):
                self._learn(node)

    def _learn(self, node: Node) -> None:
        known = self._of(node)
        if node.parent is not None:
            family = self._of(node.parent)
            if node.id not in family.drawn:
                family.changed[node.id] = node
        if node.value is None:
            return
        value = round(node.value * _GRAIN) / _GRAIN
        old = known.own
        if value == old:
            return
        before = 0.0 if old is None else old
        change = (int(old is None), value - before, value * value - before * before)
        known.own = value
        for ancestor in ancestry(node):
            self._of(ancestor).subtree.add(*change)
            if ancestor.parent is not None:
                self._of(ancestor.parent).changed[ancestor.id] = ancestor
        if node.parent is not None:
            self._of(node.parent).children.add(*change)
        self._actions.setdefault(node.action, _Sums()).add(*change)

    def _descend(self, node: Node) -> Node | None:
        while True:
            if node.open_below == bool(node.open):
                return node if node.open else None
            if node.open and self._wider(node):
                return node
            node = self._child(node)

    def _child(self, node: Node) -> Node:
        """The child with the highest draw; there is one with something open below."""
        known = self._of(node)
        count = len(node.children)
        stale = known.changed
        for step in range(min(_REFRESH, count)):
            child = node.children[(known.turn + step) % count]
            stale[child.id] = child
        known.turn = (known.turn + _REFRESH) % count
        known.changed = {}
        for child in sorted(stale.values(), key=lambda child: child.order):
            self._redraw(known, child)
        while True:
            if not known.heap:
                for child in node.children:
                    self._redraw(known, child)
            value, _, child = known.heap[0]
            if known.drawn.get(child.id) == -value and child.open_below:
                return child
            heapq.heappop(known.heap)
            if known.drawn.get(child.id) == -value:
                self._redraw(known, child)

    def _redraw(self, known: _Statistics, child: Node) -> None:
        if child.open_below:
            value = self._draw(self._of(child).subtree)
            known.drawn[child.id] = value
            heapq.heappush(known.heap, (-value, child.order, child))
        else:
            known.drawn.pop(child.id, None)

    def _wider(self, node: Node) -> bool:
        known = self._of(node)
        deeper = known.subtree.minus(known.children)
        if known.own is not None:
            deeper.add(-1, -known.own, -known.own * known.own)
        return self._draw(known.children) >= self._draw(deeper)

    def _action(self, node: Node) -> str:
        if len(node.open) == 1:
            return node.open[0]
        drawn = [self._draw(self._actions.get(action, _Sums())) for action in node.open]
        return node.open[drawn.index(max(drawn))]

    def _of(self, node: Node) -> _Statistics:
        known = self._known.get(node.id)
        if known is None:
            known = self._known[node.id] = _Statistics()
        return known

    def _draw(self, sums: _Sums) -> float:
        if not self._gaussian:
            return self._random.betavariate(0.5 + sums.total, 0.5 + max(0.0, sums.count - sums.total))
        mean, kappa, nu, scale = _posterior(sums.count, sums.total, sums.squares)
        chi = 2.0 * self._random.gammavariate(nu / 2.0, 1.0) + 1e-300
        return mean + self._random.gauss() * math.sqrt(scale / (chi * kappa))


def _posterior(count: int, total: float, squares: float) -> tuple[float, float, float, float]:
    """Normal-inverse-gamma after the values: mean, kappa, nu, nu * tau^2 (Murphy, 2007)."""
    if not count:
        return 0.0, 1.0, 1.0, 0.1
    mean = total / count
    spread = max(0.0, squares - count * mean * mean)
    kappa = 1.0 + count
    return total / kappa, kappa, kappa, 0.1 + spread + count / kappa * mean * mean
