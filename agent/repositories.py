"""Where a task's repository comes from: a folder, or a URL that is cloned once into a cache."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from pathlib import Path

from tools.errors import InfrastructureError, InputError

URL = re.compile(r"^(https?|ssh|git)://|^[\w.-]+@[\w.-]+:")


def is_url(repository: str) -> bool:
    """Whether `repository` names a remote one."""
    return bool(URL.match(repository))


async def obtain(repository: str, cache: Path) -> Path:
    """A local path of the repository; a remote one is mirrored below `cache`, or brought up to date there.

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
    if mirror.exists():
        await _git("-C", str(mirror), "remote", "update", "--prune")
        return mirror
    partial = mirror.with_suffix(".partial")
    cache.mkdir(parents=True, exist_ok=True)
    await _git("clone", "--mirror", "--quiet", "--", repository, str(partial))
    partial.rename(mirror)
    return mirror


async def _git(*arguments: str) -> None:
    """Runs git as the user would, with their credentials, since the network is asked for; it never prompts."""
    process = await asyncio.create_subprocess_exec(
        "git",
        *("-c", "protocol.ext.allow=never", "-c", "core.hooksPath=/dev/null", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"GIT_TERMINAL_PROMPT": "0", "GIT_SSH_COMMAND": "ssh -oBatchMode=yes"},
    )
    _, errors = await process.communicate()
    if process.returncode:
        said = errors.decode(errors="replace").strip().splitlines()
        raise InfrastructureError(f"git could not fetch the repository: {said[-1] if said else 'no message'}")
