"""A design that stops for nothing: strategies, patches and repairs until the nodes of the budget are made."""

from __future__ import annotations

from collections.abc import Sequence

from agent.kit import Child, Kit, Node

STRATEGIES, PATCHES, REPAIRS, DEPTH = 8, 6, 4, 6


async def solve(kit: Kit) -> None:
    """Searches by UCT."""
    await kit.localize()

    async def think(node: Node) -> Sequence[Child]:
        return await kit.think(node, STRATEGIES)

    async def attempt(node: Node) -> Sequence[Child]:
        number = node.attempts.get("attempt", 0)
        work = await kit.implement(node, sample=number) if node.kind == "strategy" else await kit.repair(node)
        judged = await kit.critique(await kit.evaluate(work))
        return [kit.child(judged, "patch" if node.kind == "strategy" else "repair")]

    def actions(node: Node) -> Sequence[str]:
        if node.kind == "root":
            return () if node.attempts.get("think") else ("think",)
        most = PATCHES if node.kind == "strategy" else REPAIRS
        return () if node.attempts.get("attempt", 0) >= most or node.depth >= DEPTH else ("attempt",)

    await kit.search("uct", {"think": think, "attempt": attempt}, actions)
    best = await kit.select()
    if best is None:
        await kit.abstain("nothing was found")
    else:
        await kit.submit(best)
