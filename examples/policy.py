"""A policy: greedy. The node with the best value is expanded next, the one expanded least among equals.

treewright solve --repo . --failing-test ID --policy examples/policy.py
"""

from __future__ import annotations

from search.frontier import FrontierPolicy, Key
from search.tree import Node, ancestry


class Greedy(FrontierPolicy):
    """The open node with the smallest key is expanded next; the frontier keeps itself up to date."""

    def key(self, node: Node) -> Key:
        """Value first (that of the nearest ancestor where there is none yet), then fewest expansions, then age."""
        value = next((above.value for above in ancestry(node) if above.value is not None), 0.5)
        return (-value, node.expansions, node.order)


def policy(seed: int) -> Greedy:
    """What `--policy` asks for; all randomness of a policy must come from `seed`."""
    return Greedy(seed)
