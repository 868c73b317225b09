"""LATS: UCT over whole attempts, several children per leaf."""

from __future__ import annotations

from search.descent import DescentPolicy
from search.policies.uct import upper_bound
from search.tree import Node


class Lats(DescentPolicy):
    """Language agent tree search (Zhou et al., 2024): UCT down to a leaf, which gets all its `samples` children.

    The reward is the value of the node, that is, what its own visible tests and critic say. The published code also
    runs the hidden tests inside the loop and adds 1 when they pass; nothing here can, since no hidden test is within
    reach of a policy. Its reflections are words, and words are the design's: `kit.reflect` keeps them on the path.
    What is under way counts as a visit without a result, so that k workers do not sit on one leaf.

    Args:
        seed: not used; ties go to the older child.
        exploration: of UCT; 1 in the paper.
        samples: children a node gets before the search goes below it; 5 in the paper.
    """

    def __init__(self, seed: int = 0, *, exploration: float = 1.0, samples: int = 5) -> None:
        del seed
        self.exploration = exploration
        self.samples = samples

    def widens(self, node: Node) -> bool:
        """Until it has its children."""
        return node.expansions < self.samples

    def bound(self, child: Node) -> float:
        """UCT."""
        return upper_bound(child, self.exploration)
