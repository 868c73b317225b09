"""Best first, with iterative broadening."""

from __future__ import annotations

from search.frontier import FrontierPolicy, Key, expected
from search.tree import Node, TreeView, ancestry


class BestFirst(FrontierPolicy):
    """The most valuable node first; every open node gets its n-th expansion before any gets its n+1-st.

    A node without a value stands on that of its nearest ancestor with one, and above all of them when there is none:
    what was never tried may be the best. The rounds are those of iterative broadening (Ginsberg and Harvey, 1992);
    without them a good node whose repairs all fail would be repaired for ever. A worker waits when several expansions
    under way are expected to bring something better.
    """

    def key(self, node: Node) -> Key:
        """Round, value (descending), age."""
        value = next((above.value for above in ancestry(node) if above.value is not None), 1.0)
        return (node.expansions, -value, node.order)

    def brings(self, node: Node, tree: TreeView) -> Key | None:
        """A fresh node, of the value that is expected."""
        value = expected(node, tree)
        return None if value is None else (0, -value, len(tree))
