"""The GitHub Action's own script, run by bash as a runner would, against a local server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from forked_command import write_program
from github_server import TOKEN, State
from money_project import ROOT, git

ACTION = ROOT / ".ci" / "action" / "action.yml"


def steps() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(ACTION.read_text())["runs"]["steps"]
    return found


def run_solve(forge: State, tmp_path: Path, **inputs: str) -> tuple[subprocess.CompletedProcess[str], str]:
    """The step "Solve" with its inputs as variables, and what it put out."""
    programs = tmp_path / "bin"
    programs.mkdir()
    write_program(programs / "treewright")
    env = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_SERVER_URL": forge.url,
        "GITHUB_API_URL": f"{forge.url}/api/v3",
        "GITHUB_REPOSITORY": "acme/money",
        "GITHUB_TOKEN": TOKEN,
        "ISSUE": "7",
        "PUBLISH": "pull-request",
        "ARGUMENTS": f"--python {sys.executable}",
    } | inputs
    script = next(step["run"] for step in steps() if step.get("id") == "solve")
    done = subprocess.run(["bash", "-c", script], env=env, capture_output=True, text=True, timeout=300, check=False)
    return done, (tmp_path / "output").read_text() if (tmp_path / "output").exists() else ""


def test_a_solved_issue_becomes_a_pull_request(forge: State, tmp_path: Path) -> None:
    done, output = run_solve(forge, tmp_path)
    assert done.returncode == 0, done.stderr
    assert output == "status=solved\n"
    assert forge.pulls[0]["head"] == "treewright/issue-7"
    assert "i < total % people" in git(forge.remote, "show", "treewright/issue-7:money.py")


def test_an_abstention_is_answered_and_is_no_failure(forge: State, tmp_path: Path) -> None:
    done, output = run_solve(forge, tmp_path, TREEWRIGHT_CONFIDENCE="1", TREEWRIGHT_MAX_NODES="2")
    assert done.returncode == 0, done.stderr
    assert output == "status=abstained\n"
    assert not forge.pulls
    assert "No patch is proposed" in forge.posted[0]


def test_what_somebody_writes_never_becomes_a_script(forge: State, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    done, output = run_solve(forge, tmp_path, ISSUE=f"7; touch {trap}", ARGUMENTS=f"$(touch {trap})")
    assert done.returncode == 2
    assert output == "status=failed\n"
    assert not trap.exists()


@pytest.mark.parametrize("step", steps(), ids=lambda step: str(step["name"]))
def test_no_expression_stands_in_a_script(step: dict[str, Any]) -> None:
    assert "${{" not in step["run"]


def test_the_example_workflow_states_budget_and_rights() -> None:
    workflow = yaml.safe_load((ROOT / "examples" / "github" / "treewright.yml").read_text())
    job = workflow["jobs"]["solve"]
    assert job["permissions"] == {"contents": "write", "pull-requests": "write", "issues": "write"}
    assert job["steps"][0]["with"]["max-cost"] == "2"
    assert "author_association" in job["if"]
    known = set(yaml.safe_load(ACTION.read_text())["inputs"])
    assert set(job["steps"][0]["with"]) <= known


def test_image_and_action_install_what_publishing_needs_by_its_hash() -> None:
    locked = (ROOT / ".ci" / "constraints-forge.txt").read_text()
    assert "pygithub==" in locked
    assert "python-gitlab==" in locked
    assert locked.count("--hash=sha256:") > locked.count("==")
    for place in (ACTION, ROOT / ".ci" / "image" / "Dockerfile"):
        assert "--require-hashes -r" in place.read_text()
        assert "constraints-forge.txt" in place.read_text()
