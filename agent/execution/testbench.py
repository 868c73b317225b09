"""The test bench: runs tests on snapshots, once for each question."""

from __future__ import annotations

import asyncio
import hashlib
import json
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from agent.execution.memory import Journal
from agent.execution.places import Place, Places
from agent.store.records import ExecutionRecord
from environments.base import Command, CommandResult, Limits
from tools.errors import InfrastructureError
from tools.snapshots import SnapshotStore
from tools.testing.runners.probed import HotFunction, ProbeRunner
from tools.testing.stream import ENDED
from tools.testing.types import MAX_REPORT_BYTES, TestReport, TestRunner

REPORTS: TypeAdapter[TestReport] = TypeAdapter(TestReport)
SCREENED: TypeAdapter[list[TestReport]] = TypeAdapter(list[TestReport])
TESTS = "tests"
SCREENS = "screens"
CUT_SHORT = "stopped by the timeout limit"
"""The problem of a run that did not end within its limit."""
STARTING_SECONDS = 20.0
"""For the interpreter, the framework and the imports of the tests."""


@dataclass(frozen=True)
class FileEdit:
    """One file of a snapshot with other content.

    Attributes:
        path: relative to the repository's root.
        content: the whole file, edited.
        hot: the function that it changes, when it changes nothing else.
    """

    path: str
    content: bytes
    hot: HotFunction | None = None


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
        journal: Journal,
        *,
        probe: Path,
        test_seconds: float,
        limits: Limits,
    ) -> None:
        self.places = places
        self.snapshots = snapshots
        self.runner = runner
        self.executions = 0
        self.journal = journal
        self._probe = probe
        self.test_seconds = test_seconds
        self._limits = limits
        self._running: dict[str, asyncio.Task[TestReport]] = {}

    async def run(
        self,
        snapshot: str,
        tests: Sequence[str],
        *,
        seconds: float,
        coverage: bool = False,
        focus: Mapping[str, Collection[int]] | None = None,
        test_seconds: float | None = None,
        repetition: int = 0,
    ) -> TestReport:
        """What `tests` (ids or files; empty for all) do on `snapshot`.

        Args:
            snapshot: what is tested.
            tests: ids or files.
            seconds: limit of the whole run.
            coverage: whether to record executed lines per test.
            focus: path -> lines: record only the functions that hold one of them.
            test_seconds: limit of a single test, when it is another than that of the bench.
            repetition: tells wanted repetitions apart.
        """
        fingerprint = self._fingerprint(snapshot, tests, coverage, seconds, focus, test_seconds=test_seconds)
        key = f"{fingerprint}/{repetition}"
        task = self._running.get(key)
        if task is None:
            task = asyncio.create_task(
                self._answer(
                    fingerprint,
                    snapshot,
                    tests,
                    seconds=seconds,
                    coverage=coverage,
                    focus=focus,
                    test_seconds=test_seconds or self.test_seconds,
                    repetition=repetition,
                )
            )
            self._running[key] = task
            task.add_done_callback(lambda _: self._running.pop(key, None))
        return await asyncio.shield(task)

    @property
    def screens(self) -> bool:
        """Whether `screen` is possible."""
        return isinstance(self.runner, ProbeRunner) and self.runner.batches

    async def screen(
        self, parent: str, edits: Sequence[FileEdit], tests: Sequence[str], *, test_seconds: float
    ) -> list[TestReport]:
        """What `tests` do on each of several small edits of `parent`, found out in one go.

        Edits of function bodies are made in memory, in forks of a process that has collected the tests; what counts
        should be seen once more by `run`. What was not reached has an empty report with the problem "not run".

        Args:
            parent: the snapshot that is edited.
            edits: one changed file each.
            tests: ids or files.
            test_seconds: limit of a single test.
        """
        digests = [f"{edit.path} {hashlib.sha256(edit.content).hexdigest()}" for edit in edits]
        question = [self.snapshots.commit_of(parent).tree, self.runner.name, list(tests), digests, test_seconds]
        fingerprint = hashlib.sha256(json.dumps(question).encode()).hexdigest()
        recorded = self.journal.lookup_execution(SCREENS, fingerprint, 0)
        if recorded is not None:
            return SCREENED.validate_json(zlib.decompress(recorded.report or b""))
        reports, seconds = await self._screen(parent, edits, tests, test_seconds)
        runs = sum(report.problem != "not run" for report in reports)
        self.executions += runs
        passing = sum(bool(report.outcomes) and not report.failed for report in reports)
        record = ExecutionRecord(
            SCREENS,
            fingerprint,
            0,
            kind="tests",
            command={"tests": list(tests), "snapshot": parent, "edits": len(edits)},
            result={"runs": runs, "passing": passing},
            report=zlib.compress(SCREENED.dump_json(reports)),
            seconds=seconds,
        )
        await asyncio.to_thread(self.journal.record_execution, record)
        return reports

    async def _screen(
        self, parent: str, edits: Sequence[FileEdit], tests: Sequence[str], test_seconds: float
    ) -> tuple[list[TestReport], float]:
        runner = self.runner
        assert isinstance(runner, ProbeRunner)
        each = STARTING_SECONDS + test_seconds * len(tests)
        async with self.places.at(parent) as place:
            paths = [place.reports / f"report-{number}.jsonl" for number in range(len(edits))]
            for path in (*paths, *map(_exit_file, paths)):
                path.unlink(missing_ok=True)
            command = runner.batch(
                [{edit.path: edit.content} for edit in edits],
                tests,
                per_test_seconds=test_seconds,
                seconds=each,
                probe=str(self._probe),
                reports=[str(path) for path in paths],
                hot=[edit.hot for edit in edits],
            )
            limits = replace(self._limits, seconds=STARTING_SECONDS + each * len(edits))
            result = await place.sandbox.run(
                Command(command.argv, cwd=command.cwd, env=dict(command.env), stdin=command.stdin, limits=limits)
            )
            data = await asyncio.to_thread(lambda: [(_read_bounded(p), _read_bounded(_exit_file(p))) for p in paths])
        reports = []
        for report, code in data:
            ended = code.isdigit()
            parsed = runner.parse(report, "", int(code), tests=tests) if ended else TestReport(problem="not run")
            reports.append(_seen_from_root(place, parsed))
        return reports, result.seconds

    def _fingerprint(
        self,
        snapshot: str,
        tests: Sequence[str],
        coverage: bool,
        seconds: float,
        focus: Mapping[str, Collection[int]] | None,
        *,
        test_seconds: float | None,
    ) -> str:
        tree = self.snapshots.commit_of(snapshot).tree
        question: list[Any] = [
            tree,
            self.runner.name,
            list(tests),
            coverage,
            seconds,
            test_seconds or self.test_seconds,
        ]
        if focus is not None:
            question.append({path: sorted(lines) for path, lines in sorted(focus.items())})
        return hashlib.sha256(json.dumps(question).encode()).hexdigest()

    async def _answer(
        self,
        fingerprint: str,
        snapshot: str,
        tests: Sequence[str],
        *,
        seconds: float,
        coverage: bool,
        focus: Mapping[str, Collection[int]] | None,
        test_seconds: float,
        repetition: int,
    ) -> TestReport:
        recorded = self.journal.lookup_execution(TESTS, fingerprint, repetition)
        if recorded is not None:
            return REPORTS.validate_json(zlib.decompress(recorded.report or b""))
        async with self.places.at(snapshot) as place:
            report, result = await self._execute(place, tests, seconds, coverage, focus, test_seconds=test_seconds)
        self.executions += 1
        if result.stopped == "disk":
            raise InfrastructureError("running the tests filled the disk limit", hint="free space or raise the limit")
        command = {"tests": list(tests), "snapshot": snapshot, "coverage": coverage}
        record = _record(fingerprint, repetition, command, report, result)
        await asyncio.to_thread(self.journal.record_execution, record)
        return report

    async def _execute(
        self,
        place: Place,
        tests: Sequence[str],
        seconds: float,
        coverage: bool,
        focus: Mapping[str, Collection[int]] | None,
        *,
        test_seconds: float,
    ) -> tuple[TestReport, CommandResult]:
        report = place.reports / "report.jsonl"
        report.unlink(missing_ok=True)
        wanted = self.runner.command(
            tests, per_test_seconds=test_seconds, coverage=coverage, probe=str(self._probe), report=str(report)
        )
        if focus is not None and isinstance(self.runner, ProbeRunner):
            wanted = self.runner.focused(wanted, focus)
        limits = Limits(seconds, self._limits.memory, self._limits.processes, self._limits.disk, self._limits.output)
        result = await place.sandbox.run(
            Command(wanted.argv, cwd=wanted.cwd, env=dict(wanted.env), stdin=wanted.stdin, limits=limits)
        )
        data = await asyncio.to_thread(_read_bounded, report)
        parsed = _seen_from_root(place, self.runner.parse(data, result.output, result.exit_code, tests=tests))
        if result.stopped == "timeout":
            parsed = _cut_short(parsed)
        elif result.stopped and not parsed.problem:
            parsed = replace(parsed, problem=f"stopped by the {result.stopped} limit")
        return parsed, result


def _seen_from_root(place: Place, report: TestReport) -> TestReport:
    outcomes = {
        test: replace(outcome, message=place.from_root(outcome.message), exception=place.from_root(outcome.exception))
        for test, outcome in report.outcomes.items()
    }
    return replace(report, outcomes=outcomes, problem=place.from_root(report.problem))


def _cut_short(report: TestReport) -> TestReport:
    """A run that its limit ended: of the test that was under way as little is known as of those it did not reach."""
    outcomes = {
        test: replace(outcome, status="missing", message="") if outcome.exception.startswith(ENDED) else outcome
        for test, outcome in report.outcomes.items()
    }
    return replace(report, outcomes=outcomes, problem=CUT_SHORT)


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
