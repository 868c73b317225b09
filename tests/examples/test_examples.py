"""Each example does what its head says, offline; extensions come from files and from installed packages."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import money_project
import pytest
from model_server import serving
from money_project import FAILING, ROOT, SOURCE, environment, git, make_repository
from played_model import Author

from agent.designs import load as load_design
from agent.designs import source
from agent.evolve.strategy import create as strategy
from agent.policies import maker
from agent.roles.tools import Tool
from agent.toolbox import ToolError, as_tool, read_tools
from environments.benchmarks import load as load_tasks
from search.policies.uct import Uct
from tools.errors import InputError

EXAMPLES = ROOT / "examples"
LONGER = {"scaling_curve": 90, "patient": 55}
REMARKED = SOURCE.replace('cents."""', 'cents."""  # TODO: what of nobody?')


@pytest.fixture
def money(tmp_path: Path) -> Path:
    """One commit with an off-by-one and a test that shows it; its fix on the branch `fix/strict`."""
    root = make_repository(tmp_path / "money", REMARKED)
    git(root, "checkout", "-qb", "fix/strict")
    (root / "money.py").write_text(REMARKED.replace("<=", "<"))
    git(root, "commit", "-qam", f"share() gives a cent too much\n\nIt compared wrongly.\n\nTest: {FAILING}")
    git(root, "checkout", "-q", "main")
    return root


def run(*command: object, home: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, *map(str, command)]
    env = environment(home, **variables)
    return subprocess.run(argv, capture_output=True, text=True, timeout=300, env=env, cwd=home, check=False)


def treewright(*arguments: object, home: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return money_project.treewright(environment(home, **variables), *arguments, cwd=home)


def test_the_design_and_the_policy_solve_and_the_curve_is_drawn(money: Path, tmp_path: Path) -> None:
    given = ("--repo", money, "--failing-test", FAILING, "--python", sys.executable, "--out", tmp_path / "run")
    chosen = ("--design", EXAMPLES / "design.py", "--policy", EXAMPLES / "policy.py")
    done = treewright("solve", *given, *chosen, home=tmp_path)
    assert done.returncode == 0, done.stderr + done.stdout
    with sqlite3.connect(tmp_path / "run" / "run.db") as database:
        (config,) = database.execute("select config from runs").fetchone()
    assert json.loads(config)["policy"] == str(EXAMPLES / "policy.py")
    drawn = run(EXAMPLES / "scaling_curve.py", tmp_path / "run", "--out", tmp_path / "curve.svg", home=tmp_path)
    assert drawn.returncode == 0, drawn.stderr
    last = drawn.stdout.splitlines()[-1].split()
    assert last[1:] == ["1.000", "1.000"]
    assert "<svg" in (tmp_path / "curve.svg").read_text()


def test_the_task_source_feeds_a_batch_and_its_grading(money: Path, tmp_path: Path) -> None:
    out, dataset = tmp_path / "batch", ("--dataset", EXAMPLES / "task_source.py")
    done = treewright("batch", *dataset, "--out", out, home=tmp_path, MONEY=str(money))
    assert done.returncode == 0, done.stderr + done.stdout
    graded = treewright("evaluate", out, *dataset, home=tmp_path, MONEY=str(money))
    assert graded.returncode == 0, graded.stderr + graded.stdout
    found = json.loads((out / "evaluation.json").read_text())["instances"]
    assert {name: each["resolved"] for name, each in found.items()} == {"fix-strict": True}
    table = run(EXAMPLES / "scaling_curve.py", out, home=tmp_path)
    assert table.stdout.splitlines()[-1].split()[1:] == ["1.000", "1.000"], table.stderr


class Held:
    """A repository in memory; commands are run by the shell of this machine."""

    def paths(self) -> list[str]:
        return ["money.py", "notes.txt"]

    def read(self, path: str) -> str:
        return REMARKED

    async def run(self, command: str) -> str:
        return f"ran {command}"


def bound(name: str) -> Tool:
    return next(tool for tool in read_tools([str(EXAMPLES / "tool.py")]) if tool.name == name).bind(Held())


def test_the_tools_of_the_example() -> None:
    warnings = bound("warnings")
    assert warnings.spec.parameters["required"] == ["path"]
    assert warnings.spec.parameters["properties"]["path"]["description"] == "a Python file"
    said = asyncio.run(warnings.call({"path": "money.py", "limit": 3}))
    assert said == "ran python -W always -m py_compile money.py 2>&1 | head -n 3"
    with pytest.raises(ToolError, match=r"no file other\.py"):
        asyncio.run(warnings.call({"path": "other.py"}))
    with pytest.raises(ToolError, match="must be of type integer"):
        asyncio.run(warnings.call({"path": "money.py", "limit": "3"}))
    assert "money.py:2:" in asyncio.run(bound("todo").call({}))
    assert asyncio.run(bound("todo").call({"word": "FIXME"})) == "no line has FIXME"


def test_a_model_uses_the_tool_in_the_sandbox(money: Path, tmp_path: Path) -> None:
    author = Author([("warnings", {"path": "money.py"}), ("todo", {"word": "TODO"}), ("warnings", {"path": "no.py"})])
    given = ("--repo", money, "--issue", "share() gives a cent too much", "--python", sys.executable)
    chosen = ("--model", "openai/played", "--unknown-price", "free", "--design", "linear", "--no-reproduction")
    with serving(author) as base:
        tools = ("--tools", EXAMPLES / "tool.py", "--out", tmp_path / "run", "--json")
        variables = {"OPENAI_API_BASE": base, "OPENAI_API_KEY": "none"}
        done = treewright("solve", *given, *chosen, *tools, home=tmp_path, **variables)
    assert done.returncode in (0, 1), done.stderr  # solved or not: without a reproduction nothing is proved
    assert "+    return [total // people + (i < total" in json.loads(done.stdout)["patch"]
    compiled, listed, absent, *_ = author.observed
    assert "[exit code 0]" in compiled
    assert "money.py:2:" in listed
    assert absent == "ERROR: there is no file no.py"
    offered = {tool["function"]["name"]: tool["function"] for tool in author.requests[-1]["tools"]}
    assert "what the compiler warns of" in offered["warnings"]["description"]


def test_what_is_no_tool_is_refused(tmp_path: Path) -> None:
    def silent(repository: object) -> str:
        return ""

    def odd(repository: object, value: dict[str, str]) -> str:
        """does something"""
        return ""

    with pytest.raises(InputError, match="no docstring"):
        as_tool(silent)
    with pytest.raises(InputError, match="no type that a call can carry"):
        as_tool(odd)
    empty = tmp_path / "empty.py"
    empty.write_text("x = 1\n")
    with pytest.raises(InputError, match="defines no `tools`"):
        read_tools([str(empty)])
    with pytest.raises(InputError, match="two tools called 'warnings'"):
        read_tools([str(EXAMPLES / "tool.py")] * 2)


def test_a_policy_in_place_of_the_designs_own(tmp_path: Path) -> None:
    assert isinstance(maker("uct")("codetree", 0, {"by_value": True}), Uct)
    with pytest.raises(InputError, match="no policy is called 'utc'"):
        maker("utc")
    wrong = tmp_path / "wrong.py"
    wrong.write_text("def policy(seed):\n    return seed\n")
    with pytest.raises(InputError, match="needs `ask"):
        maker(str(wrong))("uct", 0, {})


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package that brings one extension of each kind."""
    site = tmp_path / "site"
    info = site / "acme_agents-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-agents\nVersion: 1.0\n")
    points = {"designs": "solve", "policies": "policy", "tools": "tools", "tasks": "tasks", "strategies": "strategy"}
    text = "".join(f"[treewright.{group}]\nacme = acme_{group}:{name}\n" for group, name in points.items())
    (info / "entry_points.txt").write_text(text)
    files = {
        "designs": "design",
        "policies": "policy",
        "tools": "tool",
        "tasks": "task_source",
        "strategies": "strategy",
    }
    for group, name in files.items():
        (site / f"acme_{group}.py").write_text((EXAMPLES / f"{name}.py").read_text())
    monkeypatch.syspath_prepend(site)
    return site


