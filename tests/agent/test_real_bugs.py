"""Real bugs of released packages: the examples repaired with no model, and two recorded runs with one, tree and all.

The releases come from the package index when a test runs. The recordings hold what the model wrote and nothing else.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from money_project import ROOT

from agent.comparison import compare
from agent.config import Settings
from agent.outcome import Outcome
from agent.solve import solve
from agent.store.folder import RunFolder
from environments.cases import PreparedCase, load_case, load_cases, prepare
from environments.registry import create
from environments.tasks import Task

EXAMPLES = load_cases(ROOT / "examples" / "cases")
RECORDED = Path(__file__).with_name("recorded")
MANIFESTS = {
    "marshmallow-1359": RECORDED / "marshmallow-1359.toml",
    "pydicom-1256": RECORDED / "pydicom-1256.toml",
}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known from other runs."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


async def solved(prepared: PreparedCase, settings: Settings, out: Path, failing: tuple[str, ...] = ()) -> Outcome:
    """The outcome of a run, which must have solved the case."""
    task = Task(
        prepared.case.name,
        str(prepared.repository),
        problem=prepared.case.issue,
        test="pytest",
        python=str(prepared.python),
        failing_tests=failing,
    )
    outcome = await solve(task, settings, RunFolder(out))
    assert outcome.status == "solved", outcome
    assert outcome.proof.unfixed == outcome.proof.broken == ()
    return outcome


@pytest.mark.parametrize("name", [case.name for case in EXAMPLES])
async def test_every_example_is_repaired_without_a_model(name: str, tmp_path: Path) -> None:
    case = next(each for each in EXAMPLES if each.name == name)
    prepared = await prepare(case, tmp_path / "case")
    settings = Settings(design="mechanical", concurrency=2)
    outcome = await solved(prepared, settings, tmp_path / "run", prepared.failing_tests)
    assert outcome.proof.fixed == case.failing_tests


@pytest.mark.parametrize("name", sorted(MANIFESTS))
async def test_a_recorded_run_gives_the_same_tree_and_the_upstream_tests_pass(name: str, tmp_path: Path) -> None:
    case = load_case(MANIFESTS[name])
    prepared = await prepare(case.model_copy(update={"tests": ()}), tmp_path / "case")
    outcome = await solved(prepared, Settings(replay=str(RECORDED / f"{name}.jsonl")), tmp_path / "run")
    assert outcome.spending.calls == len((RECORDED / f"{name}.jsonl").read_text().splitlines())
    assert tree(tmp_path / "run") == json.loads((RECORDED / f"{name}.tree.json").read_text())
    await upstream_tests_pass(prepared, case.tests, outcome.patch, tmp_path)


async def upstream_tests_pass(prepared: PreparedCase, tests: tuple[str, ...], patch: str, scratch: Path) -> None:
    """The regression tests of the fixed release, which the run did not have, end as they do on that release."""
    for path in tests:
        shutil.copy(prepared.fixed_source / path, prepared.repository / path)
    found = await compare(prepared, patch, create("bubblewrap"), scratch)
    assert found.same > 0
    assert not [test for test in found.differing if test in prepared.case.failing_tests]


def tree(out: Path) -> list[list[object]]:
    """Id, parent, kind, snapshot and value of each node: a snapshot's id stands for all of its files."""
    with sqlite3.connect(f"file:{out / 'run.db'}?mode=ro", uri=True) as database:
        rows = database.execute("select id, parent, kind, snapshot, round(value, 4) from nodes order by id")
        return [list(row) for row in rows]
