"""A run's patch into the work tree and out again, without touching what else is there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from money_project import COMMAND, FAILING, SOURCE_WITH_MEAN, Run, git

from agent.application import apply_run, undo_run
from agent.store.folder import RunFolder
from tools.errors import InputError

PATCH = """diff --git a/money.py b/money.py
--- a/money.py
+++ b/money.py
@@ -1,4 +1,4 @@
 def share(total, people):
     \"""Splits total cents among people; the first ones get the extra cents.\"""
-    return [total // people + (i <= total % people) for i in range(people)]
+    return [total // people + (i < total % people) for i in range(people)]
\x20
"""


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    (tmp_path / "run").mkdir()
    return RunFolder(tmp_path / "run")


@pytest.fixture
def named(repository: Path) -> Path:
    git(repository, "config", "user.name", "A Person")
    git(repository, "config", "user.email", "person@example.org")
    return repository


def test_applied_and_undone_the_tree_is_as_it_was(named: Path, folder: RunFolder) -> None:
    (named / "draft.txt").write_text("mine")
    apply_run(folder, named, PATCH)
    assert "i < total" in (named / "money.py").read_text()
    with pytest.raises(InputError, match="applied already"):
        apply_run(folder, named, PATCH)
    undo_run(folder)
    assert (named / "money.py").read_text() == SOURCE_WITH_MEAN
    assert (named / "draft.txt").read_text() == "mine"
    with pytest.raises(InputError, match="nothing of this run"):
        undo_run(folder)


def test_a_commit_holds_the_patch_alone_and_is_taken_back(named: Path, folder: RunFolder) -> None:
    before = git(named, "rev-parse", "HEAD")
    (named / "tests" / "test_money.py").write_text("# mine\n")
    made = apply_run(folder, named, PATCH, message="Fix it")
    assert git(named, "show", "--name-only", "--format=%s", made.commit).split() == ["Fix", "it", "money.py"]
    undo_run(folder)
    assert git(named, "rev-parse", "HEAD") == before
    assert (named / "tests" / "test_money.py").read_text() == "# mine\n"
    assert (named / "money.py").read_text() == SOURCE_WITH_MEAN


def test_below_other_commits_it_is_reverted(named: Path, folder: RunFolder) -> None:
    apply_run(folder, named, PATCH, message="Fix it")
    (named / "more.py").write_text("x = 1\n")
    git(named, "add", "-A")
    git(named, "commit", "-qm", "later")
    undo_run(folder)
    assert (named / "money.py").read_text() == SOURCE_WITH_MEAN
    assert (named / "more.py").exists()
    assert git(named, "log", "-1", "--format=%s") == 'Revert "Fix it"'


def test_staged_changes_are_not_committed_along(named: Path, folder: RunFolder) -> None:
    (named / "draft.txt").write_text("mine")
    git(named, "add", "-A")
    with pytest.raises(InputError, match="staged"):
        apply_run(folder, named, PATCH, message="Fix it")
    assert (named / "money.py").read_text() == SOURCE_WITH_MEAN


def test_a_hook_that_refuses_the_commit_leaves_nothing_behind(named: Path, folder: RunFolder) -> None:
    hook = named / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(InputError):
        apply_run(folder, named, PATCH, message="Fix it")
    assert git(named, "status", "--porcelain") == ""


def test_what_changed_since_is_not_overwritten(named: Path, folder: RunFolder) -> None:
    apply_run(folder, named, PATCH)
    (named / "money.py").write_text("rewritten\n")
    with pytest.raises(InputError, match="git could not"):
        undo_run(folder)
    assert (named / "money.py").read_text() == "rewritten\n"


@pytest.mark.parametrize("message", ["", "Fix it"])
def test_what_was_taken_out_by_hand_can_be_applied_again(named: Path, folder: RunFolder, message: str) -> None:
    apply_run(folder, named, PATCH, message=message)
    git(named, "reset", "-q", "--hard", "HEAD^" if message else "HEAD")
    apply_run(folder, named, PATCH)
    git(named, "checkout", "-q", ".")
    undo_run(folder)
    assert (named / "money.py").read_text() == SOURCE_WITH_MEAN
    with pytest.raises(InputError, match="nothing of this run"):
        undo_run(folder)


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_what_solve_applies_is_undone_and_is_done_whoever_reads(
    form: tuple[str, ...], repository: Path, home: dict[str, str], treewright: Run, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    words = ["solve", "--repo", ".", "--failing-test", FAILING, "--python", sys.executable, "--out", out, "--apply"]
    reading, writing = os.pipe()
    os.close(reading)  # as `| head` does
    command = [*COMMAND, *map(str, words), *form]
    done = subprocess.run(
        command, env=home, cwd=repository, stdout=writing, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writing)
    assert done.returncode == 0, done.stderr
    assert f"`treewright undo {out}` takes it out again" in done.stderr
    assert git(repository, "status", "--porcelain") == "M money.py"
    assert treewright("undo", out).returncode == 0
    assert git(repository, "status", "--porcelain") == ""


def test_from_the_command_line(repository: Path, treewright: Run, tmp_path: Path) -> None:
    out = tmp_path / "run"
    arguments = ("--repo", repository, "--failing-test", FAILING, "--python", sys.executable, "--out", out)
    assert treewright("solve", *arguments).returncode == 0
    shown = treewright("diff", out)
    assert shown.stdout == (out / "patch.diff").read_text()
    done = treewright("apply", out)
    assert "treewright undo" in done.stdout, done.stderr
    assert git(repository, "status", "--porcelain") == "M money.py"
    assert treewright("undo", out).returncode == 0
    assert git(repository, "status", "--porcelain") == ""
