"""Starting git so that nothing but git's own code runs.

Git executes what configuration, attributes and the environment tell it to: fsmonitor, hooks, filters, external
diffs, pagers, transports. Every git process of Treewright is started here, with an environment built from nothing
(GitPython hands the caller's whole environment on, `GIT_DIR` of a surrounding hook included, so it is used for the
object database and not for commands) and with overrides that win over the configuration of any repository.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tools.errors import InfrastructureError

OVERRIDES = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.untrackedCache": "false",
    "core.attributesFile": os.devnull,
    "core.excludesFile": os.devnull,
    "core.pager": "cat",
    "core.quotePath": "true",
    "core.sshCommand": "false",
    "credential.helper": "",
    "diff.ignoreSubmodules": "all",
    "diff.external": "",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "protocol.allow": "never",
    "protocol.ext.allow": "never",
}
TIMEOUT = 600.0
"""Seconds after which a git process is given up; only a broken disk or a planted FIFO makes one last that long."""


class GitFailed(Exception):
    """Git ended with an error; the text is what it said on standard error."""

    def __init__(self, arguments: tuple[str, ...], status: int, message: str) -> None:
        super().__init__(message or f"git {arguments[0] if arguments else ''} ended with status {status}")
        self.status = status


@cache
def git_executable() -> str:
    """The git program.

    Raises:
        InfrastructureError: git is not installed.
    """
    found = shutil.which("git")
    if found is None:
        raise InfrastructureError("git is not installed", hint="install git 2.31 or later")
    return found


def clean_environment() -> dict[str, str]:
    """The whole environment of a git process; nothing of ours is inherited but the search path."""
    safe = Path(__file__).with_name("safe.gitconfig")
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": "/nonexistent",
        "LC_ALL": "C",
        "GIT_CONFIG_GLOBAL": str(safe),
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "false",
        "GIT_EDITOR": "false",
        "GIT_PAGER": "cat",
        "GIT_CONFIG_COUNT": str(len(OVERRIDES)),
    }
    for number, (key, value) in enumerate(OVERRIDES.items()):
        environment[f"GIT_CONFIG_KEY_{number}"] = key
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    return environment


def run_git(
    *arguments: str,
    git_dir: Path | None = None,
    folder: Path | None = None,
    stdin: bytes = b"",
    variables: Mapping[str, str] | None = None,
) -> bytes:
    """Run one git command to its end.

    Args:
        arguments: the command and its arguments.
        git_dir: the repository, when it is known; else git looks for one from `folder` upwards.
        folder: the current directory of git.
        stdin: what git reads.
        variables: added to the clean environment.

    Returns:
        What git wrote to standard output.

    Raises:
        GitFailed: a status other than 0.
        InfrastructureError: git is missing, or did not end.
    """
    where = () if git_dir is None else (f"--git-dir={git_dir}",)
    command = [git_executable(), *where, "--no-pager", *arguments]
    try:
        done = subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            cwd=folder or git_dir,
            env={**clean_environment(), **(variables or {})},
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise InfrastructureError(f"git {arguments[0]} did not end within {TIMEOUT:.0f} s") from error
    if done.returncode != 0:
        raise GitFailed(arguments, done.returncode, done.stderr.decode("utf-8", "replace").strip())
    return done.stdout
