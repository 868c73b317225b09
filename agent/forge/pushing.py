"""Pushing one commit to a forge from a repository of its own, so that the user's is not touched."""

from __future__ import annotations

import base64
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from agent.delivery import commit_to_branch
from agent.forge.base import ForgeRefused
from agent.forge.references import is_loopback
from tools.errors import InfrastructureError
from tools.snapshots.source import quote

AUTHOR = {"GIT_AUTHOR_NAME": "treewright", "GIT_AUTHOR_EMAIL": "treewright@localhost"}
COMMITTER = {"GIT_COMMITTER_NAME": "treewright", "GIT_COMMITTER_EMAIL": "treewright@localhost"}


def credentials(url: str, user: str, token: str) -> dict[str, str]:
    """Variables that make git send the token to the server of `url`: not in a command line, not in a file."""
    parts = urlsplit(url)
    encrypted = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    if not token or not encrypted:
        return {}
    number = int(os.environ.get("GIT_CONFIG_COUNT", "0") or 0)
    basic = base64.b64encode(f"{user}:{token}".encode()).decode()
    return {
        "GIT_CONFIG_COUNT": str(number + 1),
        f"GIT_CONFIG_KEY_{number}": f"http.{parts.scheme}://{parts.netloc}/.extraHeader",
        f"GIT_CONFIG_VALUE_{number}": f"Authorization: Basic {basic}",
    }


@contextmanager
def offered_commit(source: Path, commit: str, patch: str, message: str) -> Iterator[tuple[Path, str]]:
    """A scratch repository and the one commit in it: `patch` on top of `commit`, which it borrows from `source`."""
    with tempfile.TemporaryDirectory(prefix="treewright-push-") as folder:
        scratch = Path(folder) / "git"
        _git(scratch.parent, "init", "--quiet", "--bare", str(scratch))
        objects = _git(source, "rev-parse", "--path-format=absolute", "--git-path", "objects")
        (scratch / "objects" / "info").mkdir(exist_ok=True)
        (scratch / "objects" / "info" / "alternates").write_text(quote(objects) + "\n")
        made = commit_to_branch(scratch, "offer", commit, patch, message, env=_identity(source))
        yield scratch, made


def free_branch(repository: Path, url: str, wanted: str, env: Mapping[str, str]) -> str:
    """`wanted`, or with a number when the remote has such a branch already."""
    taken = {line.split("\t")[-1] for line in _git(repository, "ls-remote", "--heads", "--", url, env=env).splitlines()}
    branch, number = wanted, 1
    while f"refs/heads/{branch}" in taken:
        number += 1
        branch = f"{wanted}-{number}"
    return branch


def push(scratch: Path, url: str, commit: str, branch: str, env: Mapping[str, str]) -> None:
    """Pushes `commit` as the new `branch`; never over one that exists."""
    lease = f"--force-with-lease=refs/heads/{branch}:"
    _git(scratch, "push", "--quiet", lease, "--", url, f"{commit}:refs/heads/{branch}", env=env)


def _identity(source: Path) -> dict[str, str]:
    """The user's own name for the commit; ours where they have none."""
    done = subprocess.run(["git", "-C", str(source), "var", "GIT_COMMITTER_IDENT"], capture_output=True, check=False)
    configured = subprocess.run(["git", "-C", str(source), "config", "user.email"], capture_output=True, check=False)
    return {} if done.returncode == 0 and configured.stdout.strip() else AUTHOR | COMMITTER


def _git(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> str:
    """Runs the user's git with their credentials; it never prompts, runs no hook, and follows no odd protocol.

    Raises:
        ForgeRefused: the server refused; InfrastructureError: it could not be reached.
    """
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_SSH_COMMAND": "ssh -oBatchMode=yes"}
    guarded = ("-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never")
    done = subprocess.run(
        ["git", "-C", str(folder), *guarded, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=os.environ | quiet | dict(env or {}),
        check=False,
    )
    if done.returncode == 0:
        return done.stdout.decode(errors="replace").strip()
    lines = [line for line in done.stderr.decode(errors="replace").strip().splitlines() if line.strip()]
    said = lines[-1] if lines else f"git ended with {done.returncode}"
    if any(word in " ".join(lines).lower() for word in ("denied", "403", "rejected", "not found", "authentication")):
        raise ForgeRefused(
            f"git could not {arguments[0]}: {said}", hint="check that the token may write to the repository"
        )
    raise InfrastructureError(f"git could not {arguments[0]}: {said}", hint="check the network and try again")
