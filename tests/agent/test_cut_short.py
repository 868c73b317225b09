"""A second run of the base that is stopped before any test was found says nothing about the tests."""

from __future__ import annotations

from agent.execution.baseline import CUT_SHORT, _second
from tools.testing.types import TestOutcome, TestReport, merge_baseline

ASKED = ("tests/test_a.py::test_one", "tests/test_a.py")


def report(statuses: dict[str, str], problem: str = "") -> TestReport:
    return TestReport({test: TestOutcome(test, status) for test, status in statuses.items()}, problem=problem)  # type: ignore[arg-type]


def test_a_run_stopped_before_collection_makes_nothing_flaky() -> None:
    first = report({"tests/test_a.py::test_one": "failed", "tests/test_a.py::test_two": "passed"})
    stopped = report(dict.fromkeys(ASKED, "missing"), CUT_SHORT)
    baseline = merge_baseline([first, _second(first, stopped, frozenset({"timeout"}), ASKED)])
    assert baseline.passing == ("tests/test_a.py::test_two",)
    assert baseline.flaky == ()


def test_a_test_that_a_stopped_run_found_gone_is_flaky() -> None:
    first = report({"tests/test_a.py::test_one": "failed", "tests/test_a.py::test_two": "passed"})
    stopped = report({"tests/test_a.py::test_one": "missing", "tests/test_a.py::test_three": "missing"}, CUT_SHORT)
    baseline = merge_baseline([first, _second(first, stopped, frozenset({"timeout"}), ASKED)])
    assert "tests/test_a.py::test_two" in baseline.flaky
