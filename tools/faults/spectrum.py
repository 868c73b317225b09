"""How many failing and passing tests execute each line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field

from tools.testing.naming import is_test_support
from tools.testing.types import Status, TestReport

RAN_AND_FAILED: frozenset[Status] = frozenset({"failed", "error", "timeout"})
Line = tuple[str, int]


@dataclass(frozen=True)
class Spectrum:
    """The hit spectrum of a program.

    Attributes:
        failing: number of failing tests with coverage.
        passing: number of passing tests with coverage.
        failing_hits: (path, line) -> failing tests that execute it.
        passing_hits: (path, line) -> passing tests that execute it.
    """

    failing: int = 0
    passing: int = 0
    failing_hits: Counter[Line] = field(default_factory=Counter)
    passing_hits: Counter[Line] = field(default_factory=Counter)

    @property
    def discriminates(self) -> bool:
        """Whether passing tests execute some of what failing tests execute."""
        return any(line in self.passing_hits for line in self.failing_hits)


def build_spectrum(
    reports: TestReport | Iterable[TestReport],
    *,
    failing: Collection[str] | None = None,
    leave_out: Callable[[str], bool] = is_test_support,
) -> Spectrum:
    """The spectrum of one or more runs with coverage.

    Args:
        reports: of the same snapshot.
        failing: the failures that count; all when None. Other failing tests then count for nothing: they may have
            causes of their own.
        leave_out: whether a path is no place for the fault; tests and their helpers by default.
    """
    runs = [reports] if isinstance(reports, TestReport) else list(reports)
    spectrum = Spectrum()
    totals = {True: 0, False: 0}
    for report in runs:
        for test, coverage in report.coverage.items():
            status = report.status(test)
            if status == "passed":
                failed = False
            elif status in RAN_AND_FAILED and (failing is None or test in failing):
                failed = True
            else:
                continue
            totals[failed] += 1
            hits = spectrum.failing_hits if failed else spectrum.passing_hits
            hits.update((path, line) for path, lines in coverage.items() if not leave_out(path) for line in lines)
    return Spectrum(totals[True], totals[False], spectrum.failing_hits, spectrum.passing_hits)


def failures_of(reports: Iterable[TestReport], failing: Collection[str] | None) -> Iterator[tuple[TestReport, str]]:
    """The failing tests that count, with the report each is in."""
    for report in reports:
        for test, outcome in report.outcomes.items():
            if outcome.status in RAN_AND_FAILED and (failing is None or test in failing):
                yield report, test
