"""Best of n: independent patches from one prompt, judged by the same tests, the most probable one wins."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from agent.kit import Kit
from search.tree import Child, Node, TreeView

SAMPLES = 5
TEMPERATURE = 0.8


async def solve(kit: Kit) -> None:
    """Draws all samples before it chooses."""
    await kit.localize()
    await kit.write_tests()
    draws = itertools.count()  # a person may ask for more

    async def implement(node: Node) -> Sequence[Child]:
        sample = next(draws)
        work = await kit.implement(node, temperature=TEMPERATURE if sample else 0.0, sample=sample)
        return [kit.child(await kit.evaluate(work))]

    def actions(node: Node) -> Sequence[str]:
        return ("implement",) if node.kind == "root" and node.attempts.get("implement", 0) < SAMPLES else ()

    def never(tree: TreeView) -> bool:
        return False

    await kit.search("breadth_first", {"implement": implement}, actions, stop=never)
    best = await kit.select()
    if best is None:
        await kit.abstain(f"none of {SAMPLES} samples led to a patch")
    else:
        await kit.submit(best)
