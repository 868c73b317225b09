"""Naming an issue: by its URL, or as OWNER/REPO#N."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from tools.errors import InputError

GITHUB = "https://github.com"
_SHORT = re.compile(r"(?P<project>[A-Za-z0-9][\w.-]*/[\w.-]+)#(?P<number>[1-9]\d*)")
_GITHUB_PATH = re.compile(r"/(?P<project>[^/]+/[^/]+)/(?P<kind>issues|pull|pulls)/(?P<number>\d+)")
_GITLAB_PATH = re.compile(
    r"/(?P<project>[^/]+(?:/[^/]+)+?)/(?:-/)?(?P<kind>issues|work_items|merge_requests)/(?P<number>\d+)"
)
_OFFERS = {"pull", "pulls", "merge_requests"}


@dataclass(frozen=True)
class IssueReference:
    """Which issue is meant.

    Attributes:
        forge: what kind of server it lies on.
        server: scheme and host, such as ``https://github.com``.
        project: path of the project, such as ``owner/name``.
        number: of the issue within the project.
    """

    forge: Literal["github", "gitlab"]
    server: str
    project: str
    number: int

    @property
    def url(self) -> str:
        """The page of the issue."""
        between = "/-" if self.forge == "gitlab" else ""
        return f"{self.server}/{self.project}{between}/issues/{self.number}"

    @property
    def host(self) -> str:
        """Name of the server, without scheme and port."""
        return urlsplit(self.server).hostname or ""


def parse_reference(text: str) -> IssueReference | None:
    """The issue that `text` names, or None when it names none.

    Raises:
        InputError: it names a pull request, or a page over plain HTTP on another machine.
    """
    text = text.strip()
    if short := _SHORT.fullmatch(text):
        return IssueReference("github", default_server(), short["project"], int(short["number"]))
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    forge: Literal["github", "gitlab"] = "gitlab" if "/-/" in parts.path or "gitlab" in parts.hostname else "github"
    path = parts.path.rstrip("/")
    found = (_GITLAB_PATH if forge == "gitlab" else _GITHUB_PATH).fullmatch(path)
    if found is None:
        return None
    if found["kind"] in _OFFERS:
        raise InputError(f"{text} is a pull request, not an issue", hint="give the issue that it is about")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise InputError(f"{text} is not encrypted: a token sent there could be read", hint="use its https:// address")
    return IssueReference(forge, f"{parts.scheme}://{parts.netloc}", found["project"], int(found["number"]))


def default_server() -> str:
    """The GitHub that short names mean: as GitHub Actions says, or github.com."""
    return os.environ.get("GITHUB_SERVER_URL", "").rstrip("/") or GITHUB


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
