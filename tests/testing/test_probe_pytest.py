import sys
from pathlib import Path

import pytest
from running_tests import run, write

from tools.files import FolderFiles
from tools.testing.runners.pytest import pytest_runner
from tools.testing.types import Frame, TestReport

PROJECT = {
    "shop/__init__.py": "",
    "shop/price.py": """\
        RATE = 2


        def total(prices):
            if not prices:
                raise ValueError("nothing to sum")
            return sum(prices) * RATE


        def unused():
            return 1
        """,
    "tests/test_price.py": """\
        import unittest

        import pytest
        from shop.price import total


        def test_sum():
            assert total([1, 2]) == 6

        def test_wrong():
            assert total([1]) == 3

        def test_empty():
            assert total([]) == 0

        @pytest.fixture
        def broken():
            raise OSError("no fixture")

        def test_fixture(broken):
            pass

        @pytest.fixture
        def leaves():
            yield
            raise OSError("no tear-down")

        def test_teardown(leaves):
            pass

        @pytest.mark.parametrize("text", ["a::b", "a b/c[", "é\\n", "-x"])
        def test_odd(text):
            assert text != "-x"

        @pytest.mark.xfail
        def test_xfail():
            assert 0

        @pytest.mark.xfail
        def test_xpass():
            pass

        @pytest.mark.xfail(strict=True)
        def test_strict():
            pass

        @pytest.mark.skip(reason="not today")
        def test_skip():
            pass

        class TestGroup:
            def test_inside(self):
                assert total([5]) == 10

        class Case(unittest.TestCase):
            def test_subs(self):
                for number in range(3):
                    with self.subTest(number=number):
                        self.assertEqual(number, 0)
        """,
}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return write(tmp_path, PROJECT)


def test_every_way_a_test_can_end_is_told_apart(shop: Path) -> None:
    report = run(shop, coverage=True)
    statuses = {test.removeprefix("tests/test_price.py::"): outcome.status for test, outcome in report.outcomes.items()}
    assert statuses == {
        "test_sum": "passed",
        "test_wrong": "failed",
        "test_empty": "failed",
        "test_fixture": "error",
        "test_teardown": "error",
        "test_odd[a::b]": "passed",
        "test_odd[a b/c[]": "passed",
        "test_odd[\\xe9\\n]": "passed",
        "test_odd[-x]": "failed",
        "test_xfail": "xfailed",
        "test_xpass": "xpassed",
        "test_strict": "failed",
        "test_skip": "skipped",
        "TestGroup::test_inside": "passed",
        "Case::test_subs": "failed",
    }
    assert report.problem == ""
    empty = report.outcomes["tests/test_price.py::test_empty"]
    assert empty.exception == "ValueError: nothing to sum"
    assert empty.frames == (Frame("tests/test_price.py", 14, "test_empty"), Frame("shop/price.py", 6, "total"))
    assert "nothing to sum" in empty.message
    subs = report.outcomes["tests/test_price.py::Case::test_subs"]
    assert subs.exception == "AssertionError: 1 != 0"
    assert [frame.line for frame in subs.frames] == [59]
    assert report.outcomes["tests/test_price.py::test_skip"].message.endswith("not today")
    assert report.coverage["tests/test_price.py::test_sum"]["shop/price.py"] == {5, 7}
    assert report.coverage["tests/test_price.py::test_empty"]["shop/price.py"] == {5, 6}
    assert {1, 4, 10} <= report.import_coverage["shop/price.py"]
    assert not any("site-packages" in path for files in report.coverage.values() for path in files)


def test_only_what_is_asked_for_runs_and_what_is_not_there_is_missing(shop: Path) -> None:
    asked = [
        "tests/test_price.py::test_odd[a::b]",
        "tests/test_price.py::TestGroup",
        "tests/test_price.py::test_gone",
        "tests/test_gone.py",
    ]
    report = run(shop, asked)
    assert {test: outcome.status for test, outcome in report.outcomes.items()} == {
        "tests/test_price.py::test_odd[a::b]": "passed",
        "tests/test_price.py::TestGroup::test_inside": "passed",
        "tests/test_price.py::test_gone": "missing",
        "tests/test_gone.py": "missing",
    }


def test_a_file_that_cannot_be_collected_does_not_hide_the_others(shop: Path) -> None:
    files = {
        "tests/test_syntax.py": "def test(:\n",
        "tests/test_import.py": "import nothing_like_it\n",
        "tests/test_optional.py": "import pytest\npytest.importorskip('nothing_like_it')\n",
    }
    report = run(write(shop, files))
    assert report.status("tests/test_optional.py") == "skipped"
    assert report.status("tests/test_syntax.py") == "error"
    assert "nothing_like_it" in report.outcomes["tests/test_import.py"].message
    assert report.status("tests/test_price.py::test_sum") == "passed"
    assert "collection failed: tests/test_import.py, tests/test_syntax.py" in report.problem


