"""What a setup command may count on, and what the tests get from it."""

from __future__ import annotations

from pathlib import Path

import pytest
from money_project import FAILING, Run, git

from agent.assembly import OWN_PACKAGES

PYTEST = """from money import share


def test_round():
    assert sum(share(10, 3)) == 10
"""


def test_tests_run_with_the_environment_that_the_setup_makes(repository: Path, treewright: Run, tmp_path: Path) -> None:
    """Resumed, too; the packages that the tests need are nowhere else."""
    (repository / "tests" / "test_packages.py").write_text(
        "import unittest, there\nfrom money import share\n\n\nclass PackagesTest(unittest.TestCase):\n"
        "    def test_sum(self):\n        self.assertEqual(sum(share(10, 3)), 10 * there.ONE)\n"
    )
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "more")
    setup = (
        "python3 -m venv --without-pip .packages && "
        "echo ONE = 1 > .packages/lib/python3*/site-packages/there.py || "
        "for folder in .packages/lib/python3*/site-packages; do echo ONE = 1 > $folder/there.py; done"
    )
    failing = "tests.test_packages.PackagesTest.test_sum"
    arguments = ("--repo", repository, "--failing-test", failing, "--setup", setup, "--out", tmp_path / "run")
    begun = treewright("solve", *arguments, "--max-nodes", 1)
    assert ".packages, made by the setup command" in begun.stderr
    done = treewright("resume", tmp_path / "run", "--max-nodes", 50)
    assert done.returncode in (0, 1), done.stderr
    assert "passes now: " + failing in done.stdout
    assert git(repository, "status", "--porcelain") == ""


def test_python_in_a_setup_is_the_tests_own(repository: Path, treewright: Run, tmp_path: Path) -> None:
    import sys

    setup = "test $(command -v python3) -ef $(readlink -f $(command -v python)) && command -v python3 | grep -q $HERE"
    here = Path(sys.executable).parent
    done = treewright(
        "solve", "--repo", repository, "--failing-test", FAILING, "--python", sys.executable, "--setup",
        setup.replace("$HERE", str(here)), "--out", tmp_path / "run",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_a_framework_that_is_not_installed_is_named_and_what_to_do(
    repository: Path, treewright: Run, tmp_path: Path, home: dict[str, str]
) -> None:
    import venv

    (repository / "tests" / "test_money.py").write_text(PYTEST)
    git(repository, "commit", "-qam", "pytest")
    venv.create(tmp_path / "empty")
    arguments = ("--repo", repository, "--python", tmp_path / "empty", "--out", tmp_path / "run")
    done = treewright("solve", *arguments, "--failing-test", "tests/test_money.py::test_round")
    assert done.returncode == 2
    error, hint = done.stderr.splitlines()[-2:]
    assert f"the tests cannot start with {tmp_path / 'empty'}/bin/python: No module named 'pytest'" in error
    assert "--python" in hint
    assert OWN_PACKAGES in hint


@pytest.mark.parametrize("test", ["tests/test_money.py::test_sum", "tests.test_money.ShareTest.test_som"])
def test_a_test_of_another_form_is_asked_for_as_the_runner_has_it(
    test: str, repository: Path, treewright: Run, tmp_path: Path
) -> None:
    done = treewright("solve", "--repo", repository, "--failing-test", test, "--out", tmp_path / "run")
    assert done.returncode == 2
    assert f"does not know the test {test}" in done.stderr
    assert "name it as unittest does, such as tests.test_x.Case.test_y" in done.stderr
