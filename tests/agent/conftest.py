"""A small repository with a bug, and the command as a person starts it; the Docker daemon (tests/environments) too."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "tests" / "environments"))
FAILING = "tests.test_money.ShareTest.test_sum"
SOURCE = '''def share(total, people):
    """Splits total cents among people; the first ones get the extra cents."""
    return [total // people + (i <= total % people) for i in range(people)]


def mean(values):
    return sum(values) / len(values)
'''
TESTS = """import unittest

from money import mean, share


class ShareTest(unittest.TestCase):
    def test_sum(self):
        self.assertEqual(sum(share(10, 3)), 10)

    def test_one(self):
        self.assertEqual(len(share(10, 1)), 1)


class MeanTest(unittest.TestCase):
    def test_mean(self):
        self.assertEqual(mean([1, 2, 3]), 2)
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


def git(repository: Path, *arguments: str) -> str:
    """Runs git as somebody."""
    who = ("-c", "user.name=A Person", "-c", "user.email=person@example.org")
    done = subprocess.run(["git", "-C", repository, *who, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """One commit: `money.py` with an off-by-one, and its tests, one of which fails."""
    root = tmp_path / "money"
    (root / "tests").mkdir(parents=True)
    (root / "money.py").write_text(SOURCE)
    (root / "tests" / "__init__.py").write_text("")
    (root / "tests" / "test_money.py").write_text(TESTS)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "start")
    return root


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment with a home folder of its own and no keys."""
    folder = tmp_path / "home"
    folder.mkdir()
    kept = {key: value for key, value in os.environ.items() if key in ("PATH", "LANG", "PYENV_ROOT", "CI")}
    return kept | {"HOME": str(folder), "PYTHONPATH": str(ROOT), "COLUMNS": "80"}


@pytest.fixture
def treewright(home: dict[str, str]) -> Run:
    """The command in a process of its own."""

    def run(*arguments: object, **more: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from agent.cli.main import run; run()", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=300, env=home, check=False, **more)  # type: ignore[call-overload, no-any-return]

    return run
