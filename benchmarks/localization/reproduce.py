"""Runs reproducers of issues, written by hand, in the environments of their tasks, with the lines that they execute.

A reproducer has one script that fails on the base for the issue's reason and scripts that do something similar and
pass. Each becomes a test of its own process, so that nothing that another has cached or imported hides lines.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter

from agent.execution.home import Home, benchmark_home
from agent.execution.places import Places
from agent.execution.testbench import TestBench, place_probe
from agent.store.records import ExecutionRecord
from environments.base import GIB, Limits, Mount
from environments.registry import create
from environments.repositories import is_data, obtain
from environments.tasks import Task
from environments.workspaces import WorkspacePool
from tools.snapshots import SnapshotStore
from tools.snapshots.store import Change
from tools.testing.runners.probed import ProbeRunner
from tools.testing.types import TestReport

MODULE = "test_treewright_reproducer"
CASE = f"{MODULE}.Reproducer."
FAILS = f"{CASE}test_fails"
TEST_SECONDS = 60.0
RUN_SECONDS = 400.0
REPORTS: TypeAdapter[list[TestReport]] = TypeAdapter(list[TestReport])


@dataclass(frozen=True)
class Reproducer:
    """What was written from the text of one issue.

    Attributes:
        fails: Python that raises as long as the issue is there.
        passes: scripts for what is similar and works.
        setup: what both need; runs before lines are recorded.
    """

    fails: str
    passes: tuple[str, ...] = ()
    setup: str = ""

    @property
    def tests(self) -> tuple[str, ...]:
        """The ids of the scripts, the failing one first."""
        return (FAILS, *(f"{CASE}test_passes_{number}" for number in range(len(self.passes))))

    @property
    def module(self) -> str:
        """The scripts as a module of unittest."""
        lines = ["import unittest", _run(self.setup, "setup"), "class Reproducer(unittest.TestCase):"]
        for test, script in zip(self.tests, (self.fails, *self.passes), strict=True):
            name = test.removeprefix(CASE)
            lines += [f"    def {name}(self):", f"        {_run(script, name)}"]
        return "\n".join(lines) + "\n"


def _run(script: str, name: str) -> str:
    """A statement that runs a script where it sees what the set-up defined."""
    return f"exec(compile({script!r}, {f'<{name}>'!r}, 'exec'), globals())"


def read_reproducers(path: Path) -> dict[str, Reproducer]:
    """By task; the file maps ids to objects with `fails`, `passes` and `setup`."""
    return TypeAdapter(dict[str, Reproducer]).validate_json(path.read_bytes())


@dataclass
class _Forgetful:
    """A journal of one run: every script runs once."""

    records: list[ExecutionRecord] = field(default_factory=list)

    def lookup_execution(self, scope: str, fingerprint: str, ordinal: int) -> ExecutionRecord | None:
        return None

    def record_execution(self, execution: ExecutionRecord) -> None:
        self.records.append(execution)


async def reproduce(task: Task, reproducer: Reproducer, folder: Path) -> list[TestReport]:
    """One report with coverage for each script, the failing one first.

    Args:
        task: with the environment it needs, which is built if it is not there.
        reproducer: of its issue.
        folder: for what is written meanwhile; must not exist.

    Raises:
        Unavailable: the environment cannot be had.
    """
    folder.mkdir(parents=True)
    home = await benchmark_home(task, folder, docker=False)
    source = await obtain(task.repository, folder / "repositories", base=task.base)
    store = await asyncio.to_thread(SnapshotStore.create, folder / "git", source, task.base, may_lack=is_data)
    try:
        changes = {f"{MODULE}.py": Change(reproducer.module.encode())}
        snapshot = store.commit(store.base, changes, subject="The reproducer of the issue")
        return await _run_all(store, snapshot, reproducer, home, folder)
    finally:
        store.close()
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def _run_all(
    store: SnapshotStore, snapshot: str, reproducer: Reproducer, home: Home, folder: Path
) -> list[TestReport]:
    runner = ProbeRunner("unittest", "unittest", home.python, env=home.env, top="")
    probe = folder / "probe"
    place_probe(runner, probe)
    pool = WorkspacePool(store, folder / "workspaces", 1, home.products)
    mounts = [Mount(probe, str(probe)), *home.mounts]
    places = Places(pool, create("bubblewrap"), mount=home.mount, mounts=mounts, scratch=folder / "reports")
    limits = Limits(memory=4 * GIB, processes=512, disk=2 * GIB)
    bench = TestBench(places, store, runner, _Forgetful(), probe=probe, test_seconds=TEST_SECONDS, limits=limits)
    try:
        return [await bench.run(snapshot, [test], seconds=RUN_SECONDS, coverage=True) for test in reproducer.tests]
    finally:
        await places.close()
        await pool.close()


def write_reports(path: Path, reports: list[TestReport]) -> None:
    """Keeps the reports of one task, compressed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(zlib.compress(REPORTS.dump_json(reports)))


def read_reports(path: Path) -> list[TestReport]:
    """What `write_reports` kept."""
    return REPORTS.validate_json(zlib.decompress(path.read_bytes()))


def outcomes(reports: list[TestReport]) -> Mapping[str, str]:
    """How each script ended, by its short name; with the exception of those that did not pass."""
    shown = {}
    for report in reports:
        for test, outcome in report.outcomes.items():
            passed = outcome.status == "passed"
            shown[test.removeprefix(CASE)] = "passed" if passed else f"{outcome.status}: {outcome.exception}"
        if report.problem:
            shown["problem"] = report.problem
    return shown


def described(task: str, reports: list[TestReport]) -> str:
    """One line of JSON for people who wait."""
    return json.dumps({"task": task, **outcomes(reports)})
