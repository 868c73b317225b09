from pathlib import Path

import pytest
from running_tests import run, write

from tools.testing.runners.command import CommandRunner

PASSING = '<testsuite name="s"><testcase classname="c" name="a"/></testsuite>'
FAILING = (
    '<testsuite name="s"><testcase classname="c" name="a"><failure message="no">why</failure></testcase></testsuite>'
)


@pytest.mark.parametrize(("code", "status"), [(0, "passed"), (3, "failed")])
def test_a_command_without_a_report_is_one_test(tmp_path: Path, code: int, status: str) -> None:
    report = run(tmp_path, command=f"echo working; exit {code}")
    assert report.status("command") == status
    assert ("working" in report.outcomes["command"].message) == (code != 0)


def test_a_command_that_does_not_exist_fails_and_says_so(tmp_path: Path) -> None:
    report = run(tmp_path, command="no-such-command --test")
    assert report.status("command") == "failed"
    assert "not found" in report.outcomes["command"].message


def test_report_files_are_read_and_old_ones_are_not(tmp_path: Path) -> None:
    write(tmp_path, {"deep/target/surefire-reports/TEST-old.xml": PASSING, "new.xml": FAILING})
    script = "mkdir -p a/target/surefire-reports; cp new.xml a/target/surefire-reports/TEST-new.xml; exit 1"
    runner = CommandRunner(script, ("*/target/surefire-reports/TEST-*.xml",))
    report = run(tmp_path, runner=runner)
    assert {test: outcome.status for test, outcome in report.outcomes.items()} == {"c::a": "failed"}
    assert report.problem == ""


def test_exit_codes_that_disagree_are_problems(tmp_path: Path) -> None:
    write(tmp_path, {"pass.xml": PASSING, "fail.xml": FAILING})
    assert run(tmp_path, command="cat pass.xml; exit 1").problem == "crashed: exit code 1 although no test failed"
    assert run(tmp_path, command="cat fail.xml; exit 0").problem == "exit code 0 although tests failed"
    assert run(tmp_path, command="cat pass.xml; kill -9 $$").problem.startswith("crashed")


def test_what_the_report_lacks_is_missing(tmp_path: Path) -> None:
    write(tmp_path, {"pass.xml": PASSING})
    report = run(tmp_path, ["c::a", "c::b"], command="cat pass.xml && true")
    assert report.status("c::a") == "passed"
    assert report.status("c::b") == "missing"


def test_odd_paths_and_long_output_survive(tmp_path: Path) -> None:
    folder = write(tmp_path / "it's a folder", {"pass.xml": PASSING})
    report = run(folder, command="cat pass.xml; head -c 3000000 /dev/zero | tr '\\0' x")
    assert report.passed == ("c::a",)
