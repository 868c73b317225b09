"""PG-TD: planning over prefixes by looking ahead to whole patches."""

from __future__ import annotations

import math

from search.descent import DescentPolicy
from search.policy import Choice, awaits_the_first
from search.tree import Node, TreeView


class PgTd(DescentPolicy):
    """Planning-guided decoding (Zhang et al., 2023), with strategies and unfinished patches in the place of prefixes.

    There a prefix of tokens is worth what the best program is worth that was completed from it, which needs a
    look-ahead (a beam search of the model) per prefix. Here a strategy is a prefix of its patches and a patch one of
    its repairs; expanding it is the look-ahead, and the value of the best patch below it is backed up (`Node.peak`),
    not the mean. The search goes to the child of the largest

        best + (ln((N + base + 1) / base) + exploration) * P * sqrt(ln N) / (1 + n)

    where P is the chance that the model gives the child. A model that is asked in words gives no such number but
    proposes the likeliest first, so P falls as 1 / (1 + place) and the siblings' P add up to 1. What is under way
    counts as a visit.

    Args:
        seed: not used; ties go to the older child.
        exploration: weight of what was visited little; 4 in the paper, for 10^4 tokens.
        base: after how many visits that weight has grown by ln 2.
        branch: children a node gets before the search goes below it (the k of top-k; 3 in the paper).
    """

    def __init__(self, seed: int = 0, *, exploration: float = 1.0, base: float = 10.0, branch: int = 3) -> None:
        del seed
        self.exploration = exploration
        self.base = base
        self.branch = branch

    def ask(self, tree: TreeView) -> Choice | None:
        """Descend, once the first proposals are known."""
        return None if awaits_the_first(tree) else super().ask(tree)

    def widens(self, node: Node) -> bool:
        """Until it has its children; one expansion may bring several."""
        return max(node.expansions, len(node.children)) < self.branch

    def bound(self, child: Node) -> float:
        """Best patch below, and the prior that fades with visits."""
        parent = child.parent
        if parent is None:
            return math.inf
        total = parent.visits + parent.pending
        weight = math.log((total + self.base + 1.0) / self.base) + self.exploration
        visits = child.visits + child.pending
        spread = math.sqrt(math.log(max(total, 1))) / (1.0 + visits)
        return child.peak + weight * _prior(child, parent) * spread


def _prior(child: Node, parent: Node) -> float:
    place = child.ordinal + child.index
    siblings = max(len(parent.children), place + 1)
    return 1.0 / ((1.0 + place) * (math.log(siblings) + 0.5772 + 0.5 / siblings))
