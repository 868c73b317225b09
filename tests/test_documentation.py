"""The commands that the documentation shows are understood, pages are built, and every command explains itself.

That README and tutorials run is tested in `tests/documentation`.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from agent.cli.main import app
from search.policy import names
from tools.faults.formulas import FORMULAS

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```(?:sh)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_design_of_the_tutorial_is_the_example() -> None:
    example = (ROOT / "examples" / "design.py").read_text()
    assert example in (ROOT / "docs" / "tutorials" / "write_a_design.md").read_text()


def test_the_commands_that_the_pages_show_are_understood() -> None:
    seen = 0
    for page in (ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))):
        for block in BLOCK.findall(page.read_text()):
            for line in block.replace("\\\n", " ").splitlines():
                shown = re.search(r"(?:^| )(?:\.venv/bin/)?treewright (.*)", line)
                if shown is None or "│" in line:
                    continue
                understood(shlex.split(re.split(r" #| > ", shown[1])[0]))
                seen += 1
    assert seen >= 20


def understood(words: list[str]) -> None:
    """Refuses a command or a flag that is not there (UsageError)."""
    command: Any = typer.main.get_command(app)
    while getattr(command, "commands", None):
        assert words[0] in command.commands, words
        command = command.commands[words.pop(0)]
    with command.make_context("treewright", words):
        pass


def test_the_pages_are_built_without_warnings(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-f", str(ROOT / ".ci" / "mkdocs.yml")]
    env = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run([*build, "-d", str(tmp_path)], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    assert (tmp_path / "reference" / "commands.html").is_file()


@pytest.mark.parametrize("page", ["security.md", "reliability.md"])
def test_every_test_that_a_promise_names_is_there(page: str) -> None:
    text = (ROOT / "docs" / page).read_text()
    there = {path.name: path for path in ROOT.glob("tests/**/test_*.py")}
    named = re.findall(r"`((?:tests/)?[\w/]*test_\w+\.py)(?:::(\w+))?`", text)
    assert len(named) > 10
    for path, function in named:
        name = Path(path).name
        assert name in there, path
        assert "/" not in path or (ROOT / path).is_file(), path
        assert not function or f"def {function}(" in there[name].read_text(), function


def test_every_page_is_in_the_navigation() -> None:
    pages = {str(page.relative_to(ROOT / "docs")) for page in ROOT.glob("docs/**/*.md")}
    listed = set(re.findall(r": ([\w/]+\.md)$", (ROOT / ".ci" / "mkdocs.yml").read_text(), re.MULTILINE))
    assert pages <= listed, pages - listed
    assert listed - pages <= {"reference/commands.md"}  # generated


def test_the_page_of_algorithms_has_every_policy_and_formula() -> None:
    page = (ROOT / "docs" / "algorithms.md").read_text()
    assert {name for name in names() if f"`{name}`" not in page} == set()
    assert {name for name in FORMULAS if f"`{name}`" not in page} == set()


def test_every_message_of_the_errors_page_is_one_that_the_code_says() -> None:
    layers = ("agent", "environments", "tools", "search")
    code = "\n".join(path.read_text() for layer in layers for path in (ROOT / layer).rglob("*.py"))
    rows = re.findall(r"^\| (`[^|]+`) \|", (ROOT / "docs" / "errors.md").read_text(), re.MULTILINE)
    assert len(rows) >= 20
    for message in re.findall(r"`([^`]+)`", " ".join(rows)):
        fixed = [part for part in re.split(r"\b[A-Z]{2,}\b|[\w.]*\.\.\.[\w.]*|'x'", message) if len(part.strip()) > 3]
        assert fixed, message
        assert all(part.strip() in code for part in fixed), message


def commands(command: Any, name: str = "treewright") -> Iterator[tuple[str, Any]]:
    yield name, command
    for child in getattr(command, "commands", {}).values():
        yield from commands(child, f"{name} {child.name}")


@pytest.mark.parametrize(("name", "command"), list(commands(typer.main.get_command(app))), ids=str)
def test_every_command_says_what_it_is_for_and_shows_two_examples(name: str, command: Any) -> None:
    assert (command.help or "").strip()
    examples = [line for line in (command.epilog or "").splitlines() if re.search(rf"{name}\b", line)]
    assert len(examples) >= 2, name
    for line in (line for line in examples if line.startswith("treewright")):
        understood(shlex.split(re.split(r"[>|]|&&", line)[0])[1:])
    undescribed = [p.name for p in command.params if not getattr(p, "help", "") and p.name != "help"]
    assert not undescribed, name
