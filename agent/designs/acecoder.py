"""AceCoder (Li et al., 2023): analyse the requirement into tests first, retrieve similar code, then write.

The examples are found with a sketch as the query, as ReCo does. The tests are part of the prompt and judge the samples.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from pydantic import BaseModel, Field

from agent.kit import Child, ExpansionFailed, Kit, Node, TreeView

SAMPLES = 5
EXAMPLES = 3
TEMPERATURE = 0.8
PARAMETERS = {"SAMPLES": (1, 3, 5, 10), "EXAMPLES": (0, 3, 5), "TEMPERATURE": (0.4, 0.8, 1.0)}
TESTS = """Analyse what the issue requires, and write it down as tests before any code: 6 pieces of Python, each of
which starts with its imports from the repository and ends with an assert on one behaviour."""
SKETCH = """Sketch the code that resolves the issue: 5 to 30 lines of Python that use the names this repository would
use. It need not run. Answer with the code only."""


class Tests(BaseModel):
    """The requirement as tests."""

    tests: list[str] = Field(min_length=1, max_length=24, description="pieces of Python, each with one assert")


async def solve(kit: Kit) -> None:
    """Tests, examples, samples; the one that passes most."""
    await kit.localize()
    tests: list[str] = []
    examples: tuple[str, ...] = ()
    with contextlib.suppress(ExpansionFailed):
        tests = (await kit.ask(TESTS, Tests, role="analyst")).tests
    with contextlib.suppress(ExpansionFailed):
        if EXAMPLES:
            examples = await kit.retrieve(f"{await kit.ask(SKETCH, role='sketcher')}\n{kit.problem[:2000]}", EXAMPLES)
    parts = (
        ["What is required, as tests:\n\n" + "\n\n".join(f"```python\n{test}\n```" for test in tests)] if tests else []
    )
    parts += ["Code of this repository that may serve as an example:\n\n" + "\n\n".join(examples)] if examples else []
    instruction = "\n\n".join(parts)[:60_000]
    draws = iter(range(SAMPLES))

    async def sample(node: Node) -> Sequence[Child]:
        number = next(draws)
        work = await kit.draft(node, instruction, temperature=TEMPERATURE if number else 0.0, sample=number)
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
    rows = await kit.probe([kit.work(node) for node in samples], tests) if tests else [[] for _ in samples]
    passed = {node.id: sum(shown.startswith("value") for shown in row) for node, row in zip(samples, rows, strict=True)}
    await kit.submit(max(samples, key=lambda node: (node.value or 0.0, passed[node.id], -node.order)))
