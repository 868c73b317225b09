"""Breadth first."""

from __future__ import annotations

from search.frontier import FrontierPolicy, Key
from search.tree import Node


class BreadthFirst(FrontierPolicy):
    """The least deep node first; of those, the one expanded least, then the oldest."""

    def key(self, node: Node) -> Key:
        """Depth, expansions so far, age."""
        return (node.depth, node.expansions, node.order)
