"""The baseline: the tests of the base, run twice, once with the lines that each executes."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from agent.execution.testbench import CUT_SHORT, TestBench
from tools.errors import InputError
from tools.testing.types import Baseline, Status, TestOutcome, TestReport, merge_baseline

PACE = 2.0
"""A run may take this many times as long as its tests took on the base: on a busy machine one differs from the next."""
HANGING = 1 / 3
"""The share of the first run's seconds that one test may take."""
TRACED_SECONDS = 15.0
"""The run that records lines may take this long, or as long as the first run if that is more: lines of some of the
passing tests are enough."""
ALONE_SECONDS = 60.0
"""The failing tests, run by themselves, may always take this long: without their lines there is nothing to go by."""
TRACED_TEST_SECONDS = 2.0
"""Limit of one test in it, times the slowdown of the recording, when it is told where to record."""
WHOLE_COMMAND = "command"
"""The one test of a command whose output nobody can read."""
CANNOT_START = ("exit code 126", "exit code 127")

Focus = Mapping[str, Collection[int]]


@dataclass(frozen=True)
class Measured:
    """What is known of the base.

    Attributes:
        baseline: what passes, fails and is flaky.
        report: with the lines that tests execute, where the runner records them.
        regression: the test files or ids to watch: those asked for, or the tests that the first run reached.
        seconds: limit of a later run.
    """

    baseline: Baseline
    report: TestReport
    regression: tuple[str, ...]
    seconds: float


async def measure(
    bench: TestBench,
    base: str,
    failing: Sequence[str],
    regression: Sequence[str],
    *,
    seconds: float,
    focus: Focus | None = None,
) -> Measured:
    """Runs the base twice; the second run records lines where the runner can.

    It records all that the failing tests execute, and of the others what lies in the functions that the failing tests
    execute, or in those of `focus`. Its limit is the pace of the first run, since recording is slow. Tests that a limit
    kept from their end have one run only; those that neither run reached, or that hang in the first, are not watched.

    Args:
        bench: runs tests.
        base: the unchanged snapshot.
        failing: tests known to show the problem.
        regression: test files or ids to watch; empty for all tests.
        seconds: limit of the first run.
        focus: path -> lines: where to record when no failing tests are known; without it where the tests do that fail
            in the first run.

    Raises:
        InputError: the test command cannot be started, or does not end.
    """
    tests = tuple(dict.fromkeys((*failing, *regression))) if regression else ()
    each = min(bench.test_seconds, HANGING * seconds)
    first = await bench.run(base, tests, seconds=seconds, test_seconds=each)
    _refuse_unusable(first, seconds)
    watched = tuple(regression)
    if first.problem == CUT_SHORT:
        reached = {test: outcome for test, outcome in first.outcomes.items() if outcome.status != "missing"}
        first = replace(first, outcomes=reached)
    hangs = any(outcome.status == "timeout" for outcome in first.outcomes.values())
    if (first.problem == CUT_SHORT or hangs) and bench.runner.selects and _known(first):
        tests = tuple(_known(first))
        watched = tuple(test for test in tests if test not in failing)
    pace = sum(min(max(outcome.seconds, 0.0), each) for outcome in first.outcomes.values())  # some tests turn the clock
    limit = seconds if PACE * pace <= seconds else round_up(PACE * pace)
    if bench.runner.covers:
        known = failing or (ended(merge_baseline([first]).failing, first) if focus is None else ())
        report, second = await _traced(bench, base, known, tests, first, focus=focus, seconds=limit, pace=pace)
    else:
        report = second = await bench.run(base, tests, seconds=limit, test_seconds=each, repetition=1)
        second = _second(first, second, frozenset(), tests)
    runs = [first, second] if first.problem != CUT_SHORT or _known(first) else [second]
    return Measured(merge_baseline(runs), report, watched, limit)


