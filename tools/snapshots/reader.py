"""The files of a snapshot, for everything that only reads a repository."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from tools.snapshots.trees import LINK, SUBMODULE

if TYPE_CHECKING:
    from tools.snapshots.store import SnapshotStore


class SnapshotFiles:
    """A `FileReader` over a snapshot; safe to share between threads.

    Symbolic links are left out, as in `FolderFiles`: what they point to is listed under its own name.
    """

    def __init__(self, store: SnapshotStore, snapshot: str) -> None:
        self.store = store
        self.snapshot = snapshot
        entries = store.entries(snapshot)
        self._entries = {path: entry for path, entry in entries.items() if entry.mode not in (LINK, SUBMODULE)}
        self._links = frozenset(path for path, entry in entries.items() if entry.mode == LINK)
        self._paths = tuple(sorted(self._entries))

    def paths(self) -> Sequence[str]:
        """All regular files, sorted."""
        return self._paths

    def exists(self, path: str) -> bool:
        """Whether `path` is a regular file of the snapshot."""
        return path in self._entries

    def is_link(self, path: str) -> bool:
        """Whether `path`, or a folder on the way to it, is a symbolic link."""
        return path in self._links or any(parent.as_posix() in self._links for parent in PurePosixPath(path).parents)

    def blob(self, path: str) -> str:
        """Git's id of the content of `path`: equal ids, equal content, in whatever snapshot.

        Raises:
            FileNotFoundError: there is no such file.
        """
        if path not in self._entries:
            raise FileNotFoundError(path)
        return self._entries[path].blob

    def read(self, path: str) -> bytes:
        """The bytes of `path`.

        Raises:
            FileNotFoundError: there is no such file.
        """
        return self.store.database.read(self.blob(path))

    def read_many(self, paths: Sequence[str]) -> Iterator[bytes]:
        """The bytes of each of `paths`, in order, read ahead by a few.

        Raises:
            FileNotFoundError: there is no such file.
        """
        return self.store.database.read_many([self.blob(path) for path in paths])
