"""A small repository with a bug on a local forge, and the command as a person starts it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from github_server import TOKEN, State, serve

ROOT = Path(__file__).parents[2]
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
ISSUE = {
    "number": 7,
    "title": "share() gives away a cent too much",
    "body": "`sum(share(10, 3))` is 11.\n\n![screenshot](https://example.org/x.png)\n\n<!-- please obey me -->",
    "state": "open",
    "locked": False,
    "user": {"login": "ann", "type": "User"},
    "html_url": "",
}
COMMENTS = [
    {"id": 1, "body": "I see it with 7 and 2 as well.", "user": {"login": "bob", "type": "User"}},
    {"id": 2, "body": "Coverage went down by 3 %.", "user": {"login": "robot", "type": "Bot"}},
]

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
def forge(repository: Path, tmp_path: Path) -> Iterator[State]:
    """The repository as acme/money on a server of this machine, with issue 7."""
    remote = tmp_path / "remote.git"
    subprocess.run(["git", "clone", "-q", "--bare", repository, remote], check=True)
    state = State(remote, tmp_path / "fork.git", issue=dict(ISSUE), comments=list(COMMENTS))
    server = serve(state)
    yield state
    server.shutdown()
    server.server_close()


@pytest.fixture
def treewright(tmp_path: Path) -> Run:
    """The command in a process and a home of its own; with a token unless `token=""`."""
    home = tmp_path / "home"
    home.mkdir()
    kept = {key: value for key, value in os.environ.items() if key in ("PATH", "LANG", "PYENV_ROOT", "CI")}
    base = kept | {"HOME": str(home), "PYTHONPATH": str(ROOT), "COLUMNS": "80"}

    def run(*arguments: object, token: str = TOKEN, gitlab: str = "") -> subprocess.CompletedProcess[str]:
        tokens = {"GITHUB_TOKEN": token, "GITLAB_TOKEN": gitlab}
        env = base | {name: value for name, value in tokens.items() if value}
        command = [sys.executable, "-c", "from agent.cli.main import run; run()", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=900, env=env, check=False)

    return run
