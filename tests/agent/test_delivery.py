"""The two ways a patch reaches the user's repository, in real repositories."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from agent.delivery import apply_patch, commit_to_branch
from tools.errors import InputError

PATCH = """diff --git a/greet.py b/greet.py
--- a/greet.py
+++ b/greet.py
@@ -1,2 +1,2 @@
 def greet(name):
-    return "hello " + nam
+    return "hello " + name
"""


def git(repository: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", repository, *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "config", "user.name", "A Person")
    git(tmp_path, "config", "user.email", "person@example.org")
    (tmp_path / "greet.py").write_text('def greet(name):\n    return "hello " + nam\n')
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "start")
    return tmp_path


def test_apply_changes_the_work_tree_and_nothing_else(repository: Path) -> None:
    apply_patch(repository, PATCH)
    assert "name\n" in (repository / "greet.py").read_text()
    assert git(repository, "diff", "--cached") == ""
    assert git(repository, "rev-list", "--count", "HEAD") == "1"


def test_apply_refuses_what_does_not_fit_and_changes_nothing(repository: Path) -> None:
    (repository / "greet.py").write_text("mine\n")
    with pytest.raises(InputError, match="does not apply"):
        apply_patch(repository, PATCH)
    assert (repository / "greet.py").read_text() == "mine\n"


def test_branch_leaves_work_tree_index_and_head_alone(repository: Path) -> None:
    (repository / "draft.txt").write_text("mine")
    commit = commit_to_branch(repository, "fix/greeting", "HEAD", PATCH, "Resolve the issue\n")
    assert git(repository, "rev-parse", "fix/greeting") == commit
    assert git(repository, "rev-parse", "fix/greeting^") == git(repository, "rev-parse", "main")
    assert '"hello " + name' in git(repository, "show", "fix/greeting:greet.py")
    assert git(repository, "status", "--porcelain") == "?? draft.txt"
    assert git(repository, "branch", "--show-current") == "main"


@pytest.mark.parametrize("name", ["main", "bad name", "-x", "a..b"])
def test_branch_refuses_a_taken_or_impossible_name(repository: Path, name: str) -> None:
    with pytest.raises(InputError):
        commit_to_branch(repository, name, "HEAD", PATCH, "m")
    assert git(repository, "branch", "--format=%(refname:short)") == "main"
