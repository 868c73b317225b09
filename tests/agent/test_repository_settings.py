"""What a repository may say about itself, and what it may not."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from money_project import FAILING, Run, git

from agent.repository_settings import FILE, with_repository_settings
from environments.tasks import Task
from tools.errors import InputError


@dataclass
class OneFile:
    content: bytes

    def exists(self, path: str) -> bool:
        return path == FILE

    def read(self, path: str) -> bytes:
        return self.content


def test_it_fills_in_what_the_user_left_open() -> None:
    files = OneFile(b'setup = "make"\ntest = "make check"\npython = "3.9"\n')
    task, said = with_repository_settings(Task("t", "."), files)
    assert (task.setup, task.test, task.python) == ("make", "make check", "3.9")
    assert said == f"{FILE} sets setup, test, python"
    task, said = with_repository_settings(Task("t", ".", test="mine", setup="my own", python="3.11"), files)
    assert (task.setup, task.test, said) == ("my own", "mine", "")


@pytest.mark.parametrize(
    "line",
    [
        'model = "openai/evil"',
        'environment = "local"',
        "setup_network = true",
        'image = "evil"',
        'failing_tests = ["x"]',
        'python = "/tmp/evil"',
        'python = "3.11; rm -rf /"',
        'design = "evil.py"',
        'api_base = "http://evil"',
        "[profiles.x]\nmodel = 'y'",
        'tests = "typo"',
        "setup = 3",
        "setup = ",
    ],
)
def test_nothing_else_may_stand_there(line: str) -> None:
    with pytest.raises(InputError) as refused:
        with_repository_settings(Task("t", "."), OneFile(line.encode()))
    assert refused.value.hint


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        task, _ = with_repository_settings(Task("t", "."), OneFile(content))
    except InputError:
        return
    assert task.repository == "."


def test_it_is_read_from_the_base_and_its_setup_gets_no_network(
    repository: Path, treewright: Run, tmp_path: Path
) -> None:
    (repository / FILE).write_text('setup = "ls /sys/class/net | grep -qv lo && exit 9; echo made > built.txt"\n')
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "say how")
    (repository / FILE).write_text('model = "not committed"\n')
    arguments = ("--failing-test", FAILING, "--python", sys.executable, "--setup-network")
    done = treewright("solve", "--repo", repository, *arguments, "--out", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert f"{FILE} sets setup" in done.stderr
