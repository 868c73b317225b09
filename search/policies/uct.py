"""UCT with progressive widening."""

from __future__ import annotations

import math

from search.events import Event
from search.policy import Choice
from search.tree import Node, TreeView


class Uct:
    """Upper confidence bounds on the mean values of subtrees, which lie in [0, 1].

    From the root down: a node that may be expanded is, while it has had at most `widening * n ** growth` expansions
    (progressive widening, Coulom 2007; n counts the visits of its subtree); otherwise the search goes on in the child
    with the largest `mean + exploration * sqrt(ln N / n)`. What is under way counts as a visit without a result
    (WU-UCT, Liu et al. 2020). The default constant is that of UCB1 for rewards in [0, 1].
    """

    def __init__(
        self, seed: int = 0, *, exploration: float = math.sqrt(2.0), widening: float = 1.0, growth: float = 0.5
    ) -> None:
        del seed  # ties go to the older child
        self.exploration = exploration
        self.widening = widening
        self.growth = growth

    def ask(self, tree: TreeView) -> Choice | None:
        """Descend to the node to expand."""
        node = tree.root
        while True:
            live = [child for child in node.children if child.open_below]
            if node.open and (not live or self._widen(node)):
                return Choice(node, node.open[0])
            if not live:
                return None
            visits = node.visits + node.pending
            node = max(live, key=lambda child: (self._bound(child, visits, node.mean), -child.order))

    def observe(self, event: Event) -> None:
        """Nothing to learn: the tree keeps the statistics."""

    def _widen(self, node: Node) -> bool:
        visits = float(node.visits + node.pending)
        return node.expansions <= self.widening * math.pow(visits, self.growth)

    def _bound(self, child: Node, visits: int, prior: float | None) -> float:
        count = child.visits + child.pending
        if not count:
            return math.inf
        mean = child.total / child.visits if child.visits else (prior or 0.0)
        return mean + self.exploration * math.sqrt(math.log(max(visits, 1)) / count)
