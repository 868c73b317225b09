"""SWE-Search (Antoniades et al., 2024): UCT over attempts, values from tests and a critic, hindsight from siblings.

What a critic said of one branch is told to the next attempt beside it. Of the published selector only UCT is kept, on
means in [0, 1]: its dozen hand-tuned bonuses are one hundred times the exploration term.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.kit import Child, Kit, Node

WIDTH = 3
DEPTH = 4


async def solve(kit: Kit) -> None:
    """Searches until a patch is accepted or the budget is spent."""
    await kit.localize()
    await kit.write_tests()

    def hindsight(node: Node) -> str:
        """What was learnt from the attempts that were made here before."""
        lessons = []
        for sibling in node.children:
            critique = kit.work(sibling).critique if not sibling.failed else None
            if critique is not None:
                lessons.append(f"- {kit.work(sibling).title}: scored {critique.score:.2f}. {critique.reasons}")
        if not lessons:
            return ""
        return "Attempts from this point so far; do something that differs from them:\n" + "\n".join(lessons)

    async def attempt(node: Node) -> Sequence[Child]:
        number = node.attempts.get("attempt", 0)
        work = await kit.draft(node, hindsight(node), temperature=0.7 if number > 1 else 0.0, sample=number)
        return [kit.child(await kit.critique(await kit.evaluate(work)), "patch" if node.kind == "root" else "repair")]

    def actions(node: Node) -> Sequence[str]:
        full = node.attempts.get("attempt", 0) >= WIDTH or node.depth >= DEPTH
        critique = kit.work(node).critique
        abandoned = critique is not None and critique.verdict == "abandon"
        return () if full or abandoned or (node.kind != "root" and kit.accepted(node)) else ("attempt",)

    await kit.search("uct", {"attempt": attempt}, actions)
    best = await kit.select()
    if best is None:
        await kit.abstain("no attempt led to a patch")
    else:
        await kit.submit(best)
