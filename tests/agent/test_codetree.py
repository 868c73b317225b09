"""The codetree design end to end: an endpoint with prepared answers; then from the recording alone."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from model_server import serving
from money_project import Run, git
from repairing_model import ISSUE, RIGHT, Author, tree


@pytest.fixture
def author() -> Iterator[tuple[Author, str]]:
    """The endpoint and its address."""
    playing = Author()
    with serving(playing) as address:
        yield playing, address


def described(out: Path) -> list[tuple[str, ...]]:
    """What the commits of the nodes say of them, each on top of its parent's."""
    parts = "%x00".join(
        f"%(trailers:key={key},valueonly,separator=%x20)" for key in ("Node", "Kind", "Score", "Strategy")
    )
    log = git(out, "--git-dir", str(out / "git"), "log", f"--format={parts}", "--glob=refs/nodes")
    return sorted(tuple(line.split("\0")) for line in log.splitlines() if line.strip("\0"))


def test_a_wrong_patch_is_repaired_and_the_recording_gives_the_same_tree(
    repository: Path, treewright: Run, home: dict[str, str], author: tuple[Author, str], tmp_path: Path
) -> None:
    playing, address = author
    home |= {"OPENAI_API_BASE": address, "OPENAI_API_KEY": "sk-very-secret-key"}
    live, transcript = tmp_path / "live", tmp_path / "transcript.jsonl"
    common = ("--repo", repository, "--issue", ISSUE, "--python", sys.executable, "--json")
    done = treewright(
        "solve", *common, "--model", "openai/hand", "--unknown-price", "free", "--out", live, "--record", transcript
    )
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert f"+    return {RIGHT}" in outcome["patch"]
    assert "tests/test_issue" not in outcome["patch"]
    assert outcome["proof"]["unfixed"] == []
    assert outcome["proof"]["held"] == 2
    assert outcome["spending"]["calls"] == len(playing.requests)
    with sqlite3.connect(f"file:{live / 'run.db'}?mode=ro", uri=True) as database:
        runs = [json.loads(row[0]) for row in database.execute("select command from executions where scope = 'tests'")]
    assert any(run["coverage"] for run in runs), "which lines tests execute is known with a model too"
    kinds = sorted(str(row[2]) for row in tree(live))
    assert kinds == ["patch", "repair", "root", "strategy"]
    assert described(live) == [
        (str(row[0]), str(row[2]), "" if row[4] is None else f"{row[4]:.3f}", "Compare strictly")
        for row in tree(live)
        if row[2] != "root"
    ]
    for path in live.rglob("*"):
        assert not path.is_file() or b"sk-very-secret-key" not in path.read_bytes()

    home.pop("OPENAI_API_BASE")
    home.pop("OPENAI_API_KEY")
    replayed = treewright("solve", *common, "--replay", transcript, "--out", tmp_path / "replayed")
    assert replayed.returncode == 0, replayed.stderr
    assert json.loads(replayed.stdout)["patch"] == outcome["patch"]
    assert tree(tmp_path / "replayed") == tree(live)
    assert described(tmp_path / "replayed") == described(live)

    asked = len(playing.requests)
    resumed = treewright("resume", live, "--json")
    assert resumed.returncode == 0, resumed.stderr
    assert len(playing.requests) == asked
