"""Where a task's repository comes from: a folder, a mirror, or a URL that is cloned once into a cache."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from environments.locking import alone
from tools.errors import InfrastructureError, InputError
from tools.localization.languages import language_of
from tools.snapshots.command import GitFailed, run_git

URL = re.compile(r"^(https?|ssh|git|file)://|^[\w.-]+@[\w.-]+:")
COMMIT = re.compile(r"[0-9a-f]{40}")
FORGE = "https://github.com/{project}.git"
SETTINGS = frozenset((".cfg", ".in", ".ini", ".json", ".lock", ".toml", ".txt", ".yaml", ".yml"))


def is_url(repository: str) -> bool:
    """Whether `repository` names a remote one."""
    return bool(URL.match(repository))


def locate(project: str, mirrors: Path | None) -> str:
    """Where the repository of a benchmark's project is: its mirror, or its URL when no mirrors are given.

    Args:
        project: "OWNER/NAME".
        mirrors: folder with bare repositories OWNER__NAME.git; OWNER/NAME.git and NAME.git will do.

    Raises:
        InputError: there are mirrors, but none of this project.
    """
    if mirrors is None:
        return FORGE.format(project=project)
    owner, _, name = project.partition("/")
    for candidate in (f"{owner}__{name}.git", f"{owner}/{name}.git", f"{name}.git", f"{owner}__{name}"):
        if (mirrors / candidate).is_dir():
            return str((mirrors / candidate).resolve())
    hint = f"git clone --mirror {FORGE.format(project=project)} {mirrors / f'{owner}__{name}.git'}"
    raise InputError(f"{mirrors} has no mirror of {project}", hint=hint)


def is_data(path: str) -> bool:
    """Whether a mirror may lack a file: it is no source, nothing that may be a setting, and not at the root."""
    folder, _, name = path.rpartition("/")
    return bool(folder) and language_of(path) is None and Path(name).suffix.lower() not in SETTINGS


async def obtain(repository: str, cache: Path, *, base: str = "", env: Mapping[str, str] | None = None) -> Path:
    """A local path of the repository; a remote one is mirrored below `cache`, or brought up to date there.

    A mirror that has the commit `base` is used as it is, without the network. Processes that want the same repository
    wait for the one that clones it. `env` are variables for git, such as credentials.

    Raises:
        InputError: there is no such folder.
        InfrastructureError: cloning failed; says what git said.
    """
    if not is_url(repository):
        path = Path(repository).expanduser()
        if not path.exists():
            raise InputError(f"no such repository: {repository}", hint="give the path or the URL of a git repository")
        return path.resolve()
    name = re.sub(r"\W+", "-", repository.rsplit("/", 1)[-1].removesuffix(".git"))
    mirror = cache / f"{name}-{hashlib.sha256(repository.encode()).hexdigest()[:10]}"
    if _has(mirror, base):
        return mirror
    cache.mkdir(parents=True, exist_ok=True)
    async with alone(mirror.with_suffix(".lock")):
        if _has(mirror, base):
            return mirror
        if mirror.exists():
            await _git("-C", str(mirror), "remote", "update", "--prune", env=env)
            return mirror
        partial = mirror.with_suffix(".partial")
        await asyncio.to_thread(shutil.rmtree, partial, ignore_errors=True)  # of a process that died
        await _git("clone", "--mirror", "--quiet", "--", repository, str(partial), env=env)
        partial.rename(mirror)
    return mirror


def _has(mirror: Path, commit: str) -> bool:
    """Whether the mirror has a commit; a name that may move is never had for good."""
    if not COMMIT.fullmatch(commit) or not mirror.is_dir():
        return False
    try:
        return run_git("cat-file", "-t", commit, git_dir=mirror).strip() == b"commit"
    except GitFailed:
        return False


async def _git(*arguments: str, env: Mapping[str, str] | None = None) -> None:
    """Runs git as the user would, with their credentials, since the network is asked for; it never prompts."""
    process = await asyncio.create_subprocess_exec(
        "git",
        *("-c", "protocol.ext.allow=never", "-c", "core.hooksPath=/dev/null", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"GIT_TERMINAL_PROMPT": "0", "GIT_SSH_COMMAND": "ssh -oBatchMode=yes"} | dict(env or {}),
    )
    _, errors = await process.communicate()
    if process.returncode:
        said = errors.decode(errors="replace").strip().splitlines()
        raise InfrastructureError(f"git could not fetch the repository: {said[-1] if said else 'no message'}")
