"""LATS (Zhou et al., 2024) without the leak: UCT over attempts, reflections on the way down, visible tests only.

The published code adds 1 to a reward when the hidden tests pass and stops there; here no hidden test is within reach.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from agent.kit import Child, ExpansionFailed, Kit, Node

SAMPLES = 3
DEPTH = 4
TEMPERATURE = 0.8
QUESTION = """This patch does not pass:

{diff}

{shown}

In two to four sentences: which assumption was wrong, and what should the next attempt do differently? No code."""


async def solve(kit: Kit) -> None:
    """Searches until a patch is accepted or the budget is spent."""
    await kit.localize()
    await kit.write_tests()
    reflections: dict[str, str] = {}

    async def reflect(node: Node) -> str:
        """The reflections on the path to a node, the latest last."""
        path: list[str] = []
        here: Node | None = node
        while here is not None and here.kind != "root":
            if here.id not in reflections:
                evaluation = kit.work(here).evaluation
                shown = f"{evaluation.summary()}\n{evaluation.output}" if evaluation else ""
                reflections[here.id] = ""
                with contextlib.suppress(ExpansionFailed):
                    question = QUESTION.format(diff=await kit.diff(here), shown=shown)
                    reflections[here.id] = await kit.ask(question, role="reflector")
            path.insert(0, reflections[here.id])
            here = here.parent
        return "\n\n".join(["What was learnt so far:", *filter(None, path)]) if any(path) else ""

    async def attempt(node: Node) -> Sequence[Child]:
        number = node.attempts.get("attempt", 0)
        work = await kit.draft(node, await reflect(node), temperature=TEMPERATURE, sample=number)
        return [kit.child(await kit.evaluate(work), "patch" if node.kind == "root" else "repair")]

    def actions(node: Node) -> Sequence[str]:
        full = node.attempts.get("attempt", 0) >= SAMPLES or node.depth >= DEPTH
        return () if full or (node.kind != "root" and kit.accepted(node)) else ("attempt",)

    await kit.search("lats", {"attempt": attempt}, actions, options={"samples": SAMPLES})
    best = await kit.select()
    if best is None:
        await kit.abstain("no attempt led to a patch")
    else:
        await kit.submit(best)
