"""What there is to see below a folder: runs, batches and archives, each with a key for its address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from agent.store.folder import RunFolder
from agent.viewer.runs import RunReader
from tools.errors import InputError

Kind = Literal["run", "batch", "archive"]
MARKS: dict[Kind, tuple[str, ...]] = {
    "batch": ("batch.db", "manifest.json"),
    "archive": ("archive.db",),
    "run": ("run.db", "outcome.json"),
}
"""The files that make a folder one of these, the first of them wins."""
KEY = re.compile(r"[A-Za-z0-9._+@=,~-]+")
SEPARATOR = "~"
DEPTH = 3


@dataclass(frozen=True)
class Item:
    """Something to see.

    Attributes:
        key: its path below the root with ``~`` between the folders.
        changed: seconds since the epoch of its last write.
    """

    kind: Kind
    key: str
    path: Path
    changed: float

    @property
    def name(self) -> str:
        """The name of its folder."""
        return self.path.name


class Library:
    """The folder that is viewed.

    Args:
        root: a run, a batch, an archive, or a folder of any of these.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.single = kind_of(self.root)
        self._parent = self.root.parent if self.single else self.root

    @property
    def start(self) -> str:
        """Where the first page lies."""
        return f"/{self.single}/{self.root.name}" if self.single and KEY.fullmatch(self.root.name) else "/"

    def items(self) -> list[Item]:
        """Everything there is, latest first; the tasks of a batch belong to the batch."""
        found: list[Item] = []
        self._collect(self.root, found, 0)
        return sorted(found, key=lambda item: (-item.changed, item.key))

    def find(self, kind: Kind, key: str) -> Path:
        """The folder of a key.

        Raises:
            InputError: there is none such below the root.
        """
        parts = key.split(SEPARATOR)
        path = self._parent.joinpath(*parts)
        plain = KEY.fullmatch(key) and not {"", ".", ".."} & set(parts)
        if not plain or not path.resolve().is_relative_to(self.root) or not path.is_dir():
            raise InputError(f"there is no {kind} {key} here", hint="the list on the first page has what there is")
        return path

    def key(self, path: Path) -> str:
        """The key of a folder below the root."""
        return SEPARATOR.join(path.resolve().relative_to(self._parent).parts)

    def run(self, key: str) -> RunReader:
        """The reader of a run."""
        return RunReader(RunFolder(self.find("run", key)))

    def _collect(self, path: Path, found: list[Item], depth: int) -> None:
        kind = kind_of(path)
        if kind:
            key = self.key(path)
            if KEY.fullmatch(key):
                found.append(Item(kind, key, path, _changed(path, kind)))
            return
        if depth < DEPTH:
            try:
                below = sorted(child for child in path.iterdir() if child.is_dir() and not child.is_symlink())
            except OSError:
                return
            for child in below:
                self._collect(child, found, depth + 1)


def kind_of(path: Path) -> Kind | None:
    """What a folder is."""
    for kind, names in MARKS.items():
        if any((path / name).is_file() for name in names):
            return kind
    return None


def _changed(path: Path, kind: Kind) -> float:
    times = [
        (path / name).stat().st_mtime
        for mark in MARKS[kind]
        for name in (mark, mark + "-wal")
        if (path / name).is_file()
    ]
    return max(times, default=0.0)
