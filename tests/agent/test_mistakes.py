"""Mistakes that a person makes at the command line end with two lines, and with nothing strewn about."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from money_project import FAILING, Run, git


@pytest.mark.parametrize(
    "command",
    [
        ("solve", "--repo", ".", "--failing-test", FAILING),
        ("batch", "--dataset", "{tasks}"),
        ("evolve", "--dataset", "{tasks}"),
    ],
)
def test_a_repository_is_no_place_for_a_run(
    command: tuple[str, ...], repository: Path, treewright: Run, tmp_path: Path
) -> None:
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    for name in "ab":
        (tasks / f"{name}.toml").write_text(f'repository = "{repository}"\nproblem = "share() is off"\n')
    words = [word.format(tasks=tasks) for word in command]
    done = treewright(*words, "--out", ".", cwd=repository)
    assert done.returncode == 2
    assert "is a git repository" in done.stderr
    assert "--out wants a folder of its own" in done.stderr
    assert git(repository, "status", "--porcelain") == ""


def test_a_page_without_its_packages_names_the_extra(home: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "run.db").touch()
    program = "import sys; sys.modules['fastapi'] = None; from agent.cli.main import run; run()"
    command = [sys.executable, "-c", program, "export", "--html", str(tmp_path)]
    done = subprocess.run(command, env=home, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "the viewer needs fastapi" in done.stderr
    assert "-e '.[viewer]'" in done.stderr


def test_flags_are_called_as_they_are_called(treewright: Run) -> None:
    done = treewright("solve", "--issue", "x y", "--role-model", "critc=openai/x")
    assert done.returncode == 2
    assert "did you mean 'critic'?" in done.stderr
    assert "change --role-model:" in done.stderr
