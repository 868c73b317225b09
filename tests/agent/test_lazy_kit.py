"""What a design does not use is not set up; what cannot be set up ends the run, whatever the design makes of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from money_project import Run, git

GIVES_UP = "async def solve(kit):\n    await kit.abstain('nothing to do: ' + kit.problem)\n"
SWALLOWS = """
async def solve(kit):
    try:
        await kit.localize()
    except Exception:
        await kit.abstain("never mind")
"""


def test_a_design_that_gives_up_costs_no_index_and_no_test(repository: Path, treewright: Run, tmp_path: Path) -> None:
    design, out = tmp_path / "early.py", tmp_path / "run"
    design.write_text(GIVES_UP)
    done = treewright("solve", "--repo", repository, "--issue", "typo", "--design", design, "--out", out, "--json")
    assert done.returncode == 1, done.stderr
    outcome = json.loads(done.stdout)
    assert outcome["reason"] == "nothing to do: typo"
    assert outcome["spending"]["executions"] == 0
    assert not (out / "git").exists()


def test_a_task_that_cannot_be_set_up_is_an_error_also_when_the_design_hides_it(
    repository: Path, treewright: Run, tmp_path: Path
) -> None:
    design = tmp_path / "careless.py"
    design.write_text(SWALLOWS)
    done = treewright(
        "solve", "--repo", repository, "--base", "no-such", "--issue", "x", "--design", design, "--out", tmp_path / "r"
    )
    assert done.returncode == 2
    assert "no-such" in done.stderr


def test_the_root_gets_its_commit_when_it_is_needed(repository: Path, treewright: Run, tmp_path: Path) -> None:
    out = tmp_path / "run"
    failing = "tests.test_money.ShareTest.test_sum"
    arguments = ("--failing-test", failing, "--python", sys.executable, "--out", out, "--json")
    done = treewright("solve", "--repo", repository, *arguments)
    assert done.returncode == 0, done.stderr
    shown = json.loads(treewright("show", out, "--json").stdout)
    root = next(node for node in shown["nodes"] if node["kind"] == "root")
    assert git(out / "git", "cat-file", "-t", root["snapshot"]) == "commit"
