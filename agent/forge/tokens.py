"""Finding the token for a server where its own tools keep it; it is sent to that server and to no other."""

from __future__ import annotations

import os
import shutil
import subprocess
from urllib.parse import urlsplit

from agent.forge.references import GITHUB, IssueReference, is_loopback

_PUBLIC = ("GH_TOKEN", "GITHUB_TOKEN")
_ENTERPRISE = ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")


def find_token(reference: IssueReference) -> str:
    """The token for the server of `reference`, or "" when there is none.

    GitHub: the variables that ``gh`` reads, then ``gh auth token``. GITHUB_TOKEN is for github.com, for the server
    that GitHub Actions names, and for this machine: a URL of another host must not draw it out.
    GitLab: GITLAB_TOKEN, for gitlab.com, for the host in GITLAB_HOST or CI_SERVER_URL, and for this machine.
    """
    names = _github_names(reference) if reference.forge == "github" else _gitlab_names(reference)
    for name in names:
        if value := os.environ.get(name, "").strip():
            return value
    return _from_gh(reference.host) if reference.forge == "github" else ""


def variables(reference: IssueReference) -> str:
    """What to set, for a message."""
    if reference.forge == "gitlab":
        return "GITLAB_TOKEN"
    return "GITHUB_TOKEN" if reference.server == GITHUB else "GH_ENTERPRISE_TOKEN"


def _github_names(reference: IssueReference) -> tuple[str, ...]:
    own = os.environ.get("GITHUB_SERVER_URL", "").rstrip("/")
    trusted = reference.server in (GITHUB, own) or is_loopback(reference.host)
    if not trusted:
        return _ENTERPRISE
    return _PUBLIC if reference.server == GITHUB else (*_ENTERPRISE, *_PUBLIC)


def _gitlab_names(reference: IssueReference) -> tuple[str, ...]:
    named = (os.environ.get("GITLAB_HOST", ""), os.environ.get("CI_SERVER_URL", ""))
    hosts = {"gitlab.com"} | {urlsplit(name if "//" in name else f"//{name}").hostname for name in named if name}
    return ("GITLAB_TOKEN",) if reference.host in hosts or is_loopback(reference.host) else ()


def _from_gh(host: str) -> str:
    program = shutil.which("gh")
    if program is None:
        return ""
    try:
        done = subprocess.run(
            [program, "auth", "token", "--hostname", host],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
