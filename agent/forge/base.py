"""What is asked of a forge, and what it answers with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tools.errors import InfrastructureError, InputError

_REASON = re.compile(
    r"Failed to resolve '[^']+'|Connection refused|[Rr]ead timed out|connect timeout|certificate verify failed"
)


@dataclass(frozen=True)
class Comment:
    """One comment below an issue; `automatic` when a bot wrote it."""

    author: str
    text: str
    automatic: bool = False


@dataclass(frozen=True)
class Issue:
    """An issue as its page shows it.

    Attributes:
        title: its headline.
        body: its text, Markdown.
        author: login of who opened it.
        comments: in order.
        closed: whether it is closed.
        locked: whether only those who may write can comment.
        url: its page.
    """

    title: str
    body: str
    author: str = ""
    comments: tuple[Comment, ...] = ()
    closed: bool = False
    locked: bool = False
    url: str = ""


@dataclass(frozen=True)
class Project:
    """A repository on a forge.

    Attributes:
        name: its path, such as ``owner/name``; the new one if it was moved.
        clone_url: what git clones and pushes to.
        default_branch: where pull requests go.
        may_push: whether the token may push branches to it.
        may_fork: whether it may be forked.
        archived: whether it is read-only.
    """

    name: str
    clone_url: str
    default_branch: str
    may_push: bool = False
    may_fork: bool = True
    archived: bool = False


class Forge(Protocol):
    """One issue's server, with a token or without. All methods block.

    Every method raises ForgeRefused for what a person can mend (rights, names) and ForgeUnavailable for what may
    pass (rate limits, outages).
    """

    @property
    def has_token(self) -> bool:
        """Whether it can do more than read what is public."""

    @property
    def user(self) -> str:
        """The user name that git sends with the token."""

    def issue(self) -> Issue:
        """The issue with its comments; InputError when the number is a pull request."""

    def project(self) -> Project:
        """The repository of the issue."""

    def fork(self, project: Project) -> Project:
        """The user's own copy of `project`, made if there is none; waits until git can reach it."""

    def open_pull_request(self, project: Project, head: Project, branch: str, title: str, body: str) -> str:
        """Offers `branch` of `head` to the default branch of `project`, as a draft; the page."""

    def comment(self, body: str) -> str:
        """Adds a comment to the issue; its page."""


class ForgeRefused(InputError):
    """The server said no: the token, the rights, or a name is wrong."""


class ForgeUnavailable(InfrastructureError):
    """The server cannot answer now."""


def unreachable(what: str, host: str, error: Exception) -> ForgeUnavailable:
    """In a few words what a client of HTTP says in many."""
    text = str(error)
    found = _REASON.search(text)
    why = found[0].rstrip(" (") if found else text[:200]
    return ForgeUnavailable(
        f"cannot {what}: {host} cannot be reached ({why})", hint="check the address and the network"
    )


def until(reset: float) -> str:
    """A time for a message, from seconds since the epoch."""
    return datetime.fromtimestamp(reset).astimezone().strftime("%H:%M %Z")
