"""AB-MCTS (Inoue et al., 2025): Thompson sampling decides whether to draw a new patch or to refine one there is."""

from __future__ import annotations

from collections.abc import Sequence

from agent.kit import Child, Kit, Node

TEMPERATURE = 0.8
DEPTH = 5


async def solve(kit: Kit) -> None:
    """Goes wider or deeper until a patch is accepted or the budget is spent."""
    await kit.localize()
    await kit.write_tests()

    async def generate(node: Node) -> Sequence[Child]:
        number = node.attempts.get("generate", 0)
        work = await kit.draft(node, temperature=TEMPERATURE if number > 1 else 0.0, sample=number)
        return [kit.child(await kit.critique(await kit.evaluate(work)), "patch" if node.kind == "root" else "repair")]

    def actions(node: Node) -> Sequence[str]:
        done = node.kind != "root" and kit.accepted(node)
        return () if done or node.depth >= DEPTH else ("generate",)

    await kit.search("ab_mcts", {"generate": generate}, actions)
    best = await kit.select()
    if best is None:
        await kit.abstain("no draft led to a patch")
    else:
        await kit.submit(best)
