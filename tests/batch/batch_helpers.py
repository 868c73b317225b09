"""Small repositories with a bug each, as tasks, and the command as a person starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent.model.wire import Wire

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-c", "from agent.cli.main import run; run()"]
FAILING = "tests.test_money.ShareTest.test_sum"
SOURCE = '''def share(total, people):
    """Splits total cents among people; the first ones get the extra cents."""
    return [total // people + (i <= total % people) for i in range(people)]
'''
FIXED = SOURCE.replace("<=", "<")
TESTS = """import unittest

from money import share


class ShareTest(unittest.TestCase):
    def test_sum(self):
        self.assertEqual(sum(share(10, 3)), 10)

    def test_one(self):
        self.assertEqual(len(share(10, 1)), 1)
"""
ISSUE = "share(10, 3) gives 11 cents in all\n\nThe parts must add up to the total."


def git(repository: Path, *arguments: str) -> str:
    who = ("-c", "user.name=A Person", "-c", "user.email=person@example.org")
    done = subprocess.run(["git", "-C", repository, *who, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def make_repository(root: Path, source: str = SOURCE) -> Path:
    (root / "tests").mkdir(parents=True)
    (root / "money.py").write_text(source)
    (root / "tests" / "__init__.py").write_text("")
    (root / "tests" / "test_money.py").write_text(TESTS)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "start")
    return root


def task(repository: Path, id: str, **more: object) -> dict[str, object]:
    return {"id": id, "repository": str(repository), "problem": ISSUE, "python": sys.executable, **more}


def write_tasks(path: Path, tasks: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in tasks))
    return path


def environment(tmp_path: Path, **more: str) -> dict[str, str]:
    """A home folder of its own and no keys."""
    folder = tmp_path / "home"
    folder.mkdir(exist_ok=True)
    kept = {key: value for key, value in os.environ.items() if key in ("PATH", "LANG", "PYENV_ROOT", "CI")}
    return kept | {"HOME": str(folder), "PYTHONPATH": str(ROOT), "COLUMNS": "100"} | more


def treewright(env: dict[str, str], *arguments: object, timeout: float = 240) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=env, check=False)


def events(done: subprocess.CompletedProcess[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


class Fine:
    """Answers everything alike."""

    source = "replay"

    async def send(self, wire: Wire) -> Mapping[str, Any]:
        message = {"role": "assistant", "content": "fine"}
        return {"choices": [{"message": message, "finish_reason": "stop"}], "usage": {}}

    async def close(self) -> None:
        pass
