"""The Python of a repository is found without running what the repository brings, and runs in a sandbox."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from environments.base import Command, Limits, Mount
from environments.bubblewrap import Bubblewrap
from environments.interpreters import find_python
from tools.errors import InputError

HERE = tuple(map(int, platform.python_version_tuple()))


@pytest.fixture
def repository() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="treewright-repository-") as folder:
        yield Path(folder)


def make_venv(folder: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True, capture_output=True)
    (package,) = folder.glob("lib/python*/site-packages")
    (package / "installed.py").write_text("WORD = 'from the environment'\n")
    return folder


async def run(root: Path, mounts: tuple[Mount, ...], *argv: object):
    sandbox = await Bubblewrap().open(root, mount=str(root), mounts=mounts)
    return await sandbox.run(Command(tuple(map(str, argv)), limits=Limits(seconds=120)))


async def test_an_environment_below_a_hidden_home_runs_in_the_sandbox(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program of the environment is a link to one in the home folder, through one more link."""
    home = repository / "home"
    (home / "pythons").mkdir(parents=True)
    (home / "pythons" / "current").symlink_to(sys.base_prefix)
    made = make_venv(home / "envs" / "project")
    program = made / "bin" / "python"
    program.unlink()
    program.symlink_to(home / "pythons" / "current" / "bin" / Path(sys.executable).resolve().name)
    config = made / "pyvenv.cfg"
    config.write_text(config.read_text().replace(sys.base_prefix, str(home / "pythons" / "current")))
    monkeypatch.setenv("HOME", str(home))
    work = repository / "work"
    work.mkdir()
    found = find_python(made, work)
    assert found.version == HERE
    assert found.prefix == made
    assert all(not mount.writable for mount in found.mounts)
    code = "import installed, sys, ssl, os; print(installed.WORD, sys.prefix); print(os.listdir(sys.argv[1]))"
    result = await run(work, found.mounts, found.path, "-c", code, home)
    assert result.ok, result.output
    told, listed = result.output.splitlines()
    assert told == f"from the environment {made}"
    assert listed in ("['envs']", "['envs', 'pythons']", "['pythons', 'envs']"), "nothing else of the home is shown"
    assert not (await run(work, (), found.path, "-c", code, home)).ok, "without the mounts it is hidden"


async def test_a_test_suite_runs_in_the_sandbox(repository: Path) -> None:
    (repository / "test_sample.py").write_text(
        "def test_passes(tmp_path):\n    (tmp_path / 'f').write_text('x')\n\ndef test_fails():\n    assert 1 == 2\n"
    )
    found = find_python(sys.prefix, repository)
    result = await run(repository, found.mounts, found.path, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert result.exit_code == 1
    assert "1 failed, 1 passed" in result.output


def test_a_repository_s_environment_is_found_first(repository: Path) -> None:
    made = make_venv(repository / ".venv")
    assert find_python(None, repository).path == made / "bin" / "python"
    assert find_python(".venv", repository).prefix == made


def test_a_program_that_the_repository_brings_is_not_run(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    binaries = repository / ".venv" / "bin"
    binaries.mkdir(parents=True)
    planted = binaries / "python3"
    planted.write_text(f"#!/bin/sh\ntouch {repository}/ran\n")
    planted.chmod(0o755)
    (binaries / "python").symlink_to("python3")
    (repository / "venv" / "bin").mkdir(parents=True)
    (repository / "venv" / "bin" / "python").symlink_to("/bin/sh")
    assert not find_python(None, repository).path.is_relative_to(repository)
    assert not (repository / "ran").exists()


def test_versions_are_matched_in_full(repository: Path) -> None:
    for count in (1, 2, 3):
        asked = HERE[:count]
        assert find_python(".".join(map(str, asked)), repository).version[:count] == asked
    with pytest.raises(InputError, match=r"no python 3\.99 found") as refusal:
        find_python("3.99", repository)
    assert platform.python_version() in refusal.value.hint
    with pytest.raises(InputError, match="not a working python"):
        find_python("/bin/true", repository)


def test_an_interpreter_that_would_show_the_home_is_not_used(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_venv(repository / "home")
    monkeypatch.setenv("HOME", os.fspath(made))
    with pytest.raises(InputError):
        find_python(made, repository)
