"""A design that needs no model: it looks for several edits that pass before it chooses, and builds only on what gained.

treewright solve --repo . --failing-test ID --design examples/patient.py
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.kit import Kit
from search.tree import Child, Node, TreeView

WANTED = 2
BATCHES = 4
BUILDING = 1
POLICY = "uct"
PARAMETERS = {
    "WANTED": (1, 2, 3, 4),
    "BATCHES": (1, 2, 3, 4, 6, 8),
    "BUILDING": (0, 1, 2, 3),
    "POLICY": ("best_first", "breadth_first", "depth_first", "uct", "ab_mcts"),
}


async def solve(kit: Kit) -> None:
    """Searches until so many edits pass all tests, or there is nothing left to try."""
    await kit.localize()
    exhausted: set[str] = set()

    async def mutate(node: Node) -> Sequence[Child]:
        works = await kit.mutate(node)
        if works is None:
            exhausted.add(node.id)
        made = [await kit.evaluate(work) for work in works or ()]
        return [kit.child(work, "patch" if node.kind == "root" else "repair") for work in made]

    def actions(node: Node) -> Sequence[str]:
        if node.id in exhausted or kit.accepted(node):
            return ()
        gained = node.kind == "root" or (node.value or 0.0) > 0.0
        most = BATCHES if node.kind == "root" else BUILDING
        return ("mutate",) if gained and node.expansions < most else ()

    def stop(tree: TreeView) -> bool:
        return sum(kit.accepted(node) for node in tree if node.kind in ("patch", "repair")) >= WANTED

    await kit.search(POLICY, {"mutate": mutate}, actions, stop=stop)
    best = await kit.select()
    if best is None or not best.value:
        await kit.abstain("no edit made a failing test pass")
    else:
        await kit.submit(best)
