"""Which paths an edit may name."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from difflib import get_close_matches
from pathlib import PurePosixPath

# what file systems of other machines take for `.git`: short names, trailing dots and spaces, streams
_GIT = re.compile(r"(?:\.git|git~\d+)[. ]*(?::.*)?", re.IGNORECASE)
# code points that HFS+ ignores in names
_IGNORED = dict.fromkeys([*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF])


def normalised(path: str) -> str:
    """The path without `./` and doubled slashes, nothing else resolved."""
    parts = [part for part in path.split("/") if part not in {"", "."}]
    return ("/" if path.startswith("/") else "") + "/".join(parts)


def objection(path: str) -> str:
    """Why an edit may not name this path; empty when it may."""
    if not path.strip("/. ") and path != "..":
        return "the path is empty"
    if any(ord(character) < 32 or ord(character) == 127 for character in path):
        return "the path has control characters"
    if path.startswith(("/", "~", "\\")) or re.match(r"[A-Za-z]:[\\/]", path):
        return "the path is absolute"
    parts = re.split(r"[/\\]", path)
    if ".." in parts:
        return "the path leaves the repository"
    if any(_GIT.fullmatch(part.translate(_IGNORED)) for part in parts):
        return "the path is git's own"
    if path.endswith("/"):
        return "the path is a folder"
    return ""


def suggestions(path: str, known: Sequence[str] | Collection[str], count: int = 3) -> list[str]:
    """Existing paths somebody may have meant: the same tail, the same name, then alike."""
    wanted = PurePosixPath(path)
    tail = "/".join(part for part in wanted.parts if part not in {"/", ".", ".."})
    same_name = sorted(item for item in known if PurePosixPath(item).name == wanted.name)

    def shared(item: str) -> int:
        pairs = zip(reversed(PurePosixPath(item).parts), reversed(wanted.parts), strict=False)
        return next((index for index, (a, b) in enumerate(pairs) if a != b), len(wanted.parts))

    ranked = sorted(same_name, key=lambda item: (tail.endswith(item) is False, -shared(item), item))
    if len(ranked) < count:
        pool = sorted(item for item in known if PurePosixPath(item).suffix == wanted.suffix)
        near = get_close_matches(wanted.name, sorted({PurePosixPath(item).name for item in pool}), count, 0.75)
        ranked += [item for name in near for item in pool if PurePosixPath(item).name == name and item not in ranked]
    return ranked[:count]
