"""`treewright compare` over batches as their writers leave them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from collections_data import EVIL, make_batch
from typer.testing import CliRunner

from agent.cli.main import app
from tools.errors import InputError


def run(*arguments: object) -> str:
    done = CliRunner().invoke(app, [str(each) for each in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_the_better_batch_is_ahead_and_the_numbers_add_up(tmp_path: Path) -> None:
    a = make_batch(tmp_path / "a", 60, solves=0.9, seed=1)
    b = make_batch(tmp_path / "b", 60, solves=0.2, seed=2)
    found = json.loads(run("compare", a, b, "--json"))
    assert found["both"] + found["only_a"] + found["only_b"] + found["neither"] == found["tasks"]
    difference, low, high = found["solved_difference"]
    assert low <= difference <= high
    assert low > 0
    assert found["mcnemar_p"] < 0.01
    assert len(found["differ"]) == found["only_a"] + found["only_b"]
    quality = found["a"]["confidences"]
    assert quality["tasks"] == found["a"]["ended"]
    assert 0 <= quality["brier"] <= 1
    mirrored = json.loads(run("compare", b, a, "--json"))
    assert mirrored["solved_difference"][0] == pytest.approx(-difference)
    assert mirrored["only_b"] == found["only_a"]


def test_people_read_it_in_safe_lines(tmp_path: Path) -> None:
    a = make_batch(tmp_path / "a", 30, solves=0.9, seed=1, evil=EVIL)
    b = make_batch(tmp_path / "b", 30, solves=0.2, seed=2, evaluated=False, evil=EVIL)
    text = run("compare", a, b)
    assert "McNemar p = " in text
    assert "do not compare their solved shares" in text
    assert "\u202e" not in text


def test_what_is_no_batch_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no batch"):
        CliRunner().invoke(app, ["compare", str(tmp_path), str(tmp_path)], catch_exceptions=False)
    a = make_batch(tmp_path / "a", 1, solves=1.0)
    with pytest.raises(InputError, match="no task ended in both"):
        CliRunner().invoke(app, ["compare", str(a), str(a)], catch_exceptions=False)
