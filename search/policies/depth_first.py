"""Depth first: CodeTree's order."""

from __future__ import annotations

from search.frontier import FrontierPolicy, Key
from search.tree import Node


class DepthFirst(FrontierPolicy):
    """The children of the latest expansion first, in the order they were proposed.

    Source: CodeTree (Li et al., 2024), whose agent pops a stack that the children were pushed on in reverse.
    """

    def key(self, node: Node) -> Key:
        """The latest family first, then the place within it."""
        return (node.index - node.order, node.index)
