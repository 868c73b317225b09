"""CodeTree: depth first with pruning, and each of our corrections behind its own switch."""

from __future__ import annotations

from search.frontier import FrontierPolicy, Key
from search.tree import Node


class Codetree(FrontierPolicy):
    """A stack of strategies, solutions and repairs from which nodes that are worse than their parent are dropped.

    Source: CodeTree (Li et al., 2024). Its score only prunes: the stack keeps the order of the proposals. The limit of
    depth is the caller's, through the actions that are open; so is the critic's integer, which there also drops a
    repair as good as its parent.

    Args:
        seed: not used.
        by_value: take the best open node instead of the latest.
        revive: put dropped nodes behind all others instead of forgetting them, so that no budget is left unused.
    """

    def __init__(self, seed: int = 0, *, by_value: bool = False, revive: bool = False) -> None:
        super().__init__(seed)
        self.by_value = by_value
        self.revive = revive

    def admits(self, node: Node) -> bool:
        """A dropped node only when it may be revived."""
        return self.revive or not _dropped(node)

    def key(self, node: Node) -> Key:
        """Dropped or not; then rounds and value, or the latest family first and the place within it."""
        late = float(_dropped(node))
        if self.by_value:
            return (late, node.expansions, -_standing(node), node.order)
        return (late, node.index - node.order, node.index)


def _standing(node: Node) -> float:
    """Its value; that of the nearest ancestor with one when it has none, and the highest possible without any."""
    above: Node | None = node
    while above is not None:
        if above.value is not None:
            return above.value
        above = above.parent
    return 1.0


def _dropped(node: Node) -> bool:
    parent = node.parent
    if parent is None or node.value is None or parent.value is None:
        return False
    return node.value < parent.value
