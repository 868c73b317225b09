"""AlphaCode (Li et al., 2022): many samples, filtered by the visible tests, clustered by behaviour, the largest wins.

Behaviour is what the candidates show on generated inputs. The paper submits one of each of the ten largest clusters;
a repository gets one answer, from the largest.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from pydantic import BaseModel, Field

from agent.kit import Child, ExpansionFailed, Kit, Node, TreeView

SAMPLES = 10
TEMPERATURE = 0.8
ANGLES = ("", "Prefer the plainest way that works.", "Prefer an approach that few would think of first.")
QUESTION = """Give 12 varied inputs on which wrong solutions are likely to differ from right ones: typical, empty,
smallest, largest, negative, repeated, boundary. Each is a piece of Python that starts with its imports from the
repository and ends with an expression that shows the result, such as `from solution import f; f([1, 2])`. Not what it
should be: only the call."""


class Inputs(BaseModel):
    """Generated inputs."""

    inputs: list[str] = Field(min_length=1, max_length=32, description="pieces of Python that end with an expression")


async def solve(kit: Kit) -> None:
    """Samples, filters, clusters."""
    await kit.localize()
    draws = iter(range(SAMPLES))

    async def sample(node: Node) -> Sequence[Child]:
        number = next(draws)
        work = await kit.draft(node, ANGLES[number % len(ANGLES)], temperature=TEMPERATURE, sample=number)
        return [kit.child(await kit.evaluate(work))]

    def actions(node: Node) -> Sequence[str]:
        return ("sample",) if node.kind == "root" and node.attempts.get("sample", 0) < SAMPLES else ()

    def never(tree: TreeView) -> bool:
        return False

    await kit.search("repeated", {"sample": sample}, actions, stop=never)
    samples = [node for node in kit.tree if node.kind == "patch" and not node.failed]
    if not samples:
        await kit.abstain(f"none of {SAMPLES} samples led to a patch")
        return
    best = max(node.value or 0.0 for node in samples)
    passing = [node for node in samples if (node.value or 0.0) >= best]
    inputs: list[str] = []
    with contextlib.suppress(ExpansionFailed):
        inputs = (await kit.ask(QUESTION, Inputs, role="tester")).inputs
    await kit.submit(await largest(kit, passing, inputs))


async def largest(kit: Kit, nodes: Sequence[Node], inputs: Sequence[str]) -> Node:
    """The first node of the largest cluster of equal behaviour; the earlier cluster when there are several."""
    rows = await kit.probe([kit.work(node) for node in nodes], inputs) if inputs else [[""]] * len(nodes)
    clusters: dict[tuple[str, ...], list[Node]] = {}
    for node, row in zip(nodes, rows, strict=True):
        clusters.setdefault(tuple(row), []).append(node)
    return max(clusters.values(), key=len)[0]
