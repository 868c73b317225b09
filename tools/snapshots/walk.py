"""Walking a folder that someone else may have written: links are never followed, nothing but folders is opened."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

MAX_DEPTH = 256
"""Folders below this depth are not entered; each level holds a descriptor."""


def open_folder(name: str | Path, *, parent: int | None = None, force: bool = False) -> int:
    """A descriptor of a folder, never of what a link points to.

    Args:
        name: its name in `parent`, or a path.
        parent: descriptor of the folder it lies in.
        force: give ourselves the rights first when they are missing.

    Raises:
        OSError: it is not a folder, or cannot be opened.
    """
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(name, flags, dir_fd=parent)
    except PermissionError:
        if not force:
            raise
    handle = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
    try:
        # an O_PATH descriptor takes no fchmod; through /proc the mode of exactly this folder changes
        Path(f"/proc/self/fd/{handle}").chmod(0o755)
    finally:
        os.close(handle)
    return os.open(name, flags, dir_fd=parent)


def _listing(folder: int) -> list[tuple[str, os.stat_result]]:
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                found.append((entry.name, entry.stat(follow_symlinks=False)))
            except FileNotFoundError:
                continue  # gone since it was listed
    found.sort(reverse=True)
    return found


def walk(
    root: Path,
    enter: Callable[[str, os.stat_result], bool],
    *,
    force: bool = False,
    unreadable: Callable[[str], None] | None = None,
) -> Iterator[tuple[str, os.stat_result]]:
    """Everything below `root`, sorted within each folder, a folder before what it holds.

    Args:
        root: where to start; it is not listed itself.
        enter: asked for each folder (path, status) whether to go in.
        force: give ourselves the rights to folders that deny them.
        unreadable: told of a folder that could not be opened; without it the error is raised.

    Yields:
        Path relative to `root` and the status of the thing itself (links are not followed).
    """
    top = open_folder(root)
    stack: list[tuple[str, int, list[tuple[str, os.stat_result]]]] = [("", top, [])]
    try:
        stack[0][2].extend(_listing(top))
        while stack:
            prefix, folder, names = stack[-1]
            if not names:
                os.close(folder)
                stack.pop()
                continue
            name, status = names.pop()
            path = prefix + name
            yield path, status
            if (status.st_mode & 0o170000) != 0o040000 or len(stack) >= MAX_DEPTH or not enter(path, status):
                continue
            try:
                inner = open_folder(name, parent=folder, force=force)
            except OSError:
                if unreadable is None:
                    raise
                unreadable(path)
                continue
            names = []
            stack.append((f"{path}/", inner, names))
            names += _listing(inner)
    finally:
        for _, folder, _ in stack:
            os.close(folder)
