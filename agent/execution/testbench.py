"""The test bench: runs tests on snapshots, once for each question."""

from __future__ import annotations

import asyncio
import hashlib
import json
import zlib
from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter

from agent.execution.places import Place, Places
from agent.store.records import ExecutionRecord
from agent.store.store import RunStore
from environments.base import Command, CommandResult, Limits
from tools.errors import InfrastructureError
from tools.snapshots import SnapshotStore
from tools.testing.types import MAX_REPORT_BYTES, TestReport, TestRunner

REPORTS: TypeAdapter[TestReport] = TypeAdapter(TestReport)
TESTS = "tests"


class TestBench:
    """Runs tests of one repository.

    A result depends on the tree, the tests and how they are run, so it is kept under a hash of
    these: equal patches share their results.

    Args:
        places: where things run.
        snapshots: the commits.
        runner: how this repository's tests are run.
        journal: where the results are kept.
        probe: folder of the runner's own files, the same path inside and outside.
        test_seconds: limit of a single test.
        limits: of a whole run; its seconds are replaced by those asked for.
    """

    __test__ = False

    def __init__(
        self,
        places: Places,
        snapshots: SnapshotStore,
        runner: TestRunner,
        journal: RunStore,
        *,
        probe: Path,
        test_seconds: float,
        limits: Limits,
    ) -> None:
        self.places = places
        self.snapshots = snapshots
        self.runner = runner
        self.executions = 0
        self._journal = journal
        self._probe = probe
        self._test_seconds = test_seconds
        self._limits = limits
        self._running: dict[str, asyncio.Task[TestReport]] = {}

    async def run(
        self, snapshot: str, tests: Sequence[str], *, seconds: float, coverage: bool = False, repetition: int = 0
    ) -> TestReport:
        """What `tests` (ids or files; empty for all) do on `snapshot`.

        Args:
            snapshot: what is tested.
            tests: ids or files.
            seconds: limit of the whole run.
            coverage: whether to record executed lines per test.
            repetition: tells wanted repetitions apart.
        """
        question = [
            self.snapshots.commit_of(snapshot).tree,
            self.runner.name,
            list(tests),
            coverage,
            seconds,
            self._test_seconds,
        ]
        fingerprint = hashlib.sha256(json.dumps(question).encode()).hexdigest()
        key = f"{fingerprint}/{repetition}"
        task = self._running.get(key)
        if task is None:
            task = asyncio.create_task(
                self._answer(fingerprint, snapshot, tests, seconds=seconds, coverage=coverage, repetition=repetition)
            )
            self._running[key] = task
            task.add_done_callback(lambda _: self._running.pop(key, None))
        return await asyncio.shield(task)

    async def _answer(
        self, fingerprint: str, snapshot: str, tests: Sequence[str], *, seconds: float, coverage: bool, repetition: int
    ) -> TestReport:
        recorded = self._journal.lookup_execution(TESTS, fingerprint, repetition)
        if recorded is not None:
            return REPORTS.validate_json(zlib.decompress(recorded.report or b""))
        async with self.places.at(snapshot) as place:
            report, result = await self._execute(place, tests, seconds, coverage)
        self.executions += 1
        if result.stopped == "disk":
            raise InfrastructureError("running the tests filled the disk limit", hint="free space or raise the limit")
        await asyncio.to_thread(
            self._journal.record_execution,
            ExecutionRecord(
                TESTS,
                fingerprint,
                repetition,
                kind="tests",
                command={"tests": list(tests), "snapshot": snapshot, "coverage": coverage},
                result={
                    "passed": len(report.passed),
                    "failed": len(report.failed),
                    "problem": report.problem,
                    "exit_code": result.exit_code,
                    "stopped": result.stopped,
                    "output": result.output[-4000:],
                },
                report=zlib.compress(REPORTS.dump_json(report)),
                seconds=result.seconds,
            ),
        )
        return report

    async def _execute(
        self, place: Place, tests: Sequence[str], seconds: float, coverage: bool
    ) -> tuple[TestReport, CommandResult]:
        report = place.reports / "report.jsonl"
        report.unlink(missing_ok=True)
        wanted = self.runner.command(
            tests, per_test_seconds=self._test_seconds, coverage=coverage, probe=str(self._probe), report=str(report)
        )
        limits = Limits(seconds, self._limits.memory, self._limits.processes, self._limits.disk, self._limits.output)
        result = await place.sandbox.run(
            Command(wanted.argv, cwd=wanted.cwd, env=dict(wanted.env), stdin=wanted.stdin, limits=limits)
        )
        data = await asyncio.to_thread(_read_bounded, report)
        return self.runner.parse(data, result.output, result.exit_code, tests=tests), result


def place_probe(runner: TestRunner, probe: Path) -> None:
    """Writes the runner's own files to the folder `probe`."""
    probe.mkdir(parents=True, exist_ok=True)
    command = runner.command((), per_test_seconds=1, coverage=False, probe=str(probe), report=str(probe / "unused"))
    for name, content in command.files.items():
        path = probe / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _read_bounded(path: Path) -> bytes:
    """A regular file's first MAX_REPORT_BYTES; nothing for a link, a device, or a file that is not there."""
    if path.is_symlink() or not path.is_file():
        return b""
    with path.open("rb") as handle:
        return handle.read(MAX_REPORT_BYTES)
