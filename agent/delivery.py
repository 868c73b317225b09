"""The only two ways a run touches the user's repository: the work tree on request, a new branch on request."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tools.errors import InputError
from tools.snapshots import patch_bytes


def apply_patch(repository: Path, patch: str) -> None:
    """Puts `patch` into the work tree, whole or not at all; nothing is staged or committed.

    Raises:
        InputError: it does not apply to the work tree as it is.
    """
    done = _git(repository, "apply", "--whitespace=nowarn", "-", stdin=patch_bytes(patch))
    if done.returncode:
        raise InputError(
            f"the patch does not apply to the work tree: {_said(done)}",
            hint="commit or stash your changes, or use --branch NAME",
        )


def commit_to_branch(
    repository: Path, branch: str, base: str, patch: str, message: str, *, env: Mapping[str, str] | None = None
) -> str:
    """Commits `patch` on top of `base` to the new branch, without touching work tree or index; the commit's id.

    `env` are variables for git, such as whose commit it is.

    Raises:
        InputError: there is such a branch already, or its name is not one.
    """
    if _git(repository, "check-ref-format", "--branch", branch).returncode:
        raise InputError(f"{branch!r} is not a name for a branch")
    if not _git(repository, "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}").returncode:
        raise InputError(f"there is a branch {branch} already", hint="give another name")
    with tempfile.TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        _must(_git(repository, "read-tree", base, env=index))
        apply = ("apply", "--cached", "--whitespace=nowarn", "-")
        _must(_git(repository, *apply, stdin=patch_bytes(patch), env=index))
        tree = _must(_git(repository, "write-tree", env=index))
    parent = _must(_git(repository, "rev-parse", "--verify", f"{base}^{{commit}}"))
    made = ("commit-tree", tree, "-p", parent, "-F", "-")
    commit = _must(_git(repository, *made, stdin=message.encode(), env=env))
    _must(_git(repository, "update-ref", f"refs/heads/{branch}", commit, "0" * len(commit)))
    return commit


def _git(
    repository: Path, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Runs the user's git in the user's repository, as they would, since they asked for it."""
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, env=os.environ | dict(env or {}), check=False)


def _must(done: subprocess.CompletedProcess[bytes]) -> str:
    if done.returncode:
        raise InputError(f"git could not make the branch: {_said(done)}", hint="check user.name and user.email")
    return done.stdout.decode().strip()


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return lines[0].removeprefix("error: ").removeprefix("fatal: ") if lines else f"git ended with {done.returncode}"
