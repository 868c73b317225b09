"""Agentless (Xia et al., 2024): localize in steps, sample edits, keep what breaks least and reproduces, then vote.

Files, then functions; samples at each set of places; patches with the fewest broken regression tests, of those the ones
that pass the most reproduction tests; the majority of equal patches; ties by age.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from pydantic import BaseModel, Field

from agent.kit import Child, ExpansionFailed, Kit, Node, TreeView

LOCATIONS = 2
SAMPLES = 4
TEMPERATURE = 0.8
QUESTION = """These files seem to be the ones to change: {files}. Name the functions, methods or classes in them that
must be edited to resolve the issue, as path::name, the surest first; or just the path for code outside of functions."""


class Elements(BaseModel):
    """Places to edit."""

    places: list[str] = Field(min_length=1, max_length=12, description="path::Class.method, most likely first")


async def solve(kit: Kit) -> None:
    """Localizes, samples, reranks."""
    files = (await kit.localize())[:3]
    await kit.write_tests()

    async def locate(node: Node) -> Sequence[Child]:
        found = []
        for draw in range(LOCATIONS):
            places = list(files)
            with contextlib.suppress(ExpansionFailed):
                question = QUESTION.format(files=", ".join(files))
                warm = TEMPERATURE if draw else 0.0
                places = (await kit.ask(question, Elements, role="locator", temperature=warm, sample=draw)).places
            title = f"Edit {', '.join(places)}"
            paths = list(dict.fromkeys(place.partition("::")[0] for place in places))
            found.append(kit.strategy(node, title, "Keep the edit to these places unless it cannot be.", paths))
        return found

    async def sample(node: Node) -> Sequence[Child]:
        number = node.attempts.get("sample", 0)
        work = await kit.draft(node, temperature=TEMPERATURE if number > 1 else 0.0, sample=number)
        return [kit.child(await kit.evaluate(work))]

    def actions(node: Node) -> Sequence[str]:
        if node.kind == "root":
            return () if node.attempts else ("locate",)
        return ("sample",) if node.kind == "strategy" and node.attempts.get("sample", 0) < SAMPLES else ()

    def never(tree: TreeView) -> bool:
        return False

    await kit.search("repeated", {"locate": locate, "sample": sample}, actions, stop=never)
    patches = [node for node in kit.tree if node.kind == "patch" and not node.failed]
    if not patches:
        await kit.abstain("no sample led to a patch")
        return
    await kit.submit(await voted(kit, patches))


async def voted(kit: Kit, nodes: Sequence[Node]) -> Node:
    """The oldest of the most frequent patch among those that break least and, of these, fix most."""

    def counts(node: Node) -> tuple[int, int]:
        evaluation = kit.work(node).evaluation
        return (len(evaluation.broken), -len(evaluation.fixed)) if evaluation else (1_000_000, 0)

    least = min(map(counts, nodes))
    votes: dict[str, list[Node]] = {}
    for node in nodes:
        if counts(node) == least:
            votes.setdefault(await kit.identity(kit.work(node)), []).append(node)
    return max(votes.values(), key=len)[0]
