"""What the user's work tree holds beyond a commit, found without git's index machinery touching it.

Git would compare contents through the repository's filters, refresh the index and ask fsmonitor. Here the index is
only listed; the work tree is walked by us and files are compared as they are. What a filter or a line-end conversion
made on checkout counts as unchanged as long as the index's own record of the file's size and time holds.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tools.errors import InputError
from tools.snapshots.command import GitFailed, run_git
from tools.snapshots.ignore import IgnoreRules
from tools.snapshots.objects import blob_id
from tools.snapshots.paths import folders_of
from tools.snapshots.source import Source
from tools.snapshots.trees import EXECUTABLE, FILE, LINK, SUBMODULE, Entry
from tools.snapshots.walk import walk

MAX_FILE = 64 * 1024 * 1024
"""Bytes; larger files are not taken into a snapshot."""

_INDEXED = re.compile(
    rb"(?P<tag>[A-Za-z?]) (?P<mode>[0-7]+) (?P<blob>[0-9a-f]{40}) (?P<stage>[0-3])\t(?P<path>[^\0]*)\0"
    rb"  ctime: \d+:\d+\n  mtime: (?P<seconds>\d+):(?P<nanoseconds>\d+)\n  dev: \d+\tino: \d+\n"
    rb"  uid: \d+\tgid: \d+\n  size: (?P<size>\d+)\tflags: [0-9a-f]+\n"
)


@dataclass(frozen=True)
class _Indexed:
    entry: Entry
    absent: bool
    size: int
    mtime_ns: int
    settled: bool

    def unchanged(self, status: os.stat_result) -> bool:
        return self.settled and status.st_size & 0xFFFFFFFF == self.size and status.st_mtime_ns == self.mtime_ns


@dataclass
class WorkTree:
    """The user's work tree against the commit it was checked out from.

    Args:
        source: the repository; its work tree is read, nothing is written.
        committed: the files of the commit.

    Attributes:
        skipped: files left out because they are too large, known after `changes`.
    """

    source: Source
    committed: dict[str, Entry]
    skipped: list[str] = field(default_factory=list)

    def changes(self) -> Iterator[tuple[str, os.stat_result | None]]:
        """Paths that differ from the commit, with their status; None when the file is gone.

        Raises:
            InputError: the index of the repository cannot be read.
        """
        indexed = self._index()
        tracked = {**self.committed, **{path: item.entry for path, item in indexed.items()}}
        inner = folders_of(tracked)
        submodules = {path for path, entry in tracked.items() if entry.mode == SUBMODULE}
        rules = self._rules(tracked)
        closed: list[str] = []
        seen = set()

        def enter(path: str, status: os.stat_result) -> bool:
            if path in submodules or path.rpartition("/")[2] == ".git":
                return False
            if path in inner:
                return True
            nested = (self.source.folder / path / ".git").exists()
            return not nested and not rules.ignored(path, folder=True)

        for path, status in walk(self.source.folder, enter, unreadable=closed.append):
            if not (stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode)):
                continue
            if path.rpartition("/")[2] == ".git" or path in submodules:
                continue
            if path not in tracked and rules.ignored(path):
                continue
            seen.add(path)
            if self._differs(path, status, indexed.get(path)):
                yield path, status
        for path, entry in self.committed.items():
            if path in seen or entry.mode == SUBMODULE or path.startswith(tuple(f"{name}/" for name in closed)):
                continue
            if not (path in indexed and indexed[path].absent):
                yield path, None

    def read(self, path: str, status: os.stat_result) -> bytes:
        """The content of a file of the work tree, or the target of a link."""
        full = self.source.folder / path
        if stat.S_ISLNK(status.st_mode):
            return os.fsencode(full.readlink())
        handle = os.open(full, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            return file.read(MAX_FILE + 1)

    def _differs(self, path: str, status: os.stat_result, indexed: _Indexed | None) -> bool:
        before = self.committed.get(path)
        mode = mode_of(status)
        if status.st_size > MAX_FILE and (indexed is None or not indexed.unchanged(status)):
            self.skipped.append(path)
            return False
        if indexed is not None and indexed.unchanged(status) and _same_kind(indexed.entry.mode, mode):
            return indexed.entry != before
        if before is None or not _same_kind(before.mode, mode):
            return True
        data = self.read(path, status)
        return before.blob not in (blob_id(data), blob_id(data.replace(b"\r\n", b"\n")))

    def _index(self) -> dict[str, _Indexed]:
        folder = self.source.folder
        try:
            listing = run_git("ls-files", "-z", "-s", "-t", "--debug", folder=folder)
        except GitFailed as error:
            raise InputError(f"the index of {folder} cannot be read ({error})", hint="run `git fsck`") from error
        index = self.source.git_dir / "index"
        written = index.stat().st_mtime_ns if index.exists() else 0
        found = {}
        for match in _INDEXED.finditer(listing):
            mtime_ns = int(match["seconds"]) * 10**9 + int(match["nanoseconds"])
            found[os.fsdecode(match["path"])] = _Indexed(
                entry=Entry(int(match["mode"], 8), match["blob"].decode()),
                absent=match["tag"] == b"S",
                size=int(match["size"]),
                mtime_ns=mtime_ns,
                settled=mtime_ns < written,  # else the file may have changed after it was recorded, in the same tick
            )
        return found

    def _rules(self, tracked: dict[str, Entry]) -> IgnoreRules:
        root = self.source.folder
        files: dict[str, bytes] = {}
        names = {path for path in tracked if path.rpartition("/")[2] == ".gitignore"} | {".gitignore"}
        for name in sorted(names):
            content = _small_file(root / name)
            if content is not None:
                files[name.rpartition("/")[0]] = content
        own = _small_file(self.source.git_dir / "info" / "exclude") or b""
        return IgnoreRules(files, own.decode("utf-8", "surrogateescape").splitlines())


def mode_of(status: os.stat_result) -> int:
    """Git's mode of a regular file or a link."""
    if stat.S_ISLNK(status.st_mode):
        return LINK
    return EXECUTABLE if status.st_mode & 0o100 else FILE


def _same_kind(mode: int, other: int) -> bool:
    # old repositories hold 100664; only the kind and the owner's execute bit mean something
    return mode & 0o170100 == other & 0o170100


def _small_file(path: Path) -> bytes | None:
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return None
        return path.read_bytes()[:MAX_FILE]
    except OSError:
        return None
