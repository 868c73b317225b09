"""Writing below a folder that an agent can write too: every step goes through descriptors, no link is followed."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from tools.snapshots.walk import open_folder

Signature = tuple[int, int, int, int, int]
"""Mode, size, modification and change time in ns, inode: unequal when a file may have changed."""

_FLATTEN = 64
"""Folders nested deeper than this are moved up before they are removed, so that no depth exhausts descriptors."""


def signature(status: os.stat_result) -> Signature:
    """What a file's status says about its content."""
    return (status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


class Folder:
    """One operation's view of the files below `root`; paths are relative with forward slashes.

    Used as a context manager. The last folder used stays open in between, so bulk work in path order is quick;
    nobody else may move folders meanwhile.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._top = -1
        self._last: tuple[str, int] = ("", -1)

    def __enter__(self) -> Folder:
        self._top = open_folder(self.root, force=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._forget()
        os.close(self._top)

    def status(self, path: str) -> os.stat_result | None:
        """The status of what is at `path` itself; None when there is nothing."""
        try:
            parent, name = self._parent(path)
            return os.stat(name, dir_fd=parent, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return None

    @contextlib.contextmanager
    def opened(self, path: str) -> Iterator[BinaryIO]:
        """A regular file, open for reading.

        Raises:
            OSError: nothing there, a link, or not a regular file.
        """
        parent, name = self._parent(path)
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            handle = os.open(name, flags, dir_fd=parent)
        except PermissionError:
            self._allow(parent, name)
            handle = os.open(name, flags, dir_fd=parent)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise FileNotFoundError(path)
            yield file

    def target(self, path: str) -> bytes:
        """Where the link at `path` points to."""
        parent, name = self._parent(path)
        return os.fsencode(os.readlink(name, dir_fd=parent))

    def names(self, path: str) -> list[tuple[str, os.stat_result]]:
        """What a folder ("" for the root) holds."""
        folder = self._open(path)
        with os.scandir(folder) as entries:
            return sorted((entry.name, entry.stat(follow_symlinks=False)) for entry in entries)

    def write(self, path: str, content: bytes | BinaryIO, *, mode: int, mtime_ns: int) -> Signature:
        """Make a new file at `path`, never through an existing one, and its parents."""
        parent, name = self._parent(path, create=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            handle = os.open(name, flags, 0o600, dir_fd=parent)
        except (FileExistsError, PermissionError):
            os.fchmod(parent, 0o755)
            self.remove(path)
            parent, name = self._parent(path)
            handle = os.open(name, flags, 0o600, dir_fd=parent)
        with os.fdopen(handle, "wb") as file:
            if isinstance(content, bytes):
                file.write(content)
            else:
                shutil.copyfileobj(content, file, 1 << 20)
            file.flush()
            os.fchmod(handle, mode)
            os.utime(handle, ns=(mtime_ns, mtime_ns))
            return signature(os.fstat(handle))

    def link(self, path: str, target: bytes) -> Signature:
        """Make a symbolic link at `path`, in place of what is there."""
        self.remove(path)
        parent, name = self._parent(path, create=True)
        os.symlink(target, name, dir_fd=parent)
        return signature(os.stat(name, dir_fd=parent, follow_symlinks=False))

    def make(self, path: str, mode: int = 0o755) -> None:
        """Make a folder and its parents; an existing one gets the mode."""
        os.fchmod(self._open(path, create=True), mode)

    def remove(self, path: str) -> None:
        """Remove whatever is at `path`, a folder with all it holds; nothing there is fine."""
        try:
            parent, name = self._parent(path)
            status = os.stat(name, dir_fd=parent, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return
        try:
            self._remove(parent, name, stat.S_ISDIR(status.st_mode))
        except PermissionError:
            os.fchmod(parent, 0o755)
            self._remove(parent, name, stat.S_ISDIR(status.st_mode))

    def _remove(self, parent: int, name: str, folder: bool) -> None:
        if not folder:
            os.unlink(name, dir_fd=parent)
            return
        moved = [name]
        while moved:
            at = moved[-1]
            deeper = self._empty(parent, at, parent, 0)
            if deeper:
                moved += deeper
            else:
                os.rmdir(at, dir_fd=parent)
                moved.pop()
        self._forget()

    def _empty(self, parent: int, name: str, top: int, depth: int) -> list[str]:
        """Empty a folder; what lies too deep is moved to `top`, and named in the result."""
        folder = open_folder(name, parent=parent, force=True)
        moved: list[str] = []
        try:
            os.fchmod(folder, 0o700)
            with os.scandir(folder) as entries:
                inside = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
            for inner, is_folder in inside:
                if not is_folder:
                    os.unlink(inner, dir_fd=folder)
                elif depth >= _FLATTEN:
                    moved.append(f".treewright-{secrets.token_hex(8)}")
                    os.rename(inner, moved[-1], src_dir_fd=folder, dst_dir_fd=top)
                else:
                    moved += self._empty(folder, inner, top, depth + 1)
                    os.rmdir(inner, dir_fd=folder)
        finally:
            os.close(folder)
        return moved

    def _parent(self, path: str, *, create: bool = False) -> tuple[int, str]:
        folder, _, name = path.rpartition("/")
        return self._open(folder, create=create), name

    def _open(self, path: str, *, create: bool = False) -> int:
        if not path:
            return self._top
        if self._last[0] == path:
            return self._last[1]
        at = os.dup(self._top)
        try:
            for name in path.split("/"):
                inner = self._step(at, name, create)
                os.close(at)
                at = inner
        except BaseException:
            os.close(at)
            raise
        self._forget()
        self._last = (path, at)
        return at

    @staticmethod
    def _step(folder: int, name: str, create: bool) -> int:
        try:
            return open_folder(name, parent=folder, force=True)
        except FileNotFoundError:
            if not create:
                raise
        os.mkdir(name, 0o755, dir_fd=folder)
        inner = open_folder(name, parent=folder)
        os.fchmod(inner, 0o755)
        return inner

    @staticmethod
    def _allow(parent: int, name: str) -> None:
        handle = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
        try:
            if stat.S_ISREG(os.fstat(handle).st_mode):
                Path(f"/proc/self/fd/{handle}").chmod(0o600)
        finally:
            os.close(handle)

    def _forget(self) -> None:
        if self._last[1] >= 0:
            os.close(self._last[1])
        self._last = ("", -1)


def remove_folder(path: Path) -> None:
    """Remove a folder and all in it, however deep and whatever its rights; nothing there is fine."""
    if path.exists():
        with Folder(path.parent) as parent:
            parent.remove(path.name)
