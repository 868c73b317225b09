"""Git trees, read and rewritten in-process: a change costs the folders above it, not the repository."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from tools.errors import InputError
from tools.snapshots.objects import ObjectDatabase

FILE, EXECUTABLE, LINK, FOLDER, SUBMODULE = 0o100644, 0o100755, 0o120000, 0o040000, 0o160000


class Entry(NamedTuple):
    """What a name in a tree stands for: git's mode and the object's id."""

    mode: int
    blob: str


Changes = dict[str, "Entry | None"]
"""Path to its new entry; None takes the path away."""


def _encode(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def decode_name(name: bytes) -> str:
    """A name of a tree as text; bytes that are no UTF-8 become lone surrogates, as Python's file functions do."""
    return name.decode("utf-8", "surrogateescape")


def parse_tree(data: bytes) -> dict[str, Entry]:
    """The entries of a tree object.

    Raises:
        InputError: a name occurs twice, so that a link could stand in for a folder.
    """
    entries: dict[str, Entry] = {}
    at = 0
    while at < len(data):
        space = data.index(b" ", at)
        end = data.index(b"\0", space)
        name = decode_name(data[space + 1 : end])
        if name in entries:
            raise InputError(f"a folder of the repository holds the name {name!r} twice", hint="run `git fsck`")
        entries[name] = Entry(int(data[at:space], 8), data[end + 1 : end + 21].hex())
        at = end + 21
    return entries


def format_tree(entries: Mapping[str, Entry]) -> bytes:
    """The tree object with these entries; git sorts folders as if their names ended with a slash."""
    named = [(_encode(name), entry) for name, entry in entries.items()]
    named.sort(key=lambda item: item[0] + (b"/" if item[1].mode == FOLDER else b""))
    return b"".join(b"%o %s\0" % (entry.mode, name) + bytes.fromhex(entry.blob) for name, entry in named)


class Trees:
    """The trees of an object database, with the ones seen before kept parsed."""

    def __init__(self, database: ObjectDatabase) -> None:
        self._database = database
        self._parsed = lru_cache(maxsize=1 << 15)(self._parse)

    def _parse(self, tree: str) -> dict[str, Entry]:
        return parse_tree(self._database.read(tree, "tree"))

    def find(self, tree: str, path: str) -> Entry | None:
        """The entry at `path` below `tree`, a folder included; None when there is none."""
        entry = Entry(FOLDER, tree)
        for name in path.split("/"):
            if entry.mode != FOLDER:
                return None
            found = self._parsed(entry.blob).get(name)
            if found is None:
                return None
            entry = found
        return entry

    def walk(self, tree: str, prefix: str = "") -> Iterator[tuple[str, Entry]]:
        """Everything below `tree` but folders."""
        for name, entry in self._parsed(tree).items():
            if entry.mode == FOLDER:
                yield from self.walk(entry.blob, f"{prefix}{name}/")
            else:
                yield prefix + name, entry

    def diff(self, old: str, new: str, prefix: str = "") -> Iterator[tuple[str, Entry | None, Entry | None]]:
        """Paths whose entry differs, with both entries; only folders that differ are read."""
        if old == new:
            return
        before, after = self._parsed(old), self._parsed(new)
        for name in sorted(before.keys() | after.keys()):
            ours, theirs = before.get(name), after.get(name)
            if ours == theirs:
                continue
            path = prefix + name
            if ours and theirs and ours.mode == theirs.mode == FOLDER:
                yield from self.diff(ours.blob, theirs.blob, f"{path}/")
                continue
            yield from self._one_sided(path, ours, theirs)

    def _one_sided(
        self, path: str, old: Entry | None, new: Entry | None
    ) -> Iterator[tuple[str, Entry | None, Entry | None]]:
        if old and old.mode == FOLDER:
            yield from ((name, entry, None) for name, entry in self.walk(old.blob, f"{path}/"))
            old = None
        if new and new.mode == FOLDER:
            yield from ((name, None, entry) for name, entry in self.walk(new.blob, f"{path}/"))
            new = None
        if old or new:
            yield path, old, new

    def update(self, tree: str, changes: Mapping[str, Entry | None]) -> str:
        """Write the tree that `changes` make of `tree`; folders that become empty go.

        Raises:
            InputError: a path would be both a file and a folder.
        """
        return self._update(tree, changes, "") or self._database.write(b"", "tree")

    def _update(self, tree: str | None, changes: Mapping[str, Entry | None], prefix: str) -> str | None:
        entries = dict(self._parsed(tree)) if tree else {}
        below: dict[str, dict[str, Entry | None]] = {}
        here: dict[str, Entry | None] = {}
        for path, change in changes.items():
            name, slash, rest = path.partition("/")
            if slash:
                below.setdefault(name, {})[rest] = change
            else:
                here[name] = change
        for name in [name for name, change in here.items() if change is None]:
            if name in entries and entries[name].mode != FOLDER:
                del entries[name]
        for name, inner in below.items():
            self._update_folder(entries, name, inner, prefix)
        for name, change in here.items():
            if change is None:
                continue
            if name in entries and entries[name].mode == FOLDER:
                raise InputError(f"{prefix + name!r} is a folder")
            entries[name] = change
        return self._database.write(format_tree(entries), "tree") if entries else None

    def _update_folder(
        self, entries: dict[str, Entry], name: str, inner: Mapping[str, Entry | None], prefix: str
    ) -> None:
        old = entries.get(name)
        if old and old.mode != FOLDER:
            if all(change is None for change in inner.values()):
                return
            raise InputError(f"{prefix + name!r} is not a folder")
        updated = self._update(old.blob if old else None, inner, f"{prefix}{name}/")
        if updated is None:
            entries.pop(name, None)
        else:
            entries[name] = Entry(FOLDER, updated)
