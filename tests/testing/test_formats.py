import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.testing.formats import Reading, worst
from tools.testing.formats.cargo import read_cargo
from tools.testing.formats.gotest import read_gotest
from tools.testing.formats.jest import read_jest
from tools.testing.formats.junit import read_junit
from tools.testing.formats.minitest import read_minitest
from tools.testing.formats.tap import read_tap
from tools.testing.runners.command import read_any
from tools.testing.types import Frame, Status, TestOutcome

RECORDED = Path(__file__).parent / "recorded"


def recorded(name: str) -> str:
    return (RECORDED / name).read_text()


def statuses(reading: Reading) -> dict[str, Status]:
    return {outcome.id: outcome.status for outcome in reading.outcomes}


def test_cargo() -> None:
    reading = read_cargo(recorded("cargo.txt"))
    assert statuses(reading) == {
        "src/lib.rs::tests::prints": "passed",
        "src/lib.rs::tests::slow": "skipped",
        "src/lib.rs::tests::squares": "passed",
        "src/lib.rs::tests::panics": "passed",
        "src/lib.rs::tests::wrong": "failed",
        "tests/whole.rs::whole": "passed",
        "shapes::src/lib.rs - area (line 3)": "passed",
    }
    assert reading.problem == ""
    wrong = next(outcome for outcome in reading.outcomes if outcome.status == "failed")
    assert wrong.frames == (Frame("src/lib.rs", 13),)
    assert "three times three" in wrong.exception


def test_cargo_with_a_forged_line_or_a_crash_disagrees_with_itself() -> None:
    text = recorded("cargo.txt")
    forged = text.replace("test tests::wrong ... FAILED", "test tests::wrong ... FAILED\ntest tests::more ... ok")
    assert read_cargo(forged).problem == "the results of src/lib.rs disagree with its summary"
    assert read_cargo(text[: text.index("failures:")]).problem == "crashed: src/lib.rs did not finish"


def test_tap_of_node_with_subtests() -> None:
    reading = read_tap(recorded("node_tap.txt"))
    assert statuses(reading) == {
        "adds": "passed",
        "fails": "failed",
        "skipped": "skipped",
        "todo": "xfailed",
        "group > inner ok": "passed",
        "group > inner fails": "failed",
    }
    assert reading.problem == ""
    fails = {outcome.id: outcome for outcome in reading.outcomes}
    assert fails["fails"].exception == "2 == 3"
    assert fails["group > inner fails"].exception == "boom"
    assert fails["fails"].seconds > 0


def test_tap_of_mocha_and_a_plan_that_is_not_met() -> None:
    text = recorded("mocha_tap.txt")
    assert list(statuses(read_tap(text)).values()) == ["passed", "failed", "skipped", "passed"]
    assert read_tap(text).problem == ""
    assert read_tap(text.replace("1..4", "1..6")).problem == "plan not met: 2 results too few"
    assert read_tap("TAP version 13\nok 1 - a\nBail out! no database\n1..1\n").problem == "Bail out! no database"


def test_a_failing_suite_whose_tests_all_pass_is_a_failure_itself() -> None:
    text = "TAP version 14\n    ok 1 - inner\n    1..1\nnot ok 1 - outer\n1..1\n"
    assert statuses(read_tap(text)) == {"outer > inner": "passed", "outer": "failed"}


def test_junit_of_node_and_mocha() -> None:
    reading = read_junit(recorded("node_junit.xml"))
    assert statuses(reading) == {
        "test::adds": "passed",
        "test::fails": "failed",
        "test::skipped": "skipped",
        "test::todo": "skipped",
        "test::inner ok": "passed",
        "test::inner fails": "failed",
    }
    mocha = read_junit(recorded("mocha_xunit.xml"))
    assert statuses(mocha) == {
        "sum::adds": "passed",
        "sum::fails": "failed",
        "sum::skipped": "skipped",
        "sum deep::inner": "passed",
    }
    assert mocha.outcomes[-1].seconds > 0.1
    assert mocha.problem == ""


def test_several_junit_documents_between_other_output() -> None:
    one = '<?xml version="1.0"?>\n<testsuite name="a.T"><testcase name="x" classname="a.T" time="1,000.5"/></testsuite>'
    two = '<testsuite name="b.T"><testcase name="y"><error type="E" message="m">t</error></testcase></testsuite>'
    reading = read_junit(f"building\n{one}\nmore\n{two}\n")
    assert statuses(reading) == {"a.T::x": "passed", "b.T::y": "error"}
    assert reading.outcomes[0].seconds == 1000.5
    assert reading.outcomes[1].exception == "E: m"
    cut = read_junit(one + two[:60])
    assert statuses(cut) == {"a.T::x": "passed"}
    assert "not readable" in cut.problem


def test_jest_and_vitest() -> None:
    jest = read_jest(recorded("jest.json"), "/project")
    assert statuses(jest) == {
        "__tests__/sum.test.js::sum adds": "passed",
        "__tests__/sum.test.js::sum fails": "failed",
        "__tests__/sum.test.js::sum skipped": "skipped",
        "__tests__/sum.test.js::sum later": "skipped",
        "__tests__/broken.test.js": "error",
    }
    assert jest.problem == ""
    assert statuses(read_jest(recorded("vitest.json"), "/project")) == {
        "a.test.mjs::adds": "passed",
        "a.test.mjs::fails": "failed",
    }
    broken = json.loads(recorded("jest.json"))
    broken["numTotalTests"] = 9
    assert read_jest(json.dumps(broken, separators=(",", ":"))).problem == "the report of Jest has 4 of 9 tests"


