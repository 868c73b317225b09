"""Self-Refine (Madaan et al., 2023): one draft, then feedback and a better draft, in one chain.

The feedback is what the tests print and what the critic says of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.kit import Child, Kit, Node

ROUNDS = 4


async def solve(kit: Kit) -> None:
    """Refines until accepted or the rounds are over."""
    await kit.localize()
    await kit.write_tests()

    async def draft(node: Node) -> Sequence[Child]:
        return [kit.child(await kit.critique(await kit.evaluate(await kit.draft(node))))]

    async def refine(node: Node) -> Sequence[Child]:
        critique = kit.work(node).critique
        feedback = f"Feedback on the patch so far: {critique.reasons}" if critique else "Improve the patch so far."
        work = await kit.draft(node, feedback)
        return [kit.child(await kit.critique(await kit.evaluate(work)), "repair")]

    def actions(node: Node) -> Sequence[str]:
        if node.attempts or node.depth > ROUNDS or (node.kind != "root" and kit.accepted(node)):
            return ()
        return ("draft",) if node.kind == "root" else ("refine",)

    await kit.search("self_refine", {"draft": draft, "refine": refine}, actions)
    best = await kit.select()
    if best is None:
        await kit.abstain("the draft could not be made into a patch")
    else:
        await kit.submit(best)
