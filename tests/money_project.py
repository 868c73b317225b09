"""A small repository with a bug, and the command as a person starts it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from forked_command import forked

ROOT = Path(__file__).parents[1]
COMMAND = [sys.executable, "-c", "from agent.cli.main import run; run()"]
FAILING = "tests.test_money.ShareTest.test_sum"
SOURCE = '''def share(total, people):
    """Splits total cents among people; the first ones get the extra cents."""
    return [total // people + (i <= total % people) for i in range(people)]
'''
TESTS = """import unittest

from money import share


class ShareTest(unittest.TestCase):
    def test_sum(self):
        self.assertEqual(sum(share(10, 3)), 10)

    def test_one(self):
        self.assertEqual(len(share(10, 1)), 1)
"""
SOURCE_WITH_MEAN = f"""{SOURCE}

def mean(values):
    return sum(values) / len(values)
"""
TESTS_WITH_MEAN = f"""{TESTS.replace("import share", "import mean, share")}

class MeanTest(unittest.TestCase):
    def test_mean(self):
        self.assertEqual(mean([1, 2, 3]), 2)
"""

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def git(repository: Path, *arguments: str) -> str:
    """Runs git as somebody."""
    who = ("-c", "user.name=A Person", "-c", "user.email=person@example.org")
    done = subprocess.run(["git", "-C", repository, *who, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def make_repository(root: Path, source: str = SOURCE, tests: str = TESTS) -> Path:
    """One commit: `money.py` with an off-by-one, and its tests, one of which fails."""
    (root / "tests").mkdir(parents=True)
    (root / "money.py").write_text(source)
    (root / "tests" / "__init__.py").write_text("")
    (root / "tests" / "test_money.py").write_text(tests)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "start")
    return root


def environment(home: Path, **more: str) -> dict[str, str]:
    """Variables with a home folder of its own and no keys."""
    home.mkdir(exist_ok=True)
    kept = {key: value for key, value in os.environ.items() if key in ("PATH", "LANG", "PYENV_ROOT", "CI")}
    return kept | {"HOME": str(home), "PYTHONPATH": str(ROOT), "COLUMNS": "80"} | more


def treewright(
    env: dict[str, str], *arguments: object, timeout: float = 300, **more: Any
) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own; `more` are its folder (`cwd`) and what it reads (`input`)."""
    return forked([*map(str, arguments)], env, timeout=timeout, **more)
