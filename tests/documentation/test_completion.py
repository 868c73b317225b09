"""Completion in the shells: commands, options, and the names that an option takes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def complete(shell: str, line: str) -> str:
    """What is offered at the end of `line`; one process, as the shell's own script starts it."""
    by_shell = {
        "bash": {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)},
        "zsh": {"_TYPER_COMPLETE_ARGS": line},
        "fish": {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
    }
    program = "import sys; sys.argv[0] = 'treewright'; from agent.cli.main import run; run()"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT), "_TREEWRIGHT_COMPLETE": f"complete_{shell}", **by_shell[shell]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize(
    ("shell", "line", "offered"),
    [
        ("bash", "treewright ev", ("evaluate", "evolve")),
        ("bash", "treewright solve --open", ("--open-pr",)),
        ("bash", "treewright solve --design code", ("codet", "codetree")),
        ("zsh", "treewright batch --policy u", ("uct",)),
        ("fish", "treewright config s", ("show", "schema")),
    ],
)
def test_what_is_offered(shell: str, line: str, offered: tuple[str, ...]) -> None:
    said = complete(shell, line)
    assert all(each in said for each in offered), said
    assert "depth_first" not in said


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_a_shell_is_shown(shell: str) -> None:
    program = "import sys; sys.argv[0] = 'treewright'; from agent.cli.main import run; run()"
    done = subprocess.run(
        [sys.executable, "-c", program, "--show-completion", shell],
        env={**os.environ, "PYTHONPATH": str(ROOT), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "_TREEWRIGHT_COMPLETE=" in done.stdout
