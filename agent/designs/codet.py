"""CodeT (Chen et al., 2022): generated tests and samples agree; the pair of sets with the most agreement wins.

Solutions that pass the same generated tests form a group. Its score is the number of tests passed, each as often as it
was generated, times the root of the number of its solutions. The visible tests filter first.
"""

from __future__ import annotations

import contextlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, Field

from agent.kit import Child, ExpansionFailed, Kit, Node, TreeView

SAMPLES = 10
TEST_DRAWS = 3
TEMPERATURE = 0.8
QUESTION = """Write 8 tests for what the issue asks, from its words alone, with no look at any solution. Each is a piece
of Python that starts with its imports from the repository and ends with an assert, such as
`from solution import f; assert f([1, 2]) == 3`. One behaviour each; correct expectations matter more than many."""


class Tests(BaseModel):
    """Generated tests."""

    tests: list[str] = Field(min_length=1, max_length=32, description="pieces of Python, each with one assert")


async def solve(kit: Kit) -> None:
    """Samples solutions, generates tests, runs all on all."""
    await kit.localize()
    draws = iter(range(SAMPLES))

    async def sample(node: Node) -> Sequence[Child]:
        work = await kit.draft(node, temperature=TEMPERATURE, sample=next(draws))
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
    tests: Counter[str] = Counter()
    for draw in range(TEST_DRAWS):
        with contextlib.suppress(ExpansionFailed):
            asked = await kit.ask(QUESTION, Tests, role="tester", about="issue", temperature=TEMPERATURE, sample=draw)
            tests.update(test.strip() for test in asked.tests)
    matrix = await kit.probe([kit.work(node) for node in passing], list(tests)) if tests else [[] for _ in passing]
    await kit.submit(agreed(passing, matrix, tests))


def agreed(nodes: Sequence[Node], matrix: Sequence[Sequence[str]], tests: Mapping[str, int]) -> Node:
    """The first node of the group with the highest score; the earlier group when there are several."""
    groups: dict[frozenset[str], list[Node]] = {}
    for node, row in zip(nodes, matrix, strict=True):
        passed = frozenset(test for test, shown in zip(tests, row, strict=True) if shown.startswith("value"))
        groups.setdefault(passed, []).append(node)

    def score(passed: frozenset[str]) -> float:
        return sum(tests[test] for test in passed) * math.sqrt(len(groups[passed]))

    return groups[max(groups, key=score)][0]
