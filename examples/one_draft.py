"""A design: one draft from one prompt, and that is the answer; what all others are compared with.

treewright solve --problem FILE#ID --design examples/one_draft.py --model NAME
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.kit import Kit
from search.tree import Child, Node


async def solve(kit: Kit) -> None:
    """Drafts once."""

    async def draft(node: Node) -> Sequence[Child]:
        return [kit.child(await kit.evaluate(await kit.draft(node)))]

    def actions(node: Node) -> Sequence[str]:
        return () if node.attempts else ("draft",)

    await kit.search("repeated", {"draft": draft}, actions)
    best = await kit.select()
    if best is None:
        await kit.abstain("the draft could not be made into a patch")
    else:
        await kit.submit(best)