HANGS = """
    import time

    import pytest


    def test_sleeps():
        time.sleep(60)

    def test_swallows():
        for _ in range(99):
            try:
                time.sleep(60)
            except Exception:
                pass

    def test_computes():
        while True:
            pass

    @pytest.fixture
    def slow():
        time.sleep(60)

    def test_sets_up(slow):
        pass

    def test_last():
        pass
    """


def test_hanging_tests_are_stopped_and_the_next_ones_run(tmp_path: Path) -> None:
    report = run(write(tmp_path, {"test_hang.py": HANGS}), seconds=0.5)
    assert [outcome.status for outcome in report.outcomes.values()] == [*["timeout"] * 4, "passed"]
    assert all(outcome.frames[-1].path == "test_hang.py" for outcome in report.outcomes.values() if outcome.frames)
    assert report.outcomes["test_hang.py::test_sleeps"].exception == "TestTimeout: stopped after 0.5 s"
    assert report.problem == ""


CROWDED = """
    import os, subprocess, sys, time

    import pytest

    @pytest.fixture(scope="module", autouse=True)
    def crowd():
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        spin = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
        yield
        for each in spin:
            each.kill()

    def test_works_for_half_of_its_time():
        began, end = time.monotonic(), time.process_time() + 0.5
        while time.process_time() < end:
            pass
        assert time.monotonic() - began > 1.05, "it had a processor all the time"

    def test_works_for_ever():
        while True:
            pass

    def test_sleeps():
        time.sleep(60)
    """


def test_waiting_for_a_processor_is_not_being_slow(tmp_path: Path) -> None:
    report = run(write(tmp_path, {"test_crowd.py": CROWDED}), seconds=1)
    assert [outcome.status for outcome in report.outcomes.values()] == ["passed", "timeout", "timeout"]


def test_a_test_that_blocks_the_alarm_ends_the_run_with_its_traceback(tmp_path: Path) -> None:
    text = """
        import signal, time

        def test_before():
            pass

        def test_blocks():
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
            time.sleep(60)

        def test_after():
            pass
        """
    report = run(write(tmp_path, {"test_block.py": text}), seconds=0.5)
    assert [outcome.status for outcome in report.outcomes.values()] == ["passed", "timeout", "missing"]
    assert "test_block.py" in report.outcomes["test_block.py::test_blocks"].message
    assert report.problem.startswith("crashed")


@pytest.mark.parametrize(
    "how",
    ["os._exit(0)", "ctypes.string_at(0)", "os.kill(os.getpid(), 9)", "sys.exit(0)", "pytest.exit('enough')"],
)
def test_a_test_that_ends_the_process_never_makes_the_others_pass(tmp_path: Path, how: str) -> None:
    text = f"""
        import ctypes, os, pytest, sys

        def test_before():
            pass

        def test_ends():
            {how}

        def test_after():
            pass
        """
    report = run(write(tmp_path, {"test_end.py": text}))
    assert report.status("test_end.py::test_before") == "passed"
    if how == "sys.exit(0)":  # pytest takes it as a failure
        assert report.status("test_end.py::test_ends") == "failed"
        assert report.status("test_end.py::test_after") == "passed"
        return
    assert report.status("test_end.py::test_ends") in ("error", "missing")
    assert report.status("test_end.py::test_after") == "missing"
    assert report.problem
    if "ctypes" in how:
        assert "Segmentation fault" in report.outcomes["test_end.py::test_ends"].message


@pytest.mark.parametrize("last_word", ["os._exit(0)", "os.kill(os.getpid(), 11)"])
def test_an_exit_code_that_disagrees_is_a_problem(tmp_path: Path, last_word: str) -> None:
    text = f"""
        import atexit, os
        atexit.register(lambda: {last_word})

        def test_fails():
            assert 0
        """
    report = run(write(tmp_path, {"test_exit.py": text}))
    assert report.status("test_exit.py::test_fails") == "failed"
    assert report.problem.startswith("crashed: exit code")


def test_a_conftest_that_calls_failures_success_is_seen(tmp_path: Path) -> None:
    conftest = "def pytest_sessionfinish(session):\n    session.exitstatus = 0\n"
    report = run(write(tmp_path, {"conftest.py": conftest, "test_it.py": "def test_fails():\n    assert 0\n"}))
    assert report.problem == "exit code 0 although tests failed"


ODD_TESTS = {
    "mod.py": "def f():\n    return 1\n",
    "test_odd.py": """
        import os
        import sys
        import threading

        from mod import f


        def test_forks():
            if os.fork():
                os.wait()

        def test_takes_the_trace_function():
            sys.settrace(None)

        def test_after_that():
            assert f() == 1

        def test_thread():
            thread = threading.Thread(target=f)
            thread.start()
            thread.join()

        def test_flood():
            print("x" * 500_000)
            raise ValueError("y" * 500_000)

        def test_environment():
            assert os.read(0, 10) == b""
            assert not [name for name in os.environ if "TREEWRIGHT" in name.upper()]
            assert not [path for path in sys.path if "probe" in path]
        """,
}


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> TestReport:
    return run(write(tmp_path_factory.mktemp("odd"), ODD_TESTS), coverage=True)