async def _traced(
    bench: TestBench,
    base: str,
    failing: Sequence[str],
    tests: Sequence[str],
    first: TestReport,
    *,
    focus: Focus | None,
    seconds: float,
    pace: float,
) -> tuple[TestReport, TestReport]:
    """The base with coverage: all that is known, and what counts as a second run."""
    alone = TestReport()
    if failing:
        alone = await bench.run(base, failing, seconds=max(seconds, ALONE_SECONDS), coverage=True)
        focus = lines_of(alone)
    traced = await trace(bench, base, tests, seconds=min(seconds, max(TRACED_SECONDS, pace)), focus=focus)
    second = _second(first, traced, frozenset({"timeout"}), tests)  # recording is slow
    seen = _known(alone, frozenset()) if alone.problem == CUT_SHORT else alone.outcomes
    outcomes, coverage = {**second.outcomes, **seen}, {**traced.coverage, **alone.coverage}
    return replace(traced, outcomes=outcomes, coverage=coverage), second


async def trace(
    bench: TestBench, base: str, tests: Sequence[str], *, seconds: float, focus: Focus | None
) -> TestReport:
    """What tests execute, as many as there is time for: `seconds` in all, and little for one when there is a focus."""
    return await bench.run(
        base,
        tests,
        seconds=round_up(seconds),
        coverage=True,
        focus=focus,
        test_seconds=None if focus is None else TRACED_TEST_SECONDS,
    )


def lines_of(report: TestReport) -> dict[str, set[int]]:
    """All that the tests of a report execute, by path."""
    lines: dict[str, set[int]] = {}
    for covered in report.coverage.values():
        for path, hit in covered.items():
            lines.setdefault(path, set()).update(hit)
    return lines


def ended(failing: Sequence[str], report: TestReport) -> tuple[str, ...]:
    """Those of the failing tests that came to an end; all when none did."""
    return tuple(test for test in failing if report.status(test) not in ("timeout", "missing")) or tuple(failing)


def _second(first: TestReport, again: TestReport, unclear: frozenset[Status], asked: Sequence[str]) -> TestReport:
    """A second run, where what a limit kept from its end is as in the first; a test that it does not know is flaky."""
    known = _known(again, unclear)
    # what was asked for is missing also when the limit came before the runner had found any test
    collected = any(outcome.status == "missing" for test, outcome in again.outcomes.items() if test not in asked)
    kept = again.outcomes.keys() - known.keys()
    if again.problem == CUT_SHORT and not collected:  # the runner does not say what it would have run
        kept |= first.outcomes.keys() - known.keys()
    filled = {test: outcome for test, outcome in first.outcomes.items() if test in kept}
    return replace(again, outcomes={**filled, **known}, problem=first.problem)


def _known(report: TestReport, unclear: frozenset[Status] = frozenset({"timeout"})) -> dict[str, TestOutcome]:
    """The outcomes of a run but those of tests that a limit kept from their end."""
    if report.problem == CUT_SHORT:
        unclear |= {"missing"}
    return {test: outcome for test, outcome in report.outcomes.items() if outcome.status not in unclear}


def round_up(seconds: float) -> float:
    """A limit of few different values: the same question is asked again after an interruption."""
    return 2.0 ** math.ceil(math.log2(max(seconds, 1.0)))


def _refuse_unusable(report: TestReport, seconds: float) -> None:
    """A command that never says anything about the code judges no patch."""
    outcome = report.outcomes.get(WHOLE_COMMAND)
    if outcome is None or len(report.outcomes) > 1:
        return
    if report.problem == CUT_SHORT:
        hint = "give one that ends, or more time: TREEWRIGHT_REGRESSION_SECONDS"
        raise InputError(f"the test command did not end within {seconds:g} s on the base", hint=hint)
    if outcome.exception in CANNOT_START:
        said = outcome.message.strip().splitlines()
        raise InputError(
            f"the test command cannot be run: {said[-1] if said else outcome.exception}", hint="check --test"
        )
