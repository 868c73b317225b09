"""A design: the smallest that searches. Single mechanical edits, best first, until one passes all tests.

treewright solve --repo . --failing-test ID --design examples/design.py
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.kit import Kit
from search.tree import Child, Node


async def solve(kit: Kit) -> None:
    """Stops at the first patch that is accepted."""
    await kit.localize()
    exhausted = False

    async def mutate(node: Node) -> Sequence[Child]:
        nonlocal exhausted
        works = await kit.mutate(node)
        exhausted = works is None
        return [kit.child(await kit.evaluate(work)) for work in works or ()]

    def actions(node: Node) -> Sequence[str]:
        return () if exhausted or node.kind != "root" else ("mutate",)

    await kit.search("breadth_first", {"mutate": mutate}, actions)
    best = await kit.select()
    if best is None or not best.value:
        await kit.abstain("no single edit made a failing test pass")
    else:
        await kit.submit(best)
