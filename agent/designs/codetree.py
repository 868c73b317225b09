"""CodeTree (Li et al., 2024) over a repository: strategies, a patch for each, repairs, guided by tests and a critic.

The root is expanded into strategies, a strategy into one patch, a patch into repairs. Order and
pruning are the policy's, with all our corrections of the published loop.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.kit import Kit
from search.policies.codetree import CORRECTIONS
from search.tree import Child, Node

STRATEGIES = 3
REPAIRS = 2
DEPTH = 4


async def solve(kit: Kit) -> None:
    """Searches depth first until a patch is accepted."""
    await kit.localize()
    await kit.write_tests()

    async def think(node: Node) -> Sequence[Child]:
        return await kit.think(node, STRATEGIES)

    async def implement(node: Node) -> Sequence[Child]:
        work = await kit.implement(node)
        return [kit.child(await kit.critique(await kit.evaluate(work)))]

    async def repair(node: Node) -> Sequence[Child]:
        work = await kit.repair(node)
        return [kit.child(await kit.critique(await kit.evaluate(work)), "repair")]

    def actions(node: Node) -> Sequence[str]:
        if node.kind == "root":
            return () if node.attempts.get("think") else ("think",)
        if node.kind == "strategy":
            return () if node.attempts.get("implement") else ("implement",)
        critique = kit.work(node).critique
        settled = critique is not None and (critique.verdict == "abandon" or critique.blames_tests)
        spent = node.attempts.get("repair", 0) >= REPAIRS or node.depth >= DEPTH
        return () if settled or spent or kit.accepted(node) else ("repair",)

    expand = {"think": think, "implement": implement, "repair": repair}
    await kit.search("codetree", expand, actions, options=CORRECTIONS)
    best = await kit.select()
    if best is None:
        await kit.abstain("no strategy led to a patch")
    else:
        await kit.submit(best)
