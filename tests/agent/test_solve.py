"""Solving end to end without a model: real repository, real sandbox, real store."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from money_project import COMMAND, FAILING, Run, git


def fingerprint(folder: Path) -> dict[str, str]:
    """Every file below a folder, `.git` included, by content."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_failing_test_is_repaired_and_the_repository_is_untouched(
    repository: Path, treewright: Run, tmp_path: Path
) -> None:
    before = fingerprint(repository)
    out = tmp_path / "run"
    done = treewright(
        "solve", "--repo", repository, "--failing-test", FAILING, "--python", sys.executable, "--out", out, "--json"
    )
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert outcome["status"] == "solved"
    assert "+    return [total // people + (i < total % people) for i in range(people)]" in outcome["patch"]
    assert outcome["proof"]["fixed"] == [FAILING]
    assert outcome["proof"]["held"] == 2
    assert fingerprint(repository) == before
    exported = treewright("export", out)
    assert exported.stdout == outcome["patch"] == (out / "patch.diff").read_text()
    shown = treewright("show", out)
    assert "comparison at money.py:3" in shown.stdout
    assert all(len(line) <= 80 for line in shown.stdout.partition("Solved")[0].splitlines())
    node = treewright("show", out, outcome["node"][:7])
    assert f"passed: {FAILING}" in node.stdout
    git(repository, "apply", "--check", str(out / "patch.diff"))
    again = treewright("resume", out, "--json")
    assert again.returncode == 0
    assert json.loads(again.stdout)["spending"]["executions"] == outcome["spending"]["executions"]


def test_apply_puts_the_patch_into_the_work_tree(repository: Path, treewright: Run, tmp_path: Path) -> None:
    arguments = ("--failing-test", FAILING, "--python", sys.executable, "--out", tmp_path / "run")
    done = treewright("solve", "--repo", repository, *arguments, "--apply")
    assert done.returncode == 0, done.stderr
    assert "i < total % people" in (repository / "money.py").read_text()
    assert git(repository, "status", "--porcelain") == "M money.py"


def test_failures_are_found_in_the_baseline(repository: Path, treewright: Run, tmp_path: Path) -> None:
    done = treewright(
        "solve",
        "--repo",
        repository,
        "--issue",
        "share is off by one",
        "--python",
        sys.executable,
        "-o",
        tmp_path / "run",
    )
    assert done.returncode == 0, done.stderr
    assert "mechanical repair" in done.stderr


def test_the_nodes_granted_are_the_nodes_spent_and_it_abstains(
    repository: Path, treewright: Run, tmp_path: Path
) -> None:
    (repository / "money.py").write_text(
        "def share(total, people):\n    return 7\n\n\ndef mean(values):\n    return 2\n"
    )
    git(repository, "commit", "-qam", "worse")
    arguments = ("--failing-test", FAILING, "--python", sys.executable, "--out", tmp_path / "run", "--max-nodes", 2)
    done = treewright("solve", "--repo", repository, *arguments, "--json")
    assert done.returncode == 1, done.stderr
    outcome = json.loads(done.stdout)
    assert outcome["status"] == "abstained"
    assert outcome["spending"]["nodes"] <= 2


