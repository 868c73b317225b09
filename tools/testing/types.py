"""What running tests takes and says: commands, outcomes, reports, baselines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

Status = Literal["passed", "failed", "error", "skipped", "xfailed", "xpassed", "timeout", "missing"]

FAILURES: frozenset[Status] = frozenset({"failed", "error", "timeout", "missing"})
"""The statuses that count against a snapshot. Skipped, xfailed and xpassed count neither for nor against."""

MAX_REPORT_BYTES = 256 * 2**20
"""How much of a report is worth reading back; the probe stays below it by itself."""


@dataclass(frozen=True)
class Frame:
    """One frame of a traceback inside the repository: path relative to its root, 1-based line."""

    path: str
    line: int
    function: str = ""


@dataclass(frozen=True)
class TestOutcome:
    """What one test did.

    Attributes:
        id: as the runner names it, usable in `TestRunner.command(tests=...)`; a test file that could not be
            collected has an outcome of its own, with the file (or module) as its id and status "error".
        seconds: of set-up, call and tear-down together.
        message: the traceback or reason, bounded (about 8,000 characters, head and tail).
        exception: "Type: first line of its text" of what ended the test; empty when nothing did.
        frames: frames of the failure inside the repository, outermost first, the crash last.
    """

    __test__ = False
    id: str
    status: Status
    seconds: float = 0.0
    message: str = ""
    exception: str = ""
    frames: tuple[Frame, ...] = ()


Coverage = Mapping[str, Mapping[str, frozenset[int]]]
"""Test id -> path relative to the repository -> the lines it executed."""


@dataclass(frozen=True)
class TestReport:
    """What a run of tests did, with what makes it untrustworthy.

    Attributes:
        outcomes: by test id, in the order in which they ran.
        problem: empty, or why this is less than the whole truth: "no tests", "crashed: ...",
            "collection failed: ...", "exit code 0 although tests failed", ...
        coverage: per test, the lines executed in set-up, call and tear-down.
        import_coverage: lines executed outside of any test: imports, collection.
    """

    __test__ = False
    outcomes: Mapping[str, TestOutcome] = field(default_factory=dict)
    problem: str = ""
    coverage: Coverage = field(default_factory=dict)
    import_coverage: Mapping[str, frozenset[int]] = field(default_factory=dict)

    def status(self, test: str) -> Status:
        """The status of `test`; a test the report does not have is missing, never passed."""
        outcome = self.outcomes.get(test)
        return outcome.status if outcome else "missing"

    def having(self, *statuses: Status) -> tuple[str, ...]:
        """The ids of the tests that ended in one of `statuses`, in the order in which they ran."""
        return tuple(test for test, outcome in self.outcomes.items() if outcome.status in statuses)

    @property
    def passed(self) -> tuple[str, ...]:
        """The ids of the tests that passed."""
        return self.having("passed")

    @property
    def failed(self) -> tuple[str, ...]:
        """The ids of the tests that count against the snapshot."""
        return self.having(*FAILURES)


@dataclass(frozen=True)
class TestCommand:
    """One command that runs tests, to be executed in a sandbox.

    Attributes:
        argv: the program and its arguments.
        env: variables to set besides the sandbox's own.
        stdin: what the command reads; the probe takes its options from here, then closes it for the tests.
        cwd: relative to the workspace.
        files: name -> content, to be placed in the folder given as `probe`, outside of the workspace and read-only
            for the command. The same for every command of a runner, so that one folder serves them all.
        report: the path the report is written to, as given.
    """

    __test__ = False
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    stdin: bytes = b""
    cwd: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)
    report: str = ""


class TestRunner(Protocol):
    """A way to run the tests of a repository. Executes nothing itself."""

    @property
    def name(self) -> str:
        """One of "pytest", "unittest", "django", "sympy", "command"."""
        ...

    @property
    def covers(self) -> bool:
        """Whether it can record which lines each test executes."""
        ...

    @property
    def selects(self) -> bool:
        """Whether it can run single tests; else `tests` is ignored and everything runs."""
        ...

    def command(
        self, tests: Sequence[str] = (), *, per_test_seconds: float, coverage: bool, probe: str, report: str
    ) -> TestCommand:
        """The command that runs `tests`.

        Args:
            tests: test ids and test files (relative to the workspace); empty for all.
            per_test_seconds: after which a test is stopped, with status "timeout"; set-up, call and tear-down each.
                Four times as long with coverage before Python 3.12, where recording lines is slow.
            coverage: whether to record the lines each test executes; ignored by runners that cannot.
            probe: the folder with `TestCommand.files`, as the command sees it.
            report: the file to write the report to, as the command sees it; its folder exists and is writable.
        """
        ...

    def parse(self, report: bytes, output: str, exit_code: int, *, tests: Sequence[str] = ()) -> TestReport:
        """What the run did.

        Args:
            report: the content of the report file; empty when there is none.
            output: what the command printed, maybe cut.
            exit_code: of the command; 128 + signal as in shells.
            tests: what was asked for; what of it the report lacks is reported as missing.
        """
        ...


@dataclass(frozen=True)
class Baseline:
    """How the tests behave before any change.

    Attributes:
        passing: passed in every run.
        failing: passed in no run, and failed in at least one.
        flaky: passed in some runs only.
        seconds: mean seconds of each test.
        problems: the distinct problems of the runs.
    """

    passing: tuple[str, ...] = ()
    failing: tuple[str, ...] = ()
    flaky: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def merge_baseline(reports: Iterable[TestReport]) -> Baseline:
    """What repeated runs of the same tests on the same snapshot agree on.

    A test that some runs lack is flaky when it passed in another. Tests that are only ever skipped,
    xfailed or xpassed are in none of the three groups.
    """
    runs = list(reports)
    tests = list(dict.fromkeys(test for run in runs for test in run.outcomes))
    groups: dict[str, list[str]] = {"passing": [], "failing": [], "flaky": []}
    seconds: dict[str, float] = {}
    for test in tests:
        statuses = [run.status(test) for run in runs]
        times = [run.outcomes[test].seconds for run in runs if test in run.outcomes]
        seconds[test] = sum(times) / len(times)
        passed = statuses.count("passed")
        if passed == len(runs):
            groups["passing"].append(test)
        elif passed:
            groups["flaky"].append(test)
        elif any(status in FAILURES for status in statuses):
            groups["failing"].append(test)
    return Baseline(
        tuple(groups["passing"]),
        tuple(groups["failing"]),
        tuple(groups["flaky"]),
        seconds,
        tuple(dict.fromkeys(run.problem for run in runs if run.problem)),
    )


def regressions(baseline: Baseline, report: TestReport, tests: Iterable[str] | None = None) -> tuple[str, ...]:
    """The tests that passed on the baseline and do not now.

    Args:
        baseline: of the unchanged repository.
        report: of the changed one.
        tests: those that were run; all passing ones of the baseline when None.
            A test skipped, xfailed or absent from the report has not passed.
    """
    passing = set(baseline.passing)
    wanted = baseline.passing if tests is None else [test for test in tests if test in passing]
    return tuple(test for test in wanted if report.status(test) != "passed")


def repaired(baseline: Baseline, report: TestReport) -> tuple[str, ...]:
    """The tests that failed on the baseline and pass now."""
    return tuple(test for test in baseline.failing if report.status(test) == "passed")
