"""The objects of a run: written in-process by gitdb, GitPython's object database, read through one `git cat-file`."""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
import subprocess
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal

from tools.errors import InputError
from tools.snapshots.command import clean_environment, git_executable

if TYPE_CHECKING:
    from gitdb.db import LooseObjectDB

Kind = Literal["blob", "tree", "commit"]
_ID = re.compile(r"[0-9a-f]{40}")
_PIPELINE = 64
"""Requests on their way at once: few enough for the pipe's buffer, many enough to hide the round trip."""


def is_object_id(text: str) -> bool:
    """Whether `text` is a full SHA-1 in hexadecimal."""
    return _ID.fullmatch(text) is not None


def blob_id(data: bytes) -> str:
    """The id git gives to a file with this content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


class ObjectDatabase:
    """Reads and writes git objects; safe to share between threads.

    Args:
        git_dir: a bare repository; objects it borrows through alternates are read as its own.
    """

    def __init__(self, git_dir: Path) -> None:
        self.git_dir = git_dir
        self._lock = threading.Lock()
        self._reader: subprocess.Popen[bytes] | None = None
        self._writer: LooseObjectDB | None = None

    def read(self, object_id: str, kind: Kind = "blob") -> bytes:
        """The content of one object.

        Raises:
            InputError: there is no such object of this kind, or it is damaged.
        """
        return next(self.read_many([object_id], kind))

    def read_many(self, object_ids: Sequence[str], kind: Kind = "blob") -> Iterator[bytes]:
        """The contents of many objects, in order, read ahead by a few."""
        for start in range(0, len(object_ids), _PIPELINE):
            with self._lock:
                batch = self._ask(object_ids[start : start + _PIPELINE], kind)
            yield from batch

    def write(self, data: bytes, kind: Kind = "blob") -> str:
        """Store an object (a temporary file, then a rename: whole or not at all) and return its id."""
        from gitdb.base import IStream

        stored = self._objects().store(IStream(kind.encode(), len(data), io.BytesIO(data)))
        return str(stored.hexsha.decode())

    def close(self) -> None:
        """End the reading process; the next read starts a new one."""
        with self._lock:
            self._stop()

    def _objects(self) -> LooseObjectDB:
        if self._writer is None:
            from gitdb.db import LooseObjectDB

            self._writer = LooseObjectDB(str(self.git_dir / "objects"))
        return self._writer

    def _ask(self, object_ids: Sequence[str], kind: Kind) -> list[bytes]:
        for object_id in object_ids:
            if not is_object_id(object_id):
                raise InputError(f"{object_id!r} is not an object id")
        requests, answers = self._pipes()
        try:
            requests.write("".join(f"{object_id}\n" for object_id in object_ids).encode())
            requests.flush()
            return [self._answer(answers, object_id, kind) for object_id in object_ids]
        except (OSError, InputError):
            self._stop()
            raise

    @staticmethod
    def _answer(answers: IO[bytes], object_id: str, kind: Kind) -> bytes:
        header = answers.readline().split()
        hint = "run `git fsck` in your repository; a partial clone must fetch its objects first"
        if not header:
            raise InputError(f"the {kind} {object_id} is damaged", hint=hint)
        if header[-1] == b"missing" or len(header) != 3:
            raise InputError(f"the {kind} {object_id} is missing", hint=hint)
        size = int(header[2])
        data = answers.read(size + 1)
        if len(data) != size + 1:
            raise InputError(f"the {kind} {object_id} is damaged", hint=hint)
        if header[1] != kind.encode():
            raise InputError(f"{object_id} is a {header[1].decode()}, not a {kind}")
        return data[:-1]

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._reader is None or self._reader.poll() is not None:
            self._stop()
            self._reader = subprocess.Popen(
                [git_executable(), f"--git-dir={self.git_dir}", "cat-file", "--batch"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=self.git_dir,
                env=clean_environment(),
            )
        assert self._reader.stdin is not None
        assert self._reader.stdout is not None
        return self._reader.stdin, self._reader.stdout

    def _stop(self) -> None:
        reader, self._reader = self._reader, None
        if reader is None:
            return
        reader.kill()
        for pipe in (reader.stdin, reader.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):  # what was still to be written no longer matters
                    pipe.close()
        reader.wait()