def test_a_budget_that_ends_before_any_candidate_is_told_and_with_more_it_goes_on(
    repository: Path, treewright: Run, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    arguments = ("--failing-test", FAILING, "--python", sys.executable, "--out", out, "--max-seconds", 0.05)
    done = treewright("solve", "--repo", repository, *arguments)
    assert done.returncode == 4, done.stderr
    assert treewright("resume", out).returncode == 4
    refused = treewright("resume", out, "--max-seconds", -1)
    assert refused.returncode == 2
    assert "max_seconds (from flag)" in refused.stderr
    assert treewright("resume", out, "--max-seconds", 600).returncode == 0


def test_killed_in_the_middle_it_goes_on_without_running_anything_again(
    repository: Path, treewright: Run, home: dict[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "run"
    command = [*COMMAND, "solve", "--repo", str(repository)]
    command += ["--failing-test", FAILING, "--python", sys.executable, "--out", str(out)]
    process = subprocess.Popen(command, env=home, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if line.split()[1:2] in (["patch"], ["search"]):
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    started = [row["created"] for row in executions(out)]
    assert started
    done = treewright("resume", out, "--json")
    assert done.returncode == 0, done.stderr
    rows = executions(out)
    assert [row["created"] for row in rows[: len(started)]] == started
    keys = [(row["fingerprint"], row["ordinal"]) for row in rows]
    assert len(keys) == len(set(keys))


def executions(out: Path) -> list[dict[str, object]]:
    import sqlite3

    with sqlite3.connect(f"file:{out / 'run.db'}?mode=ro", uri=True) as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute("select * from executions order by created")]


def test_interrupted_once_it_saves_and_says_how_to_go_on(
    repository: Path, home: dict[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "run"
    command = [*COMMAND, "solve", "--repo", str(repository)]
    command += ["--failing-test", FAILING, "--python", sys.executable, "--out", str(out)]
    process = subprocess.Popen(command, env=home, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if line.split()[1:2] == ["search"]:
            break
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert f"treewright resume {out}" in said
    assert "Traceback" not in said


def test_two_runs_in_one_folder_the_second_refuses(repository: Path, treewright: Run, tmp_path: Path) -> None:
    from agent.store.lock import FolderLock

    out = tmp_path / "run"
    out.mkdir()
    with FolderLock(out / "lock"):
        done = treewright("solve", "--repo", repository, "--failing-test", FAILING, "--out", out)
    assert done.returncode == 2
    assert str(os.getpid()) in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--repo", "nowhere", "--issue", "x y"], "no such repository"),
        (["--repo", "{empty}", "--issue", "x y"], ""),
        (["--repo", "{plain}", "--issue", "x y"], "not a git repository"),
        (["--repo", "{repository}", "--issue", "x y", "--base", "nosuch"], "nosuch"),
        (["--repo", "{repository}"], "nothing to solve"),
        (["--repo", "{repository}", "--issue", " "], "the issue is empty"),
        (["--repo", "{repository}", "--issue", "x y", "--design", "best"], "no design is called"),
        (["--repo", "{repository}", "--issue", "x y", "--environment", "docker"], "image"),
        (["--repo", "{repository}", "--issue", "x y", "--python", "2.1"], "no python 2.1"),
        (["--repo", "{repository}", "--issue", "x y", "--model", "nobody/nothing"], "unknown model"),
        (["--repo", "{repository}", "--failing-test", "tests.test_money.MeanTest.test_mean"], "passes on the base"),
        (
            ["--repo", "{repository}", "--failing-test", "tests.test_money.MeanTest.test_nosuch"],
            "does not know the test",
        ),
        (["--repo", "{repository}", "--issue", "x y", "--role-model", "critic"], "ROLE=NAME"),
        (["--repo", "{repository}", "--issue", "x y", "--apply", "--branch", "b"], "exclude each other"),
    ],
)
def test_bad_input_gets_a_clear_error(
    arguments: list[str], said: str, repository: Path, treewright: Run, tmp_path: Path
) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "empty").mkdir()
    git(tmp_path / "empty", "init", "-q")
    places = {"repository": repository, "plain": tmp_path / "plain", "empty": tmp_path / "empty"}
    filled = [argument.format(**places) for argument in arguments]
    python = [] if "--python" in filled else ["--python", sys.executable]
    done = treewright("solve", *filled, *python, "--out", tmp_path / "run")
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert len([line for line in done.stderr.splitlines() if line.startswith(("error:", "  try:"))]) <= 2


def test_a_missing_key_is_named(repository: Path, treewright: Run, tmp_path: Path) -> None:
    done = treewright(
        "solve", "--repo", repository, "--issue", "x y", "--model", "anthropic/claude-sonnet-4-5",
        "--python", sys.executable, "--out", tmp_path / "run",
    )  # fmt: skip
    assert done.returncode == 3
    assert "ANTHROPIC_API_KEY" in done.stderr


def test_a_setup_that_fails_shows_its_end(repository: Path, treewright: Run, tmp_path: Path) -> None:
    done = treewright(
        "solve",
        "--repo",
        repository,
        "--failing-test",
        FAILING,
        "--setup",
        "echo building; exit 7",
        "--out",
        tmp_path / "run",
    )
    assert done.returncode == 3
    assert "exit code 7" in done.stderr
    assert "building" in done.stderr
    assert "--setup-network" in done.stderr


WEAK = """import unittest

from shop import many


class ManyTest(unittest.TestCase):
    def test_three(self):
        self.assertTrue(many([1, 2, 3]))
"""
STRONG = WEAK + "\n    def test_two(self):\n        self.assertFalse(many([1, 2]))\n"


@pytest.mark.parametrize(("tests", "code", "status"), [(WEAK, 1, "abstained"), (STRONG, 0, "solved")])
def test_what_a_constant_would_do_as_well_is_not_called_solved(
    tests: str, code: int, status: str, treewright: Run, tmp_path: Path
) -> None:
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "shop.py").write_text("def many(goods):\n    return len(goods) > 3\n")
    (shop / "test_shop.py").write_text(tests)
    git(shop, "init", "-q")
    git(shop, "add", "-A")
    git(shop, "commit", "-qm", "start")
    arguments = ("--failing-test", "test_shop.ManyTest.test_three", "--python", sys.executable)
    done = treewright("solve", "--repo", shop, *arguments, "--out", tmp_path / "run", "--max-nodes", 6, "--json")
    assert done.returncode == code, done.stderr
    outcome = json.loads(done.stdout)
    assert outcome["status"] == status
    assert outcome["patch"]
    assert ("a constant in its place" in str(outcome["proof"]["factors"])) == (status == "abstained")
