"""The files of a tree, with their sizes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tools.errors import InputError
from tools.snapshots.command import GitFailed, run_git
from tools.snapshots.paths import folders_of, path_problem
from tools.snapshots.trees import decode_name

_LISTED = re.compile(rb"(?P<mode>\d+) \w+ (?P<blob>[0-9a-f]{40}) +(?P<size>-|BAD|\d+)\t(?P<path>[^\0]*)\0")


@dataclass(frozen=True, order=True)
class TreeEntry:
    """A file of a snapshot: its path, git's mode (0o100644, 0o100755, 0o120000), id of its content, bytes."""

    path: str
    mode: int
    blob: str
    size: int


def list_tree(
    git_dir: Path, tree: str, may_lack: Callable[[str], bool] | None = None
) -> tuple[dict[str, TreeEntry], list[str]]:
    """All files of a tree with their sizes, submodules with size 0; and the paths that it lacks and `may_lack`.

    Raises:
        InputError: other objects are missing or damaged, or a path is one that must never be written.
    """
    hint = "a partial clone must fetch its objects first; else run `git fsck` in your repository"
    try:
        out = run_git("ls-tree", "-r", "-l", "-z", "--full-tree", tree, git_dir=git_dir)
    except GitFailed as error:
        raise InputError(f"the files of the repository cannot be listed: {error}", hint=hint) from error
    found: dict[str, TreeEntry] = {}
    missing: list[str] = []
    for match in _LISTED.finditer(out):
        path, size = decode_name(match["path"]), match["size"]
        problem = path_problem(path)
        if problem:
            raise InputError(f"the repository holds {path!r}: {problem}", hint="run `git fsck` in your repository")
        if size == b"BAD" and may_lack is not None and may_lack(path):
            missing.append(path)
            continue
        if size == b"BAD":
            raise InputError(f"the content of {path!r} is missing or damaged", hint=hint)
        if path in found:
            raise InputError(f"the repository holds {path!r} twice", hint="run `git fsck` in your repository")
        found[path] = TreeEntry(path, int(match["mode"], 8), match["blob"].decode(), 0 if size == b"-" else int(size))
    both = found.keys() & folders_of(found)
    if both:
        raise InputError(f"the repository holds {min(both)!r} as file and as folder", hint="run `git fsck`")
    return found, missing
