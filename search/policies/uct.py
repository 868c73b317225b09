"""UCT with progressive widening."""

from __future__ import annotations

import math

from search.descent import DescentPolicy
from search.tree import Node


class Uct(DescentPolicy):
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

    def widens(self, node: Node) -> bool:
        """Progressive widening."""
        visits = float(node.visits + node.pending)
        return node.expansions <= self.widening * math.pow(visits, self.growth)

    def bound(self, child: Node) -> float:
        """The mean and what may be hidden above it."""
        return upper_bound(child, self.exploration)


def upper_bound(child: Node, exploration: float) -> float:
    """`mean + exploration * sqrt(ln N / n)`; a child without any result stands on its parent's mean."""
    count = child.visits + child.pending
    parent = child.parent
    if not count or parent is None:
        return math.inf
    mean = child.total / child.visits if child.visits else (parent.mean or 0.0)
    return mean + exploration * math.sqrt(math.log(max(parent.visits + parent.pending, 1)) / count)
