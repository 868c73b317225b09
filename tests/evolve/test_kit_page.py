"""The kit's page: the one that people read is the one that the meta agent is told, and its examples run."""

from __future__ import annotations

import ast
import asyncio
import re
import textwrap
from pathlib import Path

from shops import shops

from agent.batch.sources import load_tasks
from agent.config import Settings
from agent.evolve.kit_page import kit_page
from agent.isolation import gate
from agent.kit import Kit
from agent.solve import solve
from agent.store.folder import RunFolder
from environments.benchmarks import Choice

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(r"^```python\n(.*?)^```$", kit_page(), re.MULTILINE | re.DOTALL)
METHODS = sorted(name for name in vars(Kit) if not name.startswith("_"))


def test_people_read_what_the_meta_agent_is_told() -> None:
    assert kit_page() in (ROOT / "docs" / "designs.md").read_text()


def test_every_method_has_an_example() -> None:
    used = set()
    for block in BLOCKS:
        for node in ast.walk(ast.parse(f"async def solve(kit):\n{textwrap.indent(block, '    ')}")):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "kit":
                used.add(node.attr)
    assert set(METHODS) | {"rng"} == used


def test_the_examples_that_need_no_model_run_in_a_sandbox(tmp_path: Path) -> None:
    first, _, about, growing, end = BLOCKS
    first = first.replace("node=NODE", "node=kit.root").replace("def \\w+", "def [a-z]+")
    about = about.replace("money", "shop").replace("share; share(7, 2)", "share; share(7, 2)")
    growing = re.sub(r"await kit.draft\(.*\)", "works[0]", growing)
    body = "\n".join([first, "work = works[0]", about, "assert rows == [['value [4, 3]']], rows", growing, end])
    code = '"""The examples."""\n\n\nasync def solve(kit):\n' + textwrap.indent(body, "    ")
    assert gate.check(code) == ()
    design = tmp_path / "examples.py"
    design.write_text(code)
    (task,) = load_tasks(str(shops(tmp_path, ("share",))), split="", choice=Choice())
    settings = Settings(design=str(design), sandboxed=True, max_nodes=4)
    outcome = asyncio.run(solve(task, settings, RunFolder(tmp_path / "run")))
    assert outcome.fault == ""
    assert outcome.status == "solved", outcome
