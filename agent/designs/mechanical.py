"""Mechanical repair: fault localization and repair templates, no model.

Each expansion screens a batch of edits of a node, the likeliest that were not tried yet. Edits that
come closer without arriving are nodes too, and are combined with a second edit. The first edit that
passes all tests is seldom the only one: the search goes on for a while, for longer when the tests do
not need what it says, and the most probable wins.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.kit import Kit
from search.tree import Child, Node, TreeView

DEPTH = 2
BATCHES_OF_PAIRS = 3
MOST_MORE = 3
"""Batches after the first edit that is good enough, at most as many as before it."""
MOST_UNSURE = 10
"""Batches after the first edit that passes all tests and is not good enough."""
POLICY = "best_first"
PARAMETERS = {
    "DEPTH": (1, 2, 3),
    "BATCHES_OF_PAIRS": (1, 2, 3, 5, 8),
    "MOST_MORE": (0, 1, 2, 3, 5, 8),
    "MOST_UNSURE": (0, 5, 10, 20, 40),
    "POLICY": ("best_first", "breadth_first", "depth_first", "uct", "ab_mcts"),
}


async def solve(kit: Kit) -> None:
    """Searches until an edit passes all tests and some more edits were tried."""
    await kit.localize()
    exhausted: set[str] = set()
    enough: list[int] = []
    unsure: list[int] = []

    async def mutate(node: Node) -> Sequence[Child]:
        works = await kit.mutate(node)
        if works is None:
            exhausted.add(node.id)
            return []
        return [kit.child(await kit.evaluate(work), "patch" if node.kind == "root" else "repair") for work in works]

    def passes(node: Node) -> bool:
        evaluation = kit.work(node).evaluation
        return evaluation is not None and evaluation.plausible

    def actions(node: Node) -> Sequence[str]:
        if node.id in exhausted or node.depth >= DEPTH or passes(node):
            return ()
        return ("mutate",) if node.kind == "root" or node.expansions < BATCHES_OF_PAIRS else ()

    def stop(tree: TreeView) -> bool:
        batches = sum(node.expansions - node.in_flight for node in tree)
        passing = [node for node in tree if node.kind in ("patch", "repair") and passes(node)]
        if passing and not unsure:
            unsure.append(batches + MOST_UNSURE)
        if not enough and any(kit.accepted(node) for node in passing):
            enough.append(batches + min(MOST_MORE, batches))
        return batches >= (enough or unsure or [batches + 1])[0]

    await kit.search(POLICY, {"mutate": mutate}, actions, stop=stop)
    best = await kit.select()
    if best is None or not best.value:
        await kit.abstain("no single edit, nor a pair of edits, made a failing test pass")
    else:
        await kit.submit(best)
