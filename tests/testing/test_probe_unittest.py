import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from running_tests import run, write

CASES = """\
    import time
    import unittest

    from shop.price import total


    class Ways(unittest.TestCase):
        def test_ok(self):
            self.assertEqual(total([1]), 2)

        def test_fails(self):
            self.assertEqual(total([1]), 1)

        def test_raises(self):
            total([])

        @unittest.skip("not today")
        def test_skipped(self):
            pass

        @unittest.expectedFailure
        def test_xfail(self):
            self.fail()

        @unittest.expectedFailure
        def test_xpass(self):
            pass

        def test_subs(self):
            for number in range(3):
                with self.subTest(number=number):
                    self.assertEqual(number, 1)

        def test_hangs(self):
            try:
                time.sleep(60)
            except Exception:
                pass

        def test_inner_suite(self):
            class Inner(unittest.TestCase):
                def test_inner(self):
                    self.fail()

            result = unittest.TestResult()
            unittest.defaultTestLoader.loadTestsFromTestCase(Inner).run(result)
            self.assertEqual(len(result.failures), 1)


    class NoSetUp(unittest.TestCase):
        @classmethod
        def setUpClass(cls):
            raise OSError("no set-up")

        def test_one(self):
            pass

        def test_two(self):
            pass


    class HangingSetUp(unittest.TestCase):
        @classmethod
        def setUpClass(cls):
            time.sleep(60)

        def test_one(self):
            pass


    class SkippedInSetUp(unittest.TestCase):
        @classmethod
        def setUpClass(cls):
            raise unittest.SkipTest("not here")

        def test_one(self):
            pass


    class NoTearDown(unittest.TestCase):
        @classmethod
        def tearDownClass(cls):
            raise OSError("no tear-down")

        def test_one(self):
            pass
    """
PROJECT = {
    "shop/__init__.py": "",
    "shop/price.py": """\
        def total(prices):
            if not prices:
                raise ValueError("nothing")
            return sum(prices) * 2
        """,
    "tests/__init__.py": "",
    "tests/test_price.py": CASES,
    "tests/test_broken.py": "import nothing_like_it\nimport unittest\n",
}
EXPECTED = {
    "tests.test_broken": "error",
    "tests.test_price.HangingSetUp.test_one": "timeout",
    "tests.test_price.NoSetUp.test_one": "error",
    "tests.test_price.NoSetUp.test_two": "error",
    "tests.test_price.NoTearDown.test_one": "passed",
    "tearDownClass (tests.test_price.NoTearDown)": "error",
    "tests.test_price.SkippedInSetUp.test_one": "skipped",
    "tests.test_price.Ways.test_fails": "failed",
    "tests.test_price.Ways.test_hangs": "timeout",
    "tests.test_price.Ways.test_inner_suite": "passed",
    "tests.test_price.Ways.test_ok": "passed",
    "tests.test_price.Ways.test_raises": "error",
    "tests.test_price.Ways.test_skipped": "skipped",
    "tests.test_price.Ways.test_subs": "failed",
    "tests.test_price.Ways.test_xfail": "xfailed",
    "tests.test_price.Ways.test_xpass": "xpassed",
}


def interpreters() -> list[str]:
    """One CPython of each minor version on this machine, the running one first."""
    found = {sys.version_info[:2]: sys.executable}
    for minor in range(6, 15):
        places = [
            shutil.which(f"python3.{minor}"),
            *sorted(Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python")),
        ]
        for place in filter(None, places):
            if (3, minor) in found:
                break
            answer = subprocess.run([place, "-c", "print(1)"], capture_output=True, check=False)
            if answer.returncode == 0:
                found[3, minor] = str(place)
    return list(found.values())


@pytest.mark.parametrize("python", interpreters())
def test_every_way_a_test_can_end_in_every_interpreter(tmp_path: Path, python: str) -> None:
    report = run(write(tmp_path, PROJECT), python=python, seconds=0.5, coverage=True)
    assert {test: outcome.status for test, outcome in report.outcomes.items()} == EXPECTED
    assert report.problem == "collection failed: tests.test_broken"
    assert report.coverage["tests.test_price.Ways.test_ok"]["shop/price.py"] == {2, 4}
    assert report.coverage["tests.test_price.Ways.test_raises"]["shop/price.py"] == {2, 3}
    assert 1 in report.import_coverage["shop/price.py"]
    raised = report.outcomes["tests.test_price.Ways.test_raises"]
    assert raised.exception == "ValueError: nothing"
    assert [frame.path for frame in raised.frames] == ["tests/test_price.py", "shop/price.py"]
    assert "no set-up" in report.outcomes["tests.test_price.NoSetUp.test_two"].message
    shown = [line.strip() for line in raised.message.splitlines() if line.strip().startswith("File")]
    assert [line.rpartition(" in ")[2] for line in shown] == ["test_raises", "total"]  # none of unittest itself
    assert "AssertionError: 2 != 1" in report.outcomes["tests.test_price.Ways.test_fails"].message


def test_files_classes_and_ids_can_be_asked_for(tmp_path: Path) -> None:
    write(tmp_path, PROJECT)
    asked = ["tests.test_price.Ways.test_ok", "tests.test_price.NoSetUp", "tests/test_broken.py", "tests/test_gone.py"]
    report = run(tmp_path, asked)
    assert {test: outcome.status for test, outcome in report.outcomes.items()} == {
        "tests.test_price.Ways.test_ok": "passed",
        "tests.test_price.NoSetUp.test_one": "error",
        "tests.test_price.NoSetUp.test_two": "error",
        "tests.test_broken": "error",
        "tests.test_gone": "error",
    }


def test_a_folder_of_tests_that_is_no_package_is_the_top(tmp_path: Path) -> None:
    text = "import unittest\nclass A(unittest.TestCase):\n    def test_a(self):\n        pass\n"
    write(tmp_path, {"tests/test_a.py": text})
    assert run(tmp_path).passed == ("test_a.A.test_a",)
    assert run(tmp_path, ["tests/test_a.py"]).passed == ("test_a.A.test_a",)


def test_a_test_that_ends_the_process(tmp_path: Path) -> None:
    text = """
        import os, unittest
        class A(unittest.TestCase):
            def test_1(self): pass
            def test_2(self): os._exit(0)
            def test_3(self): pass
        """
    report = run(write(tmp_path, {"test_a.py": text}), command="python -m unittest -v")
    assert [outcome.status for outcome in report.outcomes.values()] == ["passed", "error", "missing"]
    assert report.problem == "crashed: exit code 0, test_a.A.test_2"