def test_go_events() -> None:
    # written after the documentation of test2json
    events = [
        {"Action": "run", "Package": "m/a", "Test": "TestOK"},
        {"Action": "output", "Package": "m/a", "Test": "TestOK", "Output": "=== RUN   TestOK\n"},
        {"Action": "pass", "Package": "m/a", "Test": "TestOK", "Elapsed": 0.25},
        {"Action": "run", "Package": "m/a", "Test": "TestSub/one"},
        {"Action": "output", "Package": "m/a", "Test": "TestSub/one", "Output": "    a_test.go:9: got 1\n"},
        {"Action": "fail", "Package": "m/a", "Test": "TestSub/one", "Elapsed": 0},
        {"Action": "run", "Package": "m/a", "Test": "TestSkip"},
        {"Action": "skip", "Package": "m/a", "Test": "TestSkip", "Elapsed": 0},
        {"Action": "run", "Package": "m/a", "Test": "TestPanics"},
        {"Action": "fail", "Package": "m/a", "Elapsed": 0.3},
        {"Action": "output", "Package": "m/b", "Output": "b.go:3:1: syntax error\n"},
        {"Action": "fail", "Package": "m/b", "Elapsed": 0},
    ]
    reading = read_gotest("# building\n" + "\n".join(json.dumps(event, separators=(",", ":")) for event in events))
    assert statuses(reading) == {
        "m/a::TestOK": "passed",
        "m/a::TestSub/one": "failed",
        "m/a::TestSkip": "skipped",
        "m/a::TestPanics": "error",
        "m/b": "error",
    }
    assert "got 1" in reading.outcomes[1].message
    assert "syntax error" in reading.outcomes[-1].message


def test_minitest() -> None:
    reading = read_minitest(recorded("minitest.txt"), "/project")
    assert statuses(reading) == {
        "Shapes#test_0001_knows roots # and names": "passed",
        "ShapesTest#test_slow": "skipped",
        "ShapesTest#test_raises": "error",
        "ShapesTest#test_wrong": "failed",
        "ShapesTest#test_prints": "passed",
        "ShapesTest#test_squares": "passed",
    }
    assert reading.problem == ""
    found = {outcome.id: outcome for outcome in reading.outcomes}
    assert found["ShapesTest#test_raises"].exception == "ArgumentError: negative: -1"
    assert found["ShapesTest#test_raises"].frames == (
        Frame("test/test_shapes.rb", 14, "test_raises"),
        Frame("lib/shapes.rb", 7, "root"),
    )
    assert found["ShapesTest#test_wrong"].frames == (Frame("test/test_shapes.rb", 10),)
    assert "three times three" in found["ShapesTest#test_wrong"].message
    assert found["ShapesTest#test_slow"].message == "takes too long"


def test_minitest_that_was_cut_quiet_or_forged_disagrees_with_itself() -> None:
    text = recorded("minitest.txt")
    assert read_minitest(text[: text.index("\n6 runs")]).problem == "crashed: minitest did not finish"
    forged = text.replace(
        "ShapesTest#test_squares = 0", "ShapesTest#test_more = 0.00 s = .\nShapesTest#test_squares = 0"
    )
    assert "disagree with its summary" in read_minitest(forged).problem
    quiet = "......\n\n6 runs, 6 assertions, 0 failures, 0 errors, 0 skips\n"
    assert read_any(quiet) == Reading()  # passes or fails as a whole, by its exit code
    assert read_minitest(text + quiet).problem == ""  # each file once more, by itself
    assert "disagree" in read_minitest(text + quiet.replace("0 errors", "1 errors")).problem


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("cargo.txt", 7),
        ("minitest.txt", 6),
        ("node_tap.txt", 6),
        ("mocha_tap.txt", 4),
        ("node_junit.xml", 6),
        ("jest.json", 5),
    ],
)
def test_the_format_is_recognised(name: str, count: int) -> None:
    assert len(read_any("some output before\n" + recorded(name)).outcomes) == count


@given(st.text() | st.binary().map(lambda data: data.decode("utf-8", "replace")))
def test_no_text_breaks_the_readers(text: str) -> None:
    for read in (read_any, read_cargo, read_gotest, read_jest, read_junit, read_minitest, read_tap):
        assert isinstance(read(text), Reading)


@given(
    st.integers(0, 3000), st.sampled_from(["cargo.txt", "minitest.txt", "node_tap.txt", "node_junit.xml", "jest.json"])
)
def test_a_cut_report_never_turns_a_failure_into_a_pass(cut: int, name: str) -> None:
    whole = {outcome.id: outcome.status for outcome in read_any(recorded(name)).outcomes}
    for outcome in read_any(recorded(name)[:cut]).outcomes:
        known = whole.get(outcome.id)
        assert known is None or known == outcome.status or outcome.status != "passed"


def test_the_worst_of_equal_ids_counts() -> None:
    outcomes = [TestOutcome("a", "passed"), TestOutcome("a", "failed"), TestOutcome("a", "skipped")]
    assert worst(outcomes)["a"].status == "failed"