def test_forked_children_do_not_write_to_the_report(odd: TestReport) -> None:
    assert odd.status("test_odd.py::test_forks") == "passed"
    assert odd.problem == ""


def test_a_flood_of_output_and_a_giant_message_stay_bounded(odd: TestReport) -> None:
    outcome = odd.outcomes["test_odd.py::test_flood"]
    assert len(outcome.message) < 9000
    assert len(outcome.exception) <= 500


def test_the_tests_see_an_empty_input_and_no_trace_of_the_options(odd: TestReport) -> None:
    assert odd.status("test_odd.py::test_environment") == "passed"


@pytest.mark.parametrize("test", ["test_after_that", "test_thread"])
def test_coverage_survives_threads_and_the_loss_of_the_trace_function(odd: TestReport, test: str) -> None:
    assert odd.coverage[f"test_odd.py::{test}"]["mod.py"] == {2}


def test_options_of_the_repository_that_hide_or_spread_tests_do_not(tmp_path: Path) -> None:
    files = {
        "pytest.ini": "[pytest]\naddopts = -n 2 -x --doctest-modules -q\n",
        "mod.py": 'def f():\n    """\n    >>> f()\n    2\n    """\n    return 1\n',
        "test_mod.py": "def test_a():\n    assert 0\n\ndef test_b():\n    assert 1\n",
    }
    report = run(write(tmp_path, files), coverage=True, env={})
    assert {test: outcome.status for test, outcome in report.outcomes.items()} == {
        "mod.py::mod.f": "failed",
        "test_mod.py::test_a": "failed",
        "test_mod.py::test_b": "passed",
    }
    assert report.coverage["mod.py::mod.f"] == {"mod.py": {6}}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mod.py", "pytest.ini", "test_mod.py"]


def test_a_conftest_that_reports_passes_is_not_believed(tmp_path: Path) -> None:
    conftest = """
        import pytest

        @pytest.hookimpl(hookwrapper=True)
        def pytest_runtest_makereport(item, call):
            outcome = yield
            outcome.get_result().outcome = "passed"
            outcome.get_result().longrepr = None
        """
    report = run(write(tmp_path, {"conftest.py": conftest, "test_it.py": "def test_fails():\n    assert 0\n"}))
    assert report.status("test_it.py::test_fails") == "failed"
    assert "a hook reported a pass" in report.outcomes["test_it.py::test_fails"].message
    assert report.problem == "exit code 0 although tests failed"


def test_a_conftest_that_drops_the_tests_asked_for_leaves_them_missing(tmp_path: Path) -> None:
    conftest = "def pytest_collection_modifyitems(items):\n    del items[0]\n"
    tests = "def test_fails():\n    assert 0\n\ndef test_passes():\n    pass\n"
    write(tmp_path, {"conftest.py": conftest, "test_it.py": tests})
    report = run(tmp_path, ["test_it.py::test_fails", "test_it.py::test_passes"])
    assert [report.status(f"test_it.py::test_{end}") for end in ("fails", "passes")] == ["missing", "passed"]


def test_ids_are_relative_to_the_repository_wherever_pytest_has_its_root(tmp_path: Path) -> None:
    write(tmp_path, {"sub/pytest.ini": "[pytest]\n", "sub/tests/test_a.py": "def test_a():\n    pass\n"})
    assert list(run(tmp_path, ["sub/tests/test_a.py"]).outcomes) == ["sub/tests/test_a.py::test_a"]
    there = run(tmp_path, ["sub/tests/test_a.py::test_a"], command="cd sub && pytest tests")
    assert [outcome.status for outcome in there.outcomes.values()] == ["passed"]


def test_a_pytest_in_the_repository_does_not_shadow_the_real_one(tmp_path: Path) -> None:
    report = run(write(tmp_path, {"pytest.py": "raise SystemExit(0)\n", "test_a.py": "def test_a():\n    assert 0\n"}))
    assert report.status("test_a.py::test_a") == "failed"


def test_no_tests_and_no_pytest_are_problems(tmp_path: Path) -> None:
    write(tmp_path, {"test_none.py": "x = 1\n", "pytest.ini": "[pytest]\n"})
    assert run(tmp_path).problem.startswith("no tests")
    report = run(tmp_path, env={"PYTEST_ADDOPTS": "--no-such-option"})
    assert "no tests" in report.problem
    assert "--no-such-option" in report.problem


def test_the_command_is_the_same_every_time(shop: Path) -> None:
    runner = pytest_runner(FolderFiles(shop), sys.executable, ["tests", "-k", "sum"])
    asked = [
        runner.command((), per_test_seconds=5, coverage=True, probe="/probe", report="/report/report") for _ in range(2)
    ]
    assert asked[0] == asked[1]
    assert asked[0].argv[-3:] == ("-k", "sum", "tests")
    chosen = runner.command(("tests/test_price.py",), per_test_seconds=5, coverage=True, probe="/p", report="/r")
    assert chosen.argv[-2:] == ("-k", "sum")
