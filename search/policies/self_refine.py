"""Self-refine: one chain of repairs after another."""

from __future__ import annotations

from search.frontier import FrontierPolicy, Key
from search.tree import Node


class SelfRefine(FrontierPolicy):
    """Repairs the latest candidate, whatever its value, until it cannot be repaired; then starts the next chain.

    Source: Self-Refine (Madaan et al., 2023) and Reflexion (Shinn et al., 2023), whose prompts are the caller's
    business. With k workers there are k chains.
    """

    def key(self, node: Node) -> Key:
        """Expansions so far, depth (descending), age (the younger first)."""
        return (node.expansions, -node.depth, -node.order)
