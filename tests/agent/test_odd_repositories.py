"""Repositories, commands and machines that are not as one wishes: a clear error, or the work done all the same."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from money_project import COMMAND, FAILING, SOURCE_WITH_MEAN, Run, git

PYTHON = ("--python", sys.executable)


def test_detached_dirty_with_submodules_crlf_and_latin_1_it_is_solved(
    repository: Path, treewright: Run, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    git(other, "commit", "-qm", "empty", "--allow-empty")
    git(repository, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(other), "vendored")
    source = "# -*- coding: latin-1 -*-\n" + SOURCE_WITH_MEAN.replace(
        "Splits total cents", "Partage \u00e9quitable: splits total"
    )
    (repository / "money.py").write_bytes(source.replace("\n", "\r\n").encode("latin-1"))
    (repository / "names.txt").write_bytes(b"caf\xe9\n")
    (repository / "old.py").write_bytes(b"# -*- coding: latin-1 -*-\nname = 'caf\xe9'\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "odd")
    git(repository, "checkout", "-q", "--detach")
    (repository / "tests" / "test_money.py").write_text("not yet committed\n")
    issue = tmp_path / "issue.md"
    issue.write_text("share() in money.py gives away a cent too much\n" + "the total of people and cents\n" * 35_000)
    assert issue.stat().st_size > 1_000_000
    out = tmp_path / "run"
    arguments = ("--repo", repository, "--issue", issue, "--failing-test", FAILING, *PYTHON, "--out", out)
    done = treewright("solve", *arguments)
    assert done.returncode == 0, done.stderr
    assert "1 uncommitted changes left out" in done.stderr
    assert "submodules are left empty: vendored" in done.stderr
    patch = (out / "patch.diff").read_bytes()
    assert patch.count(b"\n-") == 2  # the header's and one line
    assert b"(i < total % people) for i in range(people)]\r\n" in patch
    assert b"Partage \xe9quitable" in patch
    git(repository, "checkout", "-q", "-f")
    git(repository, "apply", "--check", str(out / "patch.diff"))


def test_uncommitted_changes_are_taken_on_request(repository: Path, treewright: Run, tmp_path: Path) -> None:
    (repository / "money.py").write_text(SOURCE_WITH_MEAN.replace("<=", "<"))
    arguments = ("--repo", repository, "--failing-test", FAILING, *PYTHON, "--out", tmp_path / "run")
    done = treewright("solve", *arguments, "--include-uncommitted")
    assert done.returncode == 2
    assert "passes on the base" in done.stderr


@pytest.mark.parametrize(
    ("command", "said"),
    [("nosuchprogram --x", "cannot be run: sh: 3: nosuchprogram: not found"), ("sleep 600", "did not end within 3 s")],
)
def test_a_test_command_that_judges_nothing_is_refused(
    command: str, said: str, repository: Path, treewright: Run, home: dict[str, str], tmp_path: Path
) -> None:
    home["TREEWRIGHT_REGRESSION_SECONDS"] = "3"
    arguments = ("--repo", repository, "--issue", "share is off", "--test", command, *PYTHON)
    done = treewright("solve", *arguments, "--out", tmp_path / "run")
    assert done.returncode == 2, done.stderr
    assert said in done.stderr


def test_a_test_that_hangs_keeps_no_other_from_its_end_and_is_no_target(
    repository: Path, treewright: Run, home: dict[str, str], tmp_path: Path
) -> None:
    blocking = (
        "\n\nclass ZTest(unittest.TestCase):\n    def test_blocks(self):\n        __import__('time').sleep(600)\n"
    )
    with (repository / "tests" / "test_money.py").open("a") as file:
        file.write(blocking + "\n    def test_later(self):\n        pass\n")
    git(repository, "commit", "-qam", "a test that blocks")
    home["TREEWRIGHT_REGRESSION_SECONDS"] = "16"
    arguments = ("--repo", repository, "--issue", "share is off", *PYTHON, "--out", tmp_path / "run")
    done = treewright("solve", *arguments)
    assert done.returncode == 0, done.stderr
    assert "3 pass, 2 fail, 0 flaky" in done.stderr
    assert "failed before, passes now: tests.test_money.ShareTest.test_sum\n" in done.stdout


def test_a_test_of_another_name_in_each_run_is_flaky_and_breaks_nothing(
    repository: Path, treewright: Run, tmp_path: Path
) -> None:
    with (repository / "tests" / "test_money.py").open("a") as file:
        file.write("\n\nimport time\nsetattr(MeanTest, f'test_{time.time_ns()}', lambda self: None)\n")
    git(repository, "commit", "-qam", "a test named after the time")
    arguments = ("--repo", repository, "--failing-test", FAILING, *PYTHON, "--out", tmp_path / "run")
    done = treewright("solve", *arguments)
    assert done.returncode == 0, done.stderr
    assert "2 pass, 1 fail, 2 flaky" in done.stderr


def test_without_tests_it_says_how_to_name_them(repository: Path, treewright: Run, tmp_path: Path) -> None:
    shutil.rmtree(repository / "tests")
    git(repository, "commit", "-qam", "no tests")
    done = treewright("solve", "--repo", repository, "--issue", "share is off", *PYTHON, "--out", tmp_path / "run")
    assert done.returncode == 2
    assert "--test COMMAND" in done.stderr


def test_a_full_disk_is_named_and_the_run_goes_on_when_there_is_room(
    repository: Path, treewright: Run, home: dict[str, str], tmp_path: Path
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    out = tmp_path / "run"
    small = (
        f'mkdir {out} && mount -t tmpfs -o size=300k tmpfs {out} && "$@"; code=$?; cp -r {out} {out}-kept; exit $code'
    )
    command = [*COMMAND, "solve", "--repo", str(repository)]
    command += ["--failing-test", FAILING, *PYTHON, "--out", str(out)]
    prefix = ["unshare", "--mount", "sh", "-c", small, "sh"]
    done = subprocess.run([*prefix, *command], env=home, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 3, done.stderr
    assert "disk is full" in done.stderr
    assert "treewright resume" in done.stderr
    assert "Traceback" not in done.stderr
    out.rmdir()
    shutil.move(f"{out}-kept", out)
    again = treewright("resume", out, "--json")
    assert again.returncode == 0, again.stderr


def test_interrupted_twice_it_stops_at_once_and_can_be_resumed(
    repository: Path, treewright: Run, home: dict[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "run"
    command = [*COMMAND, "solve", "--repo", str(repository)]
    slow = ("--test", "sleep 30; python3 -m unittest", "--issue", "share is off")
    process = subprocess.Popen(
        [*command, *slow, *PYTHON, "--out", str(out)],
        env=home,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.split()[1:2] == ["baseline"]:
            break
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130
    arguments = ("solve", "--repo", repository, "--failing-test", FAILING, *PYTHON, "--out", tmp_path / "other")
    assert treewright(*arguments).returncode == 0
    leftovers = subprocess.run(["pgrep", "-f", f"{out}/workspaces"], capture_output=True, text=True, check=False)
    assert leftovers.stdout == ""
