"""A statement as a tiny git repository: the module to write, and the tests that the statement itself gives away."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import textwrap
from dataclasses import asdict
from pathlib import Path

from environments.functions.problems import MODULE, Statement
from environments.tasks import Task
from tools.snapshots.command import run_git

LAYOUT = 1
"""Goes into the folder's name, so that a new layout makes new repositories."""
TESTS = "test_solution"
CASE = "VisibleTest"
WHO = ("-c", "user.name=Treewright", "-c", "user.email=treewright@localhost")
DATE = {"GIT_AUTHOR_DATE": "2000-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2000-01-01T00:00:00Z"}
NOT_WRITTEN = 'raise NotImplementedError("to be written")'


def as_task(statement: Statement, folder: Path) -> Task:
    """The task of a statement, with its repository below `folder`; made once, then found again."""
    return Task(
        id=statement.id,
        repository=str(materialise(statement, folder)),
        problem=problem_text(statement),
        test="python -m unittest",
        failing_tests=visible_tests(statement),
    )


def problem_text(statement: Statement) -> str:
    """The issue: what to write, where, and how it is shown to work."""
    if statement.kind == "program":
        return (
            f"Write the program `{MODULE}.py`: it reads standard input and writes standard output.\n\n"
            f"{statement.prompt}\n\nEach run may take {statement.seconds:g} seconds."
        )
    shown = f"\n\nThe examples are tests in `{TESTS}.py`; other inputs will be tried too." if statement.visible else ""
    return (
        f"Write the body of the function `{statement.entry_point}` in `{MODULE}.py`; signature and docstring stay."
        f"\n\n```python\n{statement.prompt.rstrip()}\n```{shown}"
    )


def visible_tests(statement: Statement) -> tuple[str, ...]:
    """The ids of the visible tests, as unittest names them."""
    count = len(statement.visible) + len(statement.examples)
    return tuple(f"{TESTS}.{CASE}.test_{number}" for number in range(1, count + 1))


def files(statement: Statement) -> dict[str, str]:
    """The repository's files: path -> text."""
    if statement.kind == "program":
        return {f"{MODULE}.py": f'"""Reads standard input."""\n\n{NOT_WRITTEN}\n', f"{TESTS}.py": _run_tests(statement)}
    return {f"{MODULE}.py": stub(statement), f"{TESTS}.py": _assert_tests(statement)}


def stub(statement: Statement) -> str:
    """The module before it is written."""
    return f"{statement.prompt.rstrip()}\n    {NOT_WRITTEN}\n"


def materialise(statement: Statement, folder: Path) -> Path:
    """The repository of a statement, one commit, always the same one; a folder named by the statement's hash."""
    text = json.dumps([LAYOUT, asdict(statement)], sort_keys=True)
    target = folder / hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]
    if target.exists():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(dir=folder, prefix="."))
    for path, content in files(statement).items():
        (making / path).write_text(content, encoding="utf-8")
    run_git("init", "--quiet", "--initial-branch=main", "--template=", folder=making)
    run_git("add", "--all", folder=making)
    run_git(*WHO, "commit", "--quiet", "--message", f"Problem {statement.id}", folder=making, variables=DATE)
    making.chmod(0o755)
    try:
        os.rename(making, target)  # noqa: PTH104 - fails when another process was first
    except OSError:
        shutil.rmtree(making, ignore_errors=True)
    return target


def _assert_tests(statement: Statement) -> str:
    methods = [
        f"    def test_{number}(self):\n{textwrap.indent(test, ' ' * 8)}\n"
        for number, test in enumerate(statement.visible, 1)
    ]
    if not methods:
        methods = [
            f"    def test_is_there(self):\n        self.assertTrue(callable({MODULE}.{statement.entry_point}))\n"
        ]
    body = "\n".join(methods)
    names = f"from {MODULE} import *\nfrom {MODULE} import {statement.entry_point}"
    return f"import unittest\n\nimport {MODULE}\n{names}\n\n\nclass {CASE}(unittest.TestCase):\n{body}"


def _run_tests(statement: Statement) -> str:
    """Tests that run the program; tokens are compared, as contests do."""
    methods = "\n".join(
        f"    def test_{number}(self):\n        self.check({run.given!r}, {run.expected!r})\n"
        for number, run in enumerate(statement.examples, 1)
    )
    return PROGRAM_TESTS.format(
        module=MODULE,
        case=CASE,
        seconds=statement.seconds,
        methods=methods or "    def test_nothing(self):\n        pass",
    )


PROGRAM_TESTS = """\
import os
import subprocess
import sys
import unittest

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "{module}.py")


class {case}(unittest.TestCase):
    def check(self, given, expected):
        done = subprocess.run(
            [sys.executable, PROGRAM], input=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            universal_newlines=True, timeout={seconds}
        )
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        self.assertEqual(done.stdout.split(), expected.split())

{methods}
"""
