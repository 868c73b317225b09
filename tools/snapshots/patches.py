"""What a patch says it will touch, read before anything is applied."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tools.errors import InputError
from tools.snapshots.paths import check_path
from tools.snapshots.source import unquote

_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_MODE = re.compile(r"(?:new file mode|new mode|old mode|deleted file mode) ([0-7]+)")
_NAMED = ("rename from ", "rename to ", "copy from ", "copy to ")
_MODES = {"100644", "100755", "100664", "120000"}


def patch_bytes(patch: str) -> bytes:
    """The bytes of a patch as `SnapshotStore.diff` returns it: write these to a file, not the text."""
    return patch.encode("utf-8", "surrogateescape")


def _headers(patch: str) -> Iterator[str]:
    """The lines of a patch that are not the body of a hunk."""
    old = new = 0
    for line in patch.split("\n"):
        if old > 0 or new > 0:
            if line.startswith("\\"):
                continue
            old -= not line.startswith("+")
            new -= not line.startswith("-")
            continue
        hunk = _HUNK.match(line)
        if hunk:
            old, new = int(hunk[1] or 1), int(hunk[2] or 1)
        else:
            yield line


def check_patch(patch: str) -> None:
    """Refuse a patch whose headers name what must not be written.

    The result of applying it is checked again (store.py): this gives the clear reason, that the certainty.

    Raises:
        InputError: no patch at all; a path that is absolute, leaves the repository, reaches into `.git` or holds a
            backslash; a mode that is no plain file or link.
    """
    if not patch.strip():
        raise InputError("the patch is empty")
    for line in _headers(patch):
        mode = _MODE.match(line)
        if mode and mode[1] not in _MODES:
            what = "a submodule" if mode[1] == "160000" else f"a file of mode {mode[1]}"
            raise InputError(f"the patch adds or changes {what}, which is not allowed")
        if line.startswith(("--- ", "+++ ")):
            _check_side(line[4:])
        elif line.startswith(_NAMED):
            check_path(unquote(line.split(" ", 2)[2].removesuffix("\r")))
        elif line.startswith("diff --git "):
            _check_git_line(line.removeprefix("diff --git "))


def _check_side(text: str) -> None:
    name = unquote(text.split("\t", 1)[0].removesuffix("\r"))
    if name == "/dev/null":
        return
    if name.startswith("/"):
        check_path(name)
    check_path(name.split("/", 1)[1] if "/" in name else name)


def _check_git_line(text: str) -> None:
    # binary patches and mode changes have no other line with the name; renames, whose names differ, do
    text = text.removesuffix("\r")
    first = (
        text[: len(text) // 2] if not text.startswith('"') else text[: text.index('" ') + 1] if '" ' in text else text
    )
    second = text[len(first) :].strip()
    if text.startswith('"') or first.partition("/")[2] == second.partition("/")[2]:
        name = unquote(first)
        check_path(name.split("/", 1)[1] if "/" in name else name)


def paths_of(patch: str) -> tuple[str, ...]:
    """The paths that a patch names, in order; those of both sides of a rename."""
    found: dict[str, None] = {}
    for line in _headers(patch):
        if line.startswith(("--- ", "+++ ")):
            name = unquote(line[4:].split("\t", 1)[0].removesuffix("\r"))
            if name != "/dev/null" and "/" in name:
                found[name.split("/", 1)[1]] = None
        elif line.startswith(_NAMED):
            found[unquote(line.split(" ", 2)[2].removesuffix("\r"))] = None
    return tuple(found)
