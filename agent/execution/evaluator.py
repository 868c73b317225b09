"""The evaluator: what the tests say of the base, and then of every candidate."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from typing import Literal

from agent.execution.baseline import TRACED_SECONDS, ended, lines_of, measure, round_up, trace
from agent.execution.statics import Statics
from agent.execution.testbench import FileEdit, TestBench
from agent.work import Evaluation, Work
from tools.faults.suspicious import by_line, suspicious_lines
from tools.mechanical.hot import hot_function
from tools.mechanical.knockouts import knockouts
from tools.mechanical.propose import parse
from tools.snapshots import Change, SnapshotFiles, SnapshotStore
from tools.testing.naming import is_test_file
from tools.testing.types import Baseline, TestReport, regressions

Origin = Literal["given", "baseline", "reproduction", "control", "distinguishing"]

MAX_OUTPUT = 6000
SCREENED_SECONDS = 3.0
SLOWER = 10.0
"""A target that takes this many times as long as on the base is taken to be in an endless loop."""
CHEAP_SECONDS = 5.0
"""Regression tests that take longer together are run in two portions."""
RUNNER_FILES = frozenset({"conftest.py", "pytest.ini", "tox.ini", "setup.cfg", "noxfile.py", "sitecustomize.py"})


@dataclass(frozen=True)
class Target:
    """A test that should go from failing to passing, or, a control, keep passing.

    Attributes:
        id: in the runner's naming.
        origin: given by the user, found failing in the baseline, written to reproduce the issue, written beside such a
            test and passing on the base, or written to tell finalists apart.
        files: test files it needs that the base does not have.
    """

    id: str
    origin: Origin
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Suite:
    """The tests that judge candidates.

    Attributes:
        targets: fail on the base, should pass.
        distinguishing: pass on some finalists and fail on others.
        controls: were written beside targets, pass on the base, and should go on to pass.
        regression: test files (or ids) that are run to see what breaks.
        baseline: how the regression tests behave on the base.
        report: of the base, with coverage where the runner records it.
    """

    targets: tuple[Target, ...] = ()
    regression: tuple[str, ...] = ()
    baseline: Baseline = field(default_factory=Baseline)
    report: TestReport = field(default_factory=TestReport)
    distinguishing: tuple[Target, ...] = ()
    controls: tuple[Target, ...] = ()

    @property
    def tests(self) -> tuple[Target, ...]:
        """All tests that are evidence by themselves, the regression tests left out."""
        return (*self.targets, *self.controls, *self.distinguishing)


class Evaluator:
    """Judges snapshots by the tests of the base and the targets, whatever a candidate did to test files.

    Args:
        seconds: limit of one run of the regression tests; where those of the base take long, later runs get more.
    """

    def __init__(self, bench: TestBench, snapshots: SnapshotStore, *, seconds: float) -> None:
        self._bench = bench
        self._snapshots = snapshots
        self._seconds = seconds
        self._statics = Statics(bench.places, snapshots, bench.journal)
        self.suite = Suite()

    async def measure_base(
        self,
        failing: Sequence[str],
        regression: Sequence[str],
        *,
        focus: Mapping[str, Collection[int]] | None = None,
    ) -> Suite:
        """Runs the base twice, finds what passes, fails and is flaky, and sets the suite; see `measure`."""
        found = await measure(
            self._bench, self._snapshots.base, failing, regression, seconds=self._seconds, focus=focus
        )
        self._seconds = found.seconds
        targets = tuple(Target(test, "given") for test in failing)
        self.suite = Suite(targets, found.regression, found.baseline, found.report)
        return self.suite

    def adopt_failures(self) -> None:
        """Makes the tests that fail on the base the targets; those that hang only when no other fails."""
        failing = ended(self.suite.baseline.failing, self.suite.report)
        found = tuple(Target(test, "baseline") for test in failing)
        self.suite = replace(self.suite, targets=found)

    def add_written(self, targets: Sequence[Target], controls: Sequence[Target]) -> None:
        """Adds tests that were seen to fail on the base, and those of the same files that were seen to pass there."""
        suite = self.suite
        self.suite = replace(suite, targets=(*suite.targets, *targets), controls=(*suite.controls, *controls))

    def add_distinguishing(self, targets: Sequence[Target]) -> None:
        """Adds tests that were seen to tell finalists apart."""
        self.suite = replace(self.suite, distinguishing=(*self.suite.distinguishing, *targets))

    async def tell_apart(self, work: Work) -> Work:
        """Evaluated `work` with what the distinguishing tests say of it."""
        tests = self.suite.distinguishing
        if work.evaluation is None or not tests:
            return work
        files = {path: content for target in tests for path, content in target.files.items()}
        report = await self.run_with(work.snapshot, files, [target.id for target in tests])
        statuses = {target.id: report.status(target.id) for target in tests}
        return replace(work, evaluation=replace(work.evaluation, distinguishing=statuses))

    async def run_with(self, snapshot: str, files: Mapping[str, bytes], tests: Sequence[str]) -> TestReport:
        """What new test files do on a candidate, with the base's own tests and test configuration."""
        judged = await self._with_files(await self._judged(snapshot), files)
        return self._new(await self._bench.run(judged, tests, seconds=self._seconds), tests)

    async def run_on_base(self, files: Mapping[str, bytes], tests: Sequence[str]) -> TestReport:
        """What new test files do on the base."""
        snapshot = await self._with_files(self._snapshots.base, files)
        return self._new(await self._bench.run(snapshot, tests, seconds=self._seconds), tests)

    def _new(self, report: TestReport, asked: Sequence[str]) -> TestReport:
        """Of a runner that always runs all tests, those that the base does not have: they are in the new files."""
        if self._bench.runner.selects:
            return report
        known = {*self.suite.report.outcomes, *asked}
        return replace(report, outcomes={test: found for test, found in report.outcomes.items() if test not in known})

    async def evaluate(self, work: Work) -> Work:
        """`work` with its evaluation.

        The regression tests are run only when a target passes or there is none: what fixes
        nothing is not worth them.
        """
        judged = await self._judged(work.snapshot)
        report = await self._written(judged)
        targets, controls = (
            {test.id: report.status(test.id) for test in tests} for tests in (self.suite.targets, self.suite.controls)
        )
        evaluation = Evaluation(targets=targets, controls=controls)
        output = _excerpt(report, [test for test, status in (targets | controls).items() if status != "passed"])
        if not targets or "passed" in targets.values():
            evaluation, broken_output = await self._regressions(judged, evaluation)
            output = f"{output}\n{broken_output}".strip()
        thorough = evaluation.regressions_run and not work.enumerated  # templates make up no names
        findings, undefined = await self._statics.findings(work.snapshot, thorough=thorough)
        constant = work.enumerated and evaluation.plausible and await self._constant_suffices(judged)
        evaluation = replace(evaluation, findings=findings, undefined=undefined, constant=constant)
        return await self.tell_apart(replace(work, evaluation=replace(evaluation, output=output[:MAX_OUTPUT])))

    @property
    def screens(self) -> bool:
        """Whether `screen` is possible."""
        written = any(target.files for target in self.suite.targets)
        return self._bench.screens and bool(self.suite.targets) and not written

    async def screen(self, parent: str, edits: Sequence[FileEdit]) -> list[TestReport]:
        """What the targets do on each of several small edits of `parent`, cheaply; see `TestBench.screen`."""
        ids = [target.id for target in self.suite.targets]
        slowest = max(self.suite.baseline.seconds.get(test, 0.0) for test in ids)
        limit = min(self._bench.test_seconds, max(SCREENED_SECONDS, SLOWER * slowest))
        return await self._bench.screen(parent, edits, ids, test_seconds=round_up(limit))

    async def suspicion(self) -> dict[str, dict[int, float]]:
        """How suspicious the lines are that the targets execute on the base, by path; empty when that is not known.

        Targets that were written are run once more with their lines recorded, and then the passing tests, for a short
        time, in the functions that the targets execute.
        """
        suite, base = self.suite, self._snapshots.base
        failing = {target.id for target in suite.targets}
        if not failing or not self._bench.runner.covers:
            return {}
        files = {path: content for target in suite.targets for path, content in target.files.items()}
        reports = [suite.report]
        fresh = sorted(failing - suite.report.coverage.keys())
        snapshot = await self._with_files(base, files)
        if fresh:
            alone = await self._bench.run(snapshot, fresh, seconds=self._seconds, coverage=True)
            reports = [alone]
            if suite.baseline.passing and alone.coverage:
                limit = min(self._seconds, TRACED_SECONDS)
                focus = lines_of(alone)
                reports.append(await trace(self._bench, base, suite.regression, seconds=limit, focus=focus))
        reader = SnapshotFiles(self._snapshots, snapshot)
        return await asyncio.to_thread(lambda: by_line(suspicious_lines(reports, failing=failing, files=reader)))

    async def locate(self, snapshot: str) -> TestReport:
        """The failing targets' outcomes and lines at `snapshot`; the passing tests' lines as on the base, moved along.

        A test that passes on the base and was not seen to fail at `snapshot` is taken to execute the same lines.
        """
        suite = self.suite
        if snapshot == self._snapshots.base:
            return suite.report
        ids = [target.id for target in suite.targets]
        now = await self._bench.run(snapshot, ids, seconds=self._seconds, coverage=True)
        moved = await asyncio.to_thread(self._moved_coverage, snapshot)
        return replace(
            suite.report,
            outcomes={**suite.report.outcomes, **now.outcomes},
            coverage={**moved, **now.coverage},
        )

    def _moved_coverage(self, snapshot: str) -> dict[str, dict[str, frozenset[int]]]:
        base, after = SnapshotFiles(self._snapshots, self._snapshots.base), SnapshotFiles(self._snapshots, snapshot)
        lines: dict[str, dict[int, int]] = {}
        for path in self._snapshots.changed_paths(self._snapshots.base, snapshot):
            if base.exists(path) and after.exists(path):
                old, new = base.read(path).splitlines(), after.read(path).splitlines()
                blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
                lines[path] = {i + k + 1: j + k + 1 for i, j, size in blocks for k in range(size)}
        return {
            test: {
                path: frozenset(lines[path][each] for each in hit if each in lines[path]) if path in lines else hit
                for path, hit in covered.items()
            }
            for test, covered in self.suite.report.coverage.items()
        }

    async def _constant_suffices(self, judged: str) -> bool:
        """Whether a constant in the place of what is new passes all tests as well."""
        base = self._snapshots.base
        paths = await asyncio.to_thread(self._snapshots.changed_paths, base, judged)
        if len(paths) != 1 or not self.screens:
            return False
        edits = await asyncio.to_thread(self._knockouts, paths[0], judged)
        targets = [target.id for target in self.suite.targets]
        reports = await self.screen(base, edits) if edits else []
        for edit, report in zip(edits, reports, strict=True):
            if all(report.status(test) == "passed" for test in targets):
                changes = {edit.path: Change(edit.content)}
                snapshot = await asyncio.to_thread(self._snapshots.commit, base, changes, subject="a constant instead")
                evaluation, _ = await self._regressions(snapshot, Evaluation())
                if not evaluation.broken:
                    return True
        return False

    def _knockouts(self, path: str, judged: str) -> list[FileEdit]:
        files = [SnapshotFiles(self._snapshots, snapshot) for snapshot in (self._snapshots.base, judged)]
        before, after = (parse(path, each.read(path)) if each.exists(path) else None for each in files)
        if before is None or after is None:
            return []
        edits = knockouts(before, after)
        found = [(source.edited(edit), hot_function(source, edit)) for source, edit in edits]
        return [FileEdit(path, content, hot) for content, hot in found if content is not None]

    async def _written(self, judged: str) -> TestReport:
        ids = [test.id for test in (*self.suite.targets, *self.suite.controls)]
        return await self._bench.run(judged, ids, seconds=self._seconds) if ids else TestReport()

    async def _regressions(self, judged: str, evaluation: Evaluation) -> tuple[Evaluation, str]:
        targets = {target.id for target in self.suite.targets}
        watched = [test for test in self.suite.baseline.passing if test not in targets]
        affected = await asyncio.to_thread(self._affected, judged, watched)
        if not affected:
            return replace(evaluation, held=len(watched), regressions_run=True), ""
        for tests in self._portions(affected, every=len(affected) == len(watched)):
            report = await self._bench.run(judged, tests, seconds=self._seconds)
            asked = affected if tests == self.suite.regression else tests
            broken = regressions(self.suite.baseline, report, asked)
            if broken:
                again = await self._bench.run(judged, tests, seconds=self._seconds, repetition=1)
                broken = tuple(test for test in broken if again.status(test) != "passed")
            if broken:
                break
        held = len(watched) - len(broken)
        problem = report.problem if broken else ""
        return (
            replace(evaluation, held=held, broken=broken, regressions_run=True, problem=problem),
            _excerpt(report, broken[:5]),
        )

    def _portions(self, affected: Sequence[str], *, every: bool) -> list[tuple[str, ...]]:
        """The tests in the order in which they are run: where they take long the cheapest first, by themselves."""
        seconds = self.suite.baseline.seconds
        ranked = sorted(affected, key=lambda test: seconds.get(test, 0.0))
        if every and sum(seconds.get(test, 0.0) for test in ranked) < CHEAP_SECONDS:
            return [self.suite.regression]
        cheap, total = 0, 0.0
        while cheap < len(ranked) and total + seconds.get(ranked[cheap], 0.0) < CHEAP_SECONDS:
            total += seconds.get(ranked[cheap], 0.0)
            cheap += 1
        return [tuple(part) for part in (ranked[:cheap], ranked[cheap:]) if part]

    def _affected(self, judged: str, watched: Sequence[str]) -> Sequence[str]:
        """Those of `watched` that execute a changed line; all of them when that is not known."""
        coverage = self.suite.report.coverage
        hunks = self._hunks(judged) if coverage else []
        for path, lines in hunks:
            if not any(lines & covered.get(path, frozenset()) for covered in coverage.values()):
                return watched  # what runs at import is on no test's lines
        if not hunks:
            return watched
        return [
            test
            for test in watched
            if test not in coverage or any(lines & coverage[test].get(path, frozenset()) for path, lines in hunks)
        ]

    def _hunks(self, snapshot: str) -> list[tuple[str, frozenset[int]]]:
        """The lines of the base around each change."""
        base, after = SnapshotFiles(self._snapshots, self._snapshots.base), SnapshotFiles(self._snapshots, snapshot)
        found = []
        for path in self._snapshots.changed_paths(self._snapshots.base, snapshot):
            if not base.exists(path) or not after.exists(path):
                return []
            old, new = base.read(path).splitlines(), after.read(path).splitlines()
            for tag, start, end, _, _ in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
                if tag != "equal":
                    lines = range(start, end + 2) if tag == "insert" else range(start + 1, end + 1)
                    found.append((path, frozenset(lines)))
        return found

    async def _judged(self, snapshot: str) -> str:
        """`snapshot` with the base's own tests and test configuration, and the targets' files."""
        base = SnapshotFiles(self._snapshots, self._snapshots.base)
        changed = await asyncio.to_thread(self._snapshots.changed_paths, self._snapshots.base, snapshot)
        restored = {
            path: Change(base.read(path) if base.exists(path) else None) for path in changed if _is_protected(path)
        }
        files = {path: content for target in self.suite.targets for path, content in target.files.items()}
        return await self._with_files(snapshot, files, restored)

    async def _with_files(
        self, snapshot: str, files: Mapping[str, bytes], changes: Mapping[str, Change] | None = None
    ) -> str:
        every = dict(changes or {}) | {path: Change(content) for path, content in files.items()}
        if not every:
            return snapshot
        return await asyncio.to_thread(self._snapshots.commit, snapshot, every, subject="as judged")


def _is_protected(path: str) -> bool:
    return is_test_file(path) or path.rpartition("/")[2] in RUNNER_FILES


def _excerpt(report: TestReport, tests: Sequence[str]) -> str:
    parts = []
    for test in tests[:5]:
        outcome = report.outcomes.get(test)
        parts.append(f"{report.status(test).upper()} {test}\n{outcome.message if outcome else ''}".strip())
    if report.problem:
        parts.append(f"problem: {report.problem}")
    return "\n\n".join(part[: MAX_OUTPUT // 2] for part in parts)
