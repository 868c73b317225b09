from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from tools.testing.types import FAILURES, Status, TestOutcome, TestReport, merge_baseline, regressions, repaired

STATUSES: tuple[Status, ...] = ("passed", "failed", "error", "skipped", "xfailed", "xpassed", "timeout")


def report(problem: str = "", **statuses: Status) -> TestReport:
    return TestReport({test: TestOutcome(test, status, 1.0) for test, status in statuses.items()}, problem)


def test_a_test_that_passes_only_sometimes_is_flaky() -> None:
    baseline = merge_baseline([report(a="passed", b="failed", c="passed"), report(a="passed", b="failed", c="timeout")])
    assert (baseline.passing, baseline.failing, baseline.flaky) == (("a",), ("b",), ("c",))


def test_a_test_one_run_lacks_never_counts_as_passing() -> None:
    baseline = merge_baseline([report(a="passed", b="passed"), report("crashed: signal 11", a="passed")])
    assert (baseline.passing, baseline.flaky) == (("a",), ("b",))
    assert baseline.problems == ("crashed: signal 11",)


def test_seconds_are_the_mean_of_the_runs_that_have_the_test() -> None:
    runs = [
        TestReport({"a": TestOutcome("a", "passed", 1.0)}),
        TestReport({"a": TestOutcome("a", "passed", 3.0)}),
        TestReport(),
    ]
    assert merge_baseline(runs).seconds == {"a": 2.0}


def test_skipping_or_losing_a_passing_test_is_a_regression() -> None:
    baseline = merge_baseline([report(a="passed", b="passed", c="passed", d="passed", e="failed")])
    after = report(a="passed", b="skipped", c="xfailed", e="passed")
    assert regressions(baseline, after) == ("b", "c", "d")
    assert regressions(baseline, after, ["a", "d", "e"]) == ("d",)
    assert repaired(baseline, after) == ("e",)


@given(st.lists(st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(STATUSES)), min_size=1, max_size=4))
def test_the_groups_are_disjoint_and_sound(runs: list[Mapping[str, Status]]) -> None:
    reports = [report(**run) for run in runs]
    baseline = merge_baseline(reports)
    groups = [*baseline.passing, *baseline.failing, *baseline.flaky]
    assert len(groups) == len(set(groups))
    for test in baseline.passing:
        assert all(run.status(test) == "passed" for run in reports)
    for test in baseline.flaky:
        assert len({run.status(test) == "passed" for run in reports}) == 2
    for test in baseline.failing:
        assert any(run.status(test) in FAILURES for run in reports)
        assert not any(run.status(test) == "passed" for run in reports)
