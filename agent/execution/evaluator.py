"""The evaluator: what the tests say of the base, and then of every candidate."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from agent.execution.testbench import TestBench
from agent.work import Evaluation, Work
from tools.checks import check_changes
from tools.snapshots import Change, SnapshotFiles, SnapshotStore
from tools.testing.naming import is_test_file
from tools.testing.types import Baseline, TestReport, merge_baseline, regressions

Origin = Literal["given", "baseline", "reproduction"]

BASELINE_RUNS = 2
MAX_OUTPUT = 6000
FORESEEN_SECONDS = 5.0
SLOWER = 10.0
"""A target that takes this many times as long as on the base is taken to be in an endless loop."""
RUNNER_FILES = frozenset({"conftest.py", "pytest.ini", "tox.ini", "setup.cfg", "noxfile.py", "sitecustomize.py"})


@dataclass(frozen=True)
class Target:
    """A test that should go from failing to passing.

    Attributes:
        id: in the runner's naming.
        origin: given by the user, found failing in the baseline, or written to reproduce the issue.
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
        regression: test files (or ids) that are run to see what breaks.
        baseline: how the regression tests behave on the base.
        report: of the base, with coverage where the runner records it.
    """

    targets: tuple[Target, ...] = ()
    regression: tuple[str, ...] = ()
    baseline: Baseline = field(default_factory=Baseline)
    report: TestReport = field(default_factory=TestReport)


class Evaluator:
    """Judges snapshots by the tests of the base and the targets, whatever a candidate did to test files.

    Args:
        seconds: limit of one run of the regression tests.
    """

    def __init__(self, bench: TestBench, snapshots: SnapshotStore, *, seconds: float) -> None:
        self._bench = bench
        self._snapshots = snapshots
        self._seconds = seconds
        self.suite = Suite()

    async def measure_base(self, failing: Sequence[str], regression: Sequence[str], *, coverage: bool) -> Suite:
        """Runs the base twice, finds what passes, fails and is flaky, and sets the suite.

        Args:
            failing: tests known to show the problem.
            regression: test files or ids to watch; empty for all tests.
            coverage: whether executed lines are wanted, which costs time.
        """
        base = self._snapshots.base
        tests = tuple(dict.fromkeys((*failing, *regression))) if regression else ()
        first = await self._bench.run(
            base, tests, seconds=self._seconds, coverage=coverage and self._bench.runner.covers
        )
        runs = [first]
        for repetition in range(1, BASELINE_RUNS):
            runs.append(await self._bench.run(base, tests, seconds=self._seconds, repetition=repetition))
        baseline = merge_baseline(runs)
        wanted = tuple(failing)
        targets = tuple(Target(test, "given") for test in wanted)
        self.suite = Suite(targets, tuple(regression), baseline, first)
        return self.suite

    def adopt_failures(self) -> None:
        """Makes the tests that fail on the base the targets."""
        found = tuple(Target(test, "baseline") for test in self.suite.baseline.failing)
        self.suite = replace(self.suite, targets=found)

    def add_target(self, target: Target) -> None:
        """Adds a test that was seen to fail on the base."""
        self.suite = replace(self.suite, targets=(*self.suite.targets, target))

    async def run_on_base(self, files: Mapping[str, bytes], tests: Sequence[str]) -> TestReport:
        """What new test files do on the base."""
        snapshot = await self._with_files(self._snapshots.base, files)
        return await self._bench.run(snapshot, tests, seconds=self._seconds)

    async def evaluate(self, work: Work) -> Work:
        """`work` with its evaluation.

        The regression tests are run only when a target passes or there is none: what fixes
        nothing is not worth them.
        """
        judged = await self._judged(work.snapshot)
        targets, report = await self._targets(judged)
        evaluation = Evaluation(targets=targets, findings=await asyncio.to_thread(self._findings, work.snapshot))
        output = _excerpt(report, [test for test, status in targets.items() if status != "passed"])
        if not targets or "passed" in targets.values():
            evaluation, broken_output = await self._regressions(judged, evaluation)
            output = f"{output}\n{broken_output}".strip()
        return replace(work, evaluation=replace(evaluation, output=output[:MAX_OUTPUT]))

    async def foresee(self, parent: str, snapshots: Sequence[str]) -> None:
        """Runs the targets on several small edits of `parent` at once; `evaluate` then has less to do."""
        if any(target.files for target in self.suite.targets) or not self.suite.targets:
            return
        ids = [target.id for target in self.suite.targets]
        slowest = max(self.suite.baseline.seconds.get(test, 0.0) for test in ids)
        limit = min(self._bench.test_seconds, max(FORESEEN_SECONDS, SLOWER * slowest))
        await self._bench.foresee(parent, snapshots, ids, seconds=self._seconds, test_seconds=limit)

    async def _targets(self, judged: str) -> tuple[dict[str, str], TestReport]:
        ids = [target.id for target in self.suite.targets]
        if not ids:
            return {}, TestReport()
        report = await self._bench.run(judged, ids, seconds=self._seconds)
        return {test: report.status(test) for test in ids}, report

    async def _regressions(self, judged: str, evaluation: Evaluation) -> tuple[Evaluation, str]:
        targets = {target.id for target in self.suite.targets}
        watched = [test for test in self.suite.baseline.passing if test not in targets]
        if not watched:
            return replace(evaluation, regressions_run=True), ""
        report = await self._bench.run(judged, self.suite.regression, seconds=self._seconds)
        broken = regressions(self.suite.baseline, report, watched)
        if broken:
            again = await self._bench.run(judged, self.suite.regression, seconds=self._seconds, repetition=1)
            broken = tuple(test for test in broken if again.status(test) != "passed")
        held = len(watched) - len(broken)
        problem = report.problem if broken else ""
        return (
            replace(evaluation, held=held, broken=broken, regressions_run=True, problem=problem),
            _excerpt(report, broken[:5]),
        )

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

    def _findings(self, snapshot: str) -> tuple[str, ...]:
        base, after = self._snapshots.base, SnapshotFiles(self._snapshots, snapshot)
        changes = {
            path: after.read(path) if after.exists(path) else None
            for path in self._snapshots.changed_paths(base, snapshot)
        }
        return tuple(str(finding) for finding in check_changes(SnapshotFiles(self._snapshots, base), changes))


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