def test_installed_extensions_go_by_their_names(package: Path, money: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_design("acme").__name__ == "solve"
    assert source("acme") == (EXAMPLES / "design.py").read_text()
    assert type(maker("acme")("uct", 0, {})).__name__ == "Greedy"
    assert [tool.name for tool in read_tools(["acme"])] == ["warnings", "todo"]
    monkeypatch.setenv("MONEY", str(money))
    (task,) = load_tasks("acme")
    assert (task.id, task.gold.fail_to_pass) == ("fix-strict", (FAILING,))
    assert "wrongly" not in task.task.problem
    assert type(strategy("acme")).__name__ == "EpsilonGreedy"
    with pytest.raises(InputError, match="no strategy is called"):
        strategy("acne")
    with pytest.raises(InputError, match="no design is called"):
        load_design("acne")


def test_a_task_source_that_gives_no_tasks(tmp_path: Path) -> None:
    odd = tmp_path / "odd.py"
    odd.write_text("def tasks(split):\n    return ['x']\n")
    with pytest.raises(InputError, match="no task with an id"):
        load_tasks(odd)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_an_example_is_short_and_says_how_it_is_run(path: Path) -> None:
    text = path.read_text()
    assert path.name in text.partition('"""\n')[0]
    assert len(text.splitlines()) < LONGER.get(path.stem, 40)
