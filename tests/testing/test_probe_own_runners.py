import sys
from pathlib import Path

import pytest
from running_tests import run, write

from tools.files import FolderFiles
from tools.testing.runners.sympy import sympy_runner
from tools.testing.types import TestReport

SETTINGS = """\
    SECRET_KEY = "x"
    INSTALLED_APPS = ["shop"]
    DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
    DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
    USE_TZ = True
    """
SHOP = {
    "shop/__init__.py": "",
    "shop/models.py": """\
        from django.db import models

        class Item(models.Model):
            price = models.IntegerField()

            def doubled(self):
                return self.price * 2
        """,
    "shop/tests.py": """\
        from django.test import SimpleTestCase, TestCase
        from shop.models import Item

        class ItemTests(TestCase):
            @classmethod
            def setUpTestData(cls):
                cls.item = Item.objects.create(price=3)

            def test_doubled(self):
                self.assertEqual(Item.objects.get().doubled(), 6)

            def test_wrong(self):
                self.assertEqual(self.item.doubled(), 7)

        class NoDatabase(SimpleTestCase):
            def test_query(self):
                Item.objects.count()
        """,
}
PROJECT = {
    **SHOP,
    "manage.py": """\
        import os
        import sys

        os.environ["DJANGO_SETTINGS_MODULE"] = "settings"

        if __name__ == "__main__":
            from django.core.management import execute_from_command_line

            execute_from_command_line(sys.argv)
        """,
    "settings.py": SETTINGS,
}
LIBRARY = {
    **{f"tests/{path}": text for path, text in SHOP.items()},
    "tests/settings.py": SETTINGS,
    "tests/runtests.py": """\
        import argparse
        import os
        import sys

        import django
        from django.test.utils import get_runner

        os.environ["DJANGO_SETTINGS_MODULE"] = "settings"

        if __name__ == "__main__":
            parser = argparse.ArgumentParser()
            parser.add_argument("labels", nargs="*")
            parser.add_argument("--parallel", type=int)
            parser.add_argument("--noinput", action="store_true")
            options = parser.parse_args()
            django.setup()
            from django.conf import settings

            runner = get_runner(settings)(interactive=not options.noinput, parallel=options.parallel)
            sys.exit(bool(runner.run_tests(options.labels or ["shop"])))
        """,
}
EXPECTED = {
    "shop.tests.ItemTests.test_doubled": "passed",
    "shop.tests.ItemTests.test_wrong": "failed",
    "shop.tests.NoDatabase.test_query": "failed",
}


def statuses(report: TestReport) -> dict[str, str]:
    return {test: outcome.status for test, outcome in report.outcomes.items()}


def test_a_django_project(tmp_path: Path) -> None:
    report = run(write(tmp_path, PROJECT), coverage=True)
    assert statuses(report) == EXPECTED
    assert report.problem == ""
    assert report.coverage["shop.tests.ItemTests.test_doubled"]["shop/models.py"] == {7}
    assert 4 in report.import_coverage["shop/models.py"]
    assert report.outcomes["shop.tests.ItemTests.test_wrong"].exception == "AssertionError: 6 != 7"


@pytest.mark.parametrize("asked", ["shop/tests.py", "shop.tests.ItemTests"])
def test_parts_of_a_django_project(tmp_path: Path, asked: str) -> None:
    report = run(write(tmp_path, PROJECT), [asked, "shop.tests.Gone.test_gone"], command="python manage.py test shop")
    assert {"shop.tests.ItemTests.test_doubled", "shop.tests.Gone.test_gone"} <= statuses(report).keys()
    assert ("shop.tests.NoDatabase.test_query" in report.outcomes) == asked.endswith(".py")
    assert report.status("shop.tests.Gone.test_gone") == "missing"


def test_a_script_that_runs_suites(tmp_path: Path) -> None:
    write(tmp_path, LIBRARY)
    assert statuses(run(tmp_path, command="python tests/runtests.py")) == EXPECTED
    report = run(tmp_path, ["tests/shop/tests.py"], command="./tests/runtests.py --parallel 3 shop")
    assert statuses(report) == EXPECTED


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """The real SymPy below a root of its own, and test files that are ours."""
    import sympy  # takes longer to import than all other modules of the tests

    (tmp_path / "sympy").symlink_to(Path(sympy.__file__).parent)
    text = """\
        from sympy import Symbol, sin
        from sympy.testing.pytest import SKIP, XFAIL, slow

        x = Symbol("x")

        def test_passes():
            assert sin(-x) == -sin(x)

        def test_fails():
            assert sin(x).diff(x) == 0

        def test_raises():
            sin(x).no_such_method()

        @XFAIL
        def test_xfail():
            assert 0

        @SKIP("not today")
        def test_skip():
            pass

        @slow
        def test_slow():
            pass

        def test_hangs():
            while True:
                pass
        """
    return write(
        tmp_path,
        {
            "bin/test": "",
            "own/test_own.py": text,
            "own/test_broken.py": "import nothing_like_it\n",
            "own/test_syntax.py": "def (:",
        },
    )


def test_sympy(library: Path) -> None:
    runner = sympy_runner(FolderFiles(library), sys.executable)
    asked = ["own/test_own.py", "own/test_broken.py", "own/test_syntax.py", "own/test_gone.py"]
    report = run(library, asked, runner=runner, seconds=2)
    assert statuses(report) == {
        "own/test_own.py::test_passes": "passed",
        "own/test_own.py::test_fails": "failed",
        "own/test_own.py::test_raises": "failed",
        "own/test_own.py::test_xfail": "xfailed",
        "own/test_own.py::test_skip": "skipped",
        "own/test_own.py::test_slow": "skipped",
        "own/test_own.py::test_hangs": "timeout",
        "own/test_broken.py": "error",
        "own/test_syntax.py": "error",
        "own/test_gone.py": "missing",
    }
    assert report.problem == "collection failed: own/test_broken.py, own/test_syntax.py"


def test_one_test_of_sympy_with_its_lines(library: Path) -> None:
    runner = sympy_runner(FolderFiles(library), sys.executable, ["-C", "--verbose"])
    report = run(library, ["own/test_own.py::test_fails"], runner=runner, coverage=True)
    assert report.failed == ("own/test_own.py::test_fails",)
    outcome = report.outcomes["own/test_own.py::test_fails"]
    assert outcome.frames[-1].path == "own/test_own.py"
    assert "sympy/functions/elementary/trigonometric.py" in report.coverage[outcome.id]
