"""A plain agent loop: one episode, no tree, no critic; what the search is compared with."""

from __future__ import annotations

from collections.abc import Sequence

from agent.kit import Kit
from search.tree import Child, Node


async def solve(kit: Kit) -> None:
    """Implements once and answers with it."""

    async def implement(node: Node) -> Sequence[Child]:
        return [kit.child(await kit.evaluate(await kit.implement(node)))]

    def actions(node: Node) -> Sequence[str]:
        return ("implement",) if node.kind == "root" and not node.attempts else ()

    await kit.search("depth_first", {"implement": implement}, actions)
    best = await kit.select()
    if best is None:
        await kit.abstain("the episode ended without a patch")
    else:
        await kit.submit(best)
