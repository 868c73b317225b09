"""What the second run of a baseline says of tests that a limit kept from their end."""

from agent.execution.baseline import _second
from agent.execution.testbench import CUT_SHORT
from tools.testing.types import Status, TestOutcome, TestReport, merge_baseline

RECORDING: frozenset[Status] = frozenset({"timeout"})


def report(problem: str = "", **statuses: Status) -> TestReport:
    return TestReport({test: TestOutcome(test, status, 1.0) for test, status in statuses.items()}, problem)


def flaky(
    first: TestReport, again: TestReport, unclear: frozenset[Status] = frozenset(), asked: tuple[str, ...] = ()
) -> tuple[str, ...]:
    return merge_baseline([first, _second(first, again, unclear, asked)]).flaky


def test_a_test_that_is_not_reached_in_the_second_run_is_as_in_the_first() -> None:
    first = report(a="passed", b="passed", c="failed")
    assert flaky(first, report(CUT_SHORT, a="passed", b="missing", c="missing")) == ()
    assert flaky(first, report(CUT_SHORT, a="passed")) == ()


def test_a_test_that_the_second_run_does_not_know_is_flaky() -> None:
    first = report(a="passed", b="passed")
    assert flaky(first, report(a="passed")) == ("b",)
    assert flaky(first, report(CUT_SHORT, a="missing", c="missing")) == ("b",)


def test_a_time_limit_of_one_test_says_something_only_where_nothing_was_recorded() -> None:
    first = report(a="passed")
    assert flaky(first, report(a="timeout")) == ("a",)
    assert flaky(first, report(a="timeout"), RECORDING) == ()
