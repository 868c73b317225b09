"""`treewright scaling` over runs and batches as their writers leave them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from collections_data import make_batch
from typer.testing import CliRunner
from viewer_runs import make_run

from agent.cli.main import app
from tools.errors import InputError


def run(*arguments: object) -> str:
    done = CliRunner().invoke(app, ["scaling", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_batches_over_the_same_tasks_are_samples_judged_by_hidden_tests(tmp_path: Path) -> None:
    folders = [make_batch(tmp_path / f"seed{n}", 80, solves=0.3, seed=n) for n in range(4)]
    page = tmp_path / "curve.html"
    found = json.loads(run(*folders, "--json", "--plot", page))
    assert (found["sample"], found["judged_by"]) == ("batches", "hidden tests")
    points = found["points"]
    assert [point["k"] for point in points] == [1, 2, 3, 4]
    coverage = [point["coverage"] for point in points]
    assert coverage == sorted(coverage)
    assert all(point["selected"] <= point["coverage"] + 1e-9 for point in points)
    assert points[3]["usd"] == pytest.approx(4 * points[0]["usd"])
    assert found["fit"]["b"] < 0
    assert len(found["fit"]["bands"]) == 4
    text = page.read_text()
    assert "<script src" not in text  # it needs nothing else
    assert "exp(" in text
    assert "coverage = exp(" in run(*folders)


def test_the_candidates_of_a_run_are_samples_judged_by_its_own_tests(tmp_path: Path) -> None:
    found = json.loads(run(make_run(tmp_path / "run").root, "--json"))
    assert (found["sample"], found["judged_by"], found["tasks"]) == ("candidates", "the runs' own tests", 1)
    assert found["fit"] is None
    assert found["points"][-1]["coverage"] == 1.0


def test_what_does_not_go_together_is_refused(tmp_path: Path) -> None:
    judged = make_batch(tmp_path / "a", 10, solves=0.5, seed=1)
    not_judged = make_batch(tmp_path / "b", 10, solves=0.5, seed=2, evaluated=False)
    for folders, why in (
        ((judged, not_judged), "evaluated"),
        ((tmp_path,), "neither a run nor a batch"),
        ((judged,), "no run in"),
        ((judged, tmp_path), "no batch"),
    ):
        with pytest.raises(InputError, match=why):
            run(*folders)
