"""Repeated sampling: large language monkeys."""

from __future__ import annotations

from search.frontier import FrontierPolicy, Key
from search.tree import CANDIDATES, Node


class Repeated(FrontierPolicy):
    """Independent candidates and no repair: the open node that is no candidate and was expanded least.

    Source: Brown et al., Large Language Monkeys, 2024. It ends when only candidates could be expanded.
    """

    def admits(self, node: Node) -> bool:
        """Candidates are never expanded."""
        return node.kind not in CANDIDATES

    def key(self, node: Node) -> Key:
        """Expansions so far, depth, age."""
        return (node.expansions, node.depth, node.order)
