"""Which paths a snapshot may hold."""

from __future__ import annotations

from collections.abc import Iterable

from tools.errors import InputError

_INVISIBLE = dict.fromkeys(
    [*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF],
)
"""Code points that HFS+ drops from names, so that `.g<joiner>it` opens `.git` there."""


def is_git_name(name: str) -> bool:
    """Whether some file system takes `name` for `.git` (letter case, short names, dropped characters)."""
    plain = name.translate(_INVISIBLE).split(":", 1)[0].rstrip(" .").lower()
    return plain in (".git", "git~1")


def path_problem(path: str) -> str:
    """Why `path` cannot name a file of a snapshot; empty when it can.

    Paths are relative to the root of the repository, with forward slashes.
    """
    if not path:
        return "the path is empty"
    if "\0" in path:
        return "the path holds a NUL"
    if path.startswith("/"):
        return "the path is absolute"
    parts = path.split("/")
    if ".." in parts:
        return "the path leaves the repository"
    if "" in parts or "." in parts:
        return "the path is not in its plain form"
    if any(is_git_name(part) for part in parts):
        return "the path reaches into git's own folder"
    if any(len(part.encode("utf-8", "surrogateescape")) > 255 for part in parts):
        return "a name in the path is longer than 255 bytes"
    return ""


def check_path(path: str) -> str:
    """Return `path` when it may be written by someone we do not trust.

    Raises:
        InputError: it is absolute, leaves the repository, reaches into `.git`, or holds a backslash, which other
            systems read as a separator.
    """
    problem = path_problem(path) or ("the path holds a backslash" if "\\" in path else "")
    if problem:
        raise InputError(f"{path!r}: {problem}")
    return path


def folders_of(paths: Iterable[str]) -> set[str]:
    """All folders above one of the paths."""
    found: set[str] = set()
    for path in paths:
        at = path.rpartition("/")[0]
        while at and at not in found:
            found.add(at)
            at = at.rpartition("/")[0]
    return found


def link_escapes(path: str, target: str) -> bool:
    """Whether a symbolic link at `path` with this target points out of the repository or into `.git`."""
    if target.startswith("/") or "\0" in target or "\\" in target:
        return True
    depth = path.count("/")
    for part in target.split("/"):
        if part == "..":
            depth -= 1
            if depth < 0:
                return True
        elif is_git_name(part):
            return True
        elif part not in ("", "."):
            depth += 1
    return False
