"""A repository of 100,000 files is worked on like any other.

Most of them are empty: some disks take 2 ms to remove a file that has content, whoever removes it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from money_project import FAILING, SOURCE_WITH_MEAN, TESTS_WITH_MEAN

from agent.config import Settings
from agent.solve import solve
from agent.store.folder import RunFolder
from environments.tasks import Task

FILES, MODULES = 100_000, 2_000


def huge(root: Path) -> None:
    """A bare repository: the small one with a bug, among modules and texts."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", root], check=True)
    parts = [b"commit refs/heads/main\ncommitter A <a@example.org> 0 +0000\ndata 5\nstart\n"]

    def add(path: str, text: str) -> None:
        data = text.encode()
        parts.append(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data))

    add("money.py", SOURCE_WITH_MEAN)
    add("tests/__init__.py", "")
    add("tests/test_money.py", TESTS_WITH_MEAN)
    for number in range(FILES - 3):
        folder = f"lib/p{number // 1000}/q{number % 20}"
        if number < MODULES:
            add(f"{folder}/m{number}.py", f"def work_{number}(value):\n    return value + {number}\n")
        else:
            add(f"{folder}/t{number}.txt", "" if number % 50 else f"text {number}\n")
    subprocess.run(["git", "-C", root, "fast-import", "--quiet"], input=b"".join(parts), check=True)


async def test_it_is_solved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    huge(tmp_path / "huge.git")
    task = Task(
        "huge",
        str(tmp_path / "huge.git"),
        problem="share() in money.py gives away a cent too much",
        test="python3 -m unittest",
        python=sys.executable,
        failing_tests=(FAILING,),
    )
    outcome = await solve(task, Settings(design="mechanical", concurrency=1), RunFolder(tmp_path / "run"))
    assert outcome.status == "solved", outcome
    assert "(i < total % people)" in outcome.patch
    assert outcome.proof.held == 2
