"""SuperCoder2.0 (Gautam et al., 2024): file, then methods; whole methods replaced; several temperatures; retries.

A patch whose tests fail is drafted again from what they printed, up to twice.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from pydantic import BaseModel, Field

from agent.kit import Child, ExpansionFailed, Kit, Node

TEMPERATURES = (0.0, 0.4, 0.8)
RETRIES = 2
QUESTION = """Among these files: {files}. Choose the file to change, then the methods or functions in it that have to be
written anew to resolve the issue."""
WHOLE = "Write every function or method you change as a whole, with a FUNCTION block; do not patch single lines. "
RETRY = "The tests fail; their traceback is above. Say what went wrong, then write the methods again. "


class Methods(BaseModel):
    """Where to write."""

    path: str
    names: list[str] = Field(min_length=1, max_length=8, description="qualified, such as Class.method")


async def solve(kit: Kit) -> None:
    """Localizes in two steps, writes at each temperature, retries with the traceback."""
    files = await kit.localize()
    await kit.write_tests()

    async def locate(node: Node) -> Sequence[Child]:
        with contextlib.suppress(ExpansionFailed):
            found = await kit.ask(QUESTION.format(files=", ".join(files[:5])), Methods, role="locator")
            return [kit.strategy(node, f"Rewrite {', '.join(found.names)}", f"In {found.path}.", [found.path])]
        return [kit.strategy(node, "Rewrite what the issue is about", "", files[:1])]

    async def write(node: Node) -> Sequence[Child]:
        number = node.attempts.get("write", 1) - 1
        work = await kit.draft(node, WHOLE, temperature=TEMPERATURES[number % len(TEMPERATURES)], sample=number)
        return [kit.child(await kit.evaluate(work))]

    async def retry(node: Node) -> Sequence[Child]:
        return [kit.child(await kit.evaluate(await kit.draft(node, RETRY + WHOLE)), "repair")]

    def actions(node: Node) -> Sequence[str]:
        if node.kind == "root":
            return () if node.attempts else ("locate",)
        if node.kind == "strategy":
            return ("write",) if node.attempts.get("write", 0) < len(TEMPERATURES) else ()
        return () if node.attempts or node.depth > 1 + RETRIES or kit.accepted(node) else ("retry",)

    await kit.search("depth_first", {"locate": locate, "write": write, "retry": retry}, actions)
    best = await kit.select()
    if best is None:
        await kit.abstain("no method was written that could be put in place")
    else:
        await kit.submit(best)
