"""Commit objects whose ids depend on nothing but what they say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tools.errors import InputError

EPOCH = 978307200
"""2001-01-01T00:00:00Z in seconds: the date of the base commit; each node is a second younger than its parent."""
_TRAILER = re.compile(r"([A-Za-z][A-Za-z0-9-]*): (.*)")
_SUBJECT_LENGTH = 200


@dataclass(frozen=True)
class Commit:
    """A commit, parsed."""

    tree: str
    parents: tuple[str, ...]
    time: int
    message: str

    @property
    def trailers(self) -> dict[str, str]:
        """The `Key: value` lines of the last paragraph."""
        found = [_TRAILER.fullmatch(line) for line in self.message.strip().rpartition("\n\n")[2].splitlines()]
        return {match[1]: match[2] for match in found if match} if all(found) else {}


def parse_commit(data: bytes) -> Commit:
    """Read a commit object."""
    head, _, message = data.decode("utf-8", "surrogateescape").partition("\n\n")
    fields = [line.partition(" ")[::2] for line in head.split("\n")]
    time = next((value.split()[-2] for key, value in fields if key == "committer"), "0")
    return Commit(
        tree=next(value for key, value in fields if key == "tree"),
        parents=tuple(value for key, value in fields if key == "parent"),
        time=int(time),
        message=message,
    )


def one_line(text: str) -> str:
    """`text` with every run of white space, line ends and control characters included, made one space."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def format_commit(
    tree: str, *, parents: tuple[str, ...] = (), time: int = EPOCH, subject: str, trailers: Mapping[str, str]
) -> bytes:
    """A commit object by a fixed author at a given time.

    Args:
        tree: id of its tree.
        parents: ids of the commits it follows.
        time: seconds since 1970, UTC.
        subject: made one line of at most 200 characters.
        trailers: `Key: value` lines at the end of the message; values are made one line.

    Raises:
        InputError: the name of a trailer is not made of letters, digits and hyphens.
    """
    lines = [(one_line(subject) or "Node")[:_SUBJECT_LENGTH]]
    if trailers:
        lines.append("")
    for key, value in trailers.items():
        line = f"{key}: {one_line(value)}"
        if not _TRAILER.fullmatch(line):
            raise InputError(f"{key!r} cannot name a trailer", hint="use letters, digits and hyphens")
        lines.append(line)
    who = f"Treewright <treewright@localhost> {time} +0000"
    head = [f"tree {tree}", *(f"parent {parent}" for parent in parents), f"author {who}", f"committer {who}"]
    return ("\n".join([*head, "", *lines]) + "\n").encode("utf-8", "surrogateescape")
