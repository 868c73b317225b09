"""Reading the files of a repository, whatever holds them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Protocol, runtime_checkable


class FileReader(Protocol):
    """The files of one state of a repository; paths are relative, with forward slashes."""

    def paths(self) -> Sequence[str]:
        """All files, sorted."""
        ...

    def exists(self, path: str) -> bool:
        """Whether `path` is a file."""
        ...

    def is_link(self, path: str) -> bool:
        """Whether `path`, or a folder on the way to it, is a symbolic link."""
        ...

    def read(self, path: str) -> bytes:
        """The bytes of `path`; FileNotFoundError when there is no such file."""
        ...


@runtime_checkable
class ManyReader(FileReader, Protocol):
    """A reader for which many files are little more work than one."""

    def read_many(self, paths: Sequence[str]) -> Iterator[bytes]:
        """The bytes of each of `paths`, in order; FileNotFoundError when there is no such file."""
        ...


def read_all(files: FileReader, paths: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Each of `paths` with its bytes, in order; FileNotFoundError when there is no such file."""
    contents = files.read_many(paths) if isinstance(files, ManyReader) else map(files.read, paths)
    yield from zip(paths, contents, strict=True)


class FolderFiles:
    """The files of a folder on disk; symbolic links are not followed, `.git` is left out."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def paths(self) -> Sequence[str]:
        """All regular files below the folder, sorted."""
        found = []
        for folder, names, files in os.walk(self.root):
            names[:] = [name for name in names if name != ".git"]
            here = Path(folder)
            prefix = "" if here == self.root else here.relative_to(self.root).as_posix() + "/"
            found += [prefix + name for name in files if not (here / name).is_symlink()]
        return sorted(found)

    def exists(self, path: str) -> bool:
        """Whether `path` is a regular file, reached through no link."""
        return (self.root / path).is_file() and not self.is_link(path)

    def is_link(self, path: str) -> bool:
        """Whether `path`, or a folder on the way to it, is a symbolic link."""
        pure = PurePosixPath(path)
        return any((self.root / part).is_symlink() for part in [pure, *pure.parents][:-1])

    def read(self, path: str) -> bytes:
        """The bytes of `path`; FileNotFoundError when there is no such file, also when it is a link."""
        if self.is_link(path):
            raise FileNotFoundError(path)
        return (self.root / path).read_bytes()
