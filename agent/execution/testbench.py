"""The test bench: runs tests on snapshots, once for each question."""

from __future__ import annotations

import asyncio
import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from agent.execution.places import Place, Places
from agent.store.records import ExecutionRecord
from agent.store.store import RunStore
from environments.base import Command, CommandResult, Limits
from tools.errors import InfrastructureError
from tools.snapshots import SnapshotStore
from tools.testing.runners.probed import ProbeRunner
from tools.testing.types import MAX_REPORT_BYTES, TestReport, TestRunner

REPORTS: TypeAdapter[TestReport] = TypeAdapter(TestReport)
TESTS = "tests"
STARTING_SECONDS = 20.0
"""For the interpreter, the framework and the imports of the tests."""


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
        self.test_seconds = test_seconds
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
        fingerprint = self._fingerprint(snapshot, tests, coverage, seconds)
        key = f"{fingerprint}/{repetition}"
        task = self._running.get(key)
        if task is None:
            task = asyncio.create_task(
                self._answer(fingerprint, snapshot, tests, seconds=seconds, coverage=coverage, repetition=repetition)
            )
            self._running[key] = task
            task.add_done_callback(lambda _: self._running.pop(key, None))
        return await asyncio.shield(task)

    async def foresee(
        self, parent: str, snapshots: Sequence[str], tests: Sequence[str], *, seconds: float, test_seconds: float
    ) -> None:
        """Runs `tests` on several snapshots in one go, so that `run` knows the answers.

        Does nothing where the runner cannot; what has an answer already is not run again.

        Args:
            parent: the snapshot that the others are small edits of: they change the content of existing files.
            snapshots: what is tested.
            tests: ids or files.
            seconds: as for `run`.
            test_seconds: limit of a single test; may be less than that of the bench, to give up on endless loops soon.
        """
        if not isinstance(self.runner, ProbeRunner) or not self.runner.batches:
            return
        questions = {self._fingerprint(snapshot, tests, False, seconds): snapshot for snapshot in snapshots}
        wanted = {
            key: snapshot
            for key, snapshot in questions.items()
            if self._journal.lookup_execution(TESTS, key, 0) is None
        }
        if not wanted:
            return
        versions = await asyncio.to_thread(lambda: [self._changes(parent, snapshot) for snapshot in wanted.values()])
        async with self.places.at(parent) as place:
            paths = [place.reports / f"report-{number}.jsonl" for number in range(len(wanted))]
            for path in (*paths, *map(_exit_file, paths)):
                path.unlink(missing_ok=True)
            each = min(seconds, STARTING_SECONDS + test_seconds * len(tests))
            command = self.runner.batch(
                versions,
                tests,
                per_test_seconds=test_seconds,
                seconds=each,
                probe=str(self._probe),
                reports=[str(path) for path in paths],
            )
            limits = replace(self._limits, seconds=STARTING_SECONDS + each * len(wanted))
            result = await place.sandbox.run(
                Command(command.argv, cwd=command.cwd, env=dict(command.env), stdin=command.stdin, limits=limits)
            )
            data = [(_read_bounded(path), _read_bounded(_exit_file(path))) for path in paths]
        for (key, snapshot), (report, code) in zip(wanted.items(), data, strict=True):
            if not code.isdigit():  # it was not its turn: `run` runs it by itself
                continue
            self.executions += 1
            parsed = self.runner.parse(report, "", int(code), tests=tests)
            one = replace(result, exit_code=int(code), output="", stopped="", seconds=result.seconds / len(wanted))
            record = _record(key, 0, {"tests": list(tests), "snapshot": snapshot, "coverage": False}, parsed, one)
            await asyncio.to_thread(self._journal.record_execution, record)

    def _changes(self, parent: str, snapshot: str) -> dict[str, bytes]:
        return {path: self.snapshots.read(snapshot, path) for path in self.snapshots.changed_paths(parent, snapshot)}

    def _fingerprint(self, snapshot: str, tests: Sequence[str], coverage: bool, seconds: float) -> str:
        tree = self.snapshots.commit_of(snapshot).tree
        question = [tree, self.runner.name, list(tests), coverage, seconds, self.test_seconds]
        return hashlib.sha256(json.dumps(question).encode()).hexdigest()

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
        command = {"tests": list(tests), "snapshot": snapshot, "coverage": coverage}
        record = _record(fingerprint, repetition, command, report, result)
        await asyncio.to_thread(self._journal.record_execution, record)
        return report

    async def _execute(
        self, place: Place, tests: Sequence[str], seconds: float, coverage: bool
    ) -> tuple[TestReport, CommandResult]:
        report = place.reports / "report.jsonl"
        report.unlink(missing_ok=True)
        wanted = self.runner.command(
            tests, per_test_seconds=self.test_seconds, coverage=coverage, probe=str(self._probe), report=str(report)
        )
        limits = Limits(seconds, self._limits.memory, self._limits.processes, self._limits.disk, self._limits.output)
        result = await place.sandbox.run(
            Command(wanted.argv, cwd=wanted.cwd, env=dict(wanted.env), stdin=wanted.stdin, limits=limits)
        )
        data = await asyncio.to_thread(_read_bounded, report)
        return self.runner.parse(data, result.output, result.exit_code, tests=tests), result


def _record(
    fingerprint: str, repetition: int, command: Mapping[str, Any], report: TestReport, result: CommandResult
) -> ExecutionRecord:
    return ExecutionRecord(
        TESTS,
        fingerprint,
        repetition,
        kind="tests",
        command=dict(command),
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
    )


def _exit_file(report: Path) -> Path:
    return report.with_name(report.name + ".exit")


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
