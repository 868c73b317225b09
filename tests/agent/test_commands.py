"""What the commands around `solve` do with a run: a branch, a node's patch, cleaning up, and what works here."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from money_project import FAILING, Run, git

from agent.store.folder import RunFolder


def test_an_issue_from_standard_input_goes_to_a_branch_and_leftovers_go_away(repository: Path, treewright: Run) -> None:
    git(repository, "config", "user.name", "A Person")
    git(repository, "config", "user.email", "person@example.org")
    done = treewright(
        "solve", "--repo", repository, "--issue", "-", "--failing-test", FAILING, "--python", sys.executable,
        "--branch", "fix", "--json", input="share() gives away a cent too much",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert "(i < total % people)" in git(repository, "show", "fix:money.py")
    assert git(repository, "symbolic-ref", "--short", "HEAD") == "main"
    assert git(repository, "status", "--porcelain") == ""
    shown = treewright("show", "latest", "--json")
    assert "share() gives away a cent too much" in shown.stdout, shown.stderr
    exported = treewright("export", "latest", "--node", outcome["node"][:7])
    assert exported.stdout == outcome["patch"], exported.stderr
    refused = treewright("export", "latest", "--node", "ffffffff")
    assert refused.returncode == 2
    left = RunFolder(Path(outcome["run"])).workspaces / "left"
    left.mkdir(parents=True)
    kept = treewright("gc")
    assert kept.returncode == 0, kept.stderr
    assert left.exists()
    cleaned = treewright("gc", "--workspaces")
    assert cleaned.returncode == 0, cleaned.stderr
    assert not left.exists()
    assert treewright("show", "latest").returncode == 0


def test_the_doctor_says_what_works_and_what_to_do_about_the_rest(treewright: Run) -> None:
    done = treewright("doctor")
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    for name in ("git", "bubblewrap", "docker", "local", "model"):
        assert any(line.split()[1:2] == [name] for line in lines), name
    for number, line in enumerate(lines):
        if line.startswith("no "):
            assert lines[number + 1].strip().startswith("try: ")
