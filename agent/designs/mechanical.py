"""Mechanical repair: fault localization and repair templates, no model.

Each expansion of the root tries the likeliest edit that was not tried yet; an edit that comes
closer without arriving is combined with a second one.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.kit import Kit
from search.tree import Child, Node

DEPTH = 2


async def solve(kit: Kit) -> None:
    """Searches best first until an edit passes all tests."""
    await kit.localize()
    exhausted: set[str] = set()

    async def mutate(node: Node) -> Sequence[Child]:
        work = await kit.mutate(node)
        if work is None:
            exhausted.add(node.id)
            return []
        work = await kit.evaluate(work)
        return [kit.child(work, "patch" if node.kind == "root" else "repair")]

    def actions(node: Node) -> Sequence[str]:
        if node.id in exhausted or node.depth >= DEPTH or kit.accepted(node):
            return ()
        closer = node.kind == "root" or (node.value or 0.0) > 0.0
        return ("mutate",) if closer else ()

    await kit.search("breadth_first", {"mutate": mutate}, actions)
    best = await kit.select()
    if best is None or not best.value:
        await kit.abstain("no single edit, nor a pair of edits, made a failing test pass")
    else:
        await kit.submit(best)
