"""The cache all runs share: documents and postings by blob id, commits by commit id, in one SQLite file.

The file's name carries the versions of the extractor and of all grammars, so a new version starts a new file. Segments
are immutable and written in one transaction each: any number of processes may read and write at once. What is lost with
the file is only time.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.errors import InfrastructureError
from tools.localization.blocks import Block, BrokenBlock, pack
from tools.localization.languages import grammar_versions
from tools.localization.segment import EXTRACTOR, Segment
from tools.localization.tags import Tags

_SCHEMA = """
CREATE TABLE IF NOT EXISTS segments (id INTEGER PRIMARY KEY AUTOINCREMENT, firsts TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS documents (
    key INTEGER PRIMARY KEY, blob BLOB NOT NULL, language TEXT NOT NULL,
    names INTEGER, code INTEGER, comments INTEGER, strings INTEGER, tags TEXT, UNIQUE (blob, language));
CREATE TABLE IF NOT EXISTS blocks (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS commits (id BLOB PRIMARY KEY, title TEXT, terms TEXT, paths TEXT) WITHOUT ROWID;
"""
SEGMENT_SHIFT = 24
_MAX_BLOCKS = 1000
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Stored:
    """A document in the cache: its key (segment and ordinal) and its field lengths."""

    key: int
    lengths: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class PastCommit:
    """A commit as a document: the first line of its message, its distinct terms sorted, the paths it changed."""

    id: str
    title: str
    terms: tuple[str, ...]
    paths: tuple[str, ...]


class Cache:
    """One process's connection to the cache."""

    def __init__(self, folder: Path | None, name: str = "") -> None:
        """Opens or creates the cache in `folder`; None keeps it in memory.

        Args:
            folder: where the file is.
            name: of the file, by the versions of what is installed when empty.

        Raises:
            InfrastructureError: the folder cannot be written.
        """
        self.note = ""
        self.path: Path | None = None
        if folder is not None:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise InfrastructureError(
                    f"the cache folder {folder} cannot be used: {error}", hint="name another with --cache"
                ) from error
            self.path = folder / (name or _name())
        self._connection = self._open()
        self._firsts: dict[int, list[str]] = {}
        self._blocks: dict[int, Block] = {}

    def _open(self) -> sqlite3.Connection:
        try:
            return self._connect()
        except sqlite3.OperationalError as error:
            raise InfrastructureError(
                f"the cache {self.path} cannot be opened: {error}", hint="name another with --cache"
            ) from error
        except sqlite3.DatabaseError as error:
            self._discard(str(error))
            return self._connect()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path or ":memory:", timeout=60, isolation_level=None, check_same_thread=False)
        try:
            for setting in ("journal_mode=WAL", "synchronous=NORMAL", "cache_size=-16000", "temp_store=MEMORY"):
                connection.execute(f"PRAGMA {setting}")
            connection.executescript(_SCHEMA)
        except sqlite3.DatabaseError:
            connection.close()
            raise
        return connection

    def _discard(self, reason: str) -> None:
        assert self.path is not None
        self.note = f"the cache was unreadable ({reason}) and is rebuilt"
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    def rebuild(self, reason: str) -> None:
        """Starts over with an empty cache, after corruption; `note` says so."""
        self.close()
        self._firsts.clear()
        self._blocks.clear()
        if self.path is not None:
            self._discard(reason)
        self._connection = self._connect()

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()

    def find(self, blobs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Stored]:
        """The stored documents among `(blob id, language)` pairs."""
        wanted = set(blobs)
        ids = [bytes.fromhex(blob) for blob in dict.fromkeys(blob for blob, _ in blobs)]
        found: dict[tuple[str, str], Stored] = {}
        for start in range(0, len(ids), _CHUNK):
            chunk = ids[start : start + _CHUNK]
            marks = ",".join("?" * len(chunk))
            rows = self._connection.execute(
                f"SELECT blob, language, key, names, code, comments, strings FROM documents WHERE blob IN ({marks})",
                chunk,
            )
            for blob, language, key, *lengths in rows:
                if (pair := (blob.hex(), language)) in wanted:
                    found[pair] = Stored(key, tuple(lengths))
        return found

    def write(self, segment: Segment) -> None:
        """Stores a segment in one transaction."""
        blocks = list(pack(segment.postings()))
        with self._transaction() as connection:
            firsts = "\n".join(first for first, _ in blocks)
            number = connection.execute("INSERT INTO segments (firsts) VALUES (?)", (firsts,)).lastrowid or 0
            base = number << SEGMENT_SHIFT
            connection.executemany(
                "INSERT OR IGNORE INTO documents VALUES (?,?,?,?,?,?,?,?)",
                (
                    (base | ordinal, bytes.fromhex(d.blob), d.language, *d.lengths, d.tags)
                    for ordinal, d in enumerate(segment.documents)
                ),
            )
            connection.executemany(
                "INSERT INTO blocks VALUES (?,?)", ((base | place, data) for place, (_, data) in enumerate(blocks))
            )

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def postings(self, term: str, segments: Iterable[int]) -> Iterator[tuple[int, array[int]]]:
        """Per segment that has `term`: its number and the postings.

        Raises:
            sqlite3.DatabaseError: a block is broken.
        """
        for segment in segments:
            firsts = self._firsts.get(segment)
            if firsts is None:
                firsts = self._firsts[segment] = self._read_firsts(segment)
            place = bisect_right(firsts, term) - 1
            found = self._block(segment << SEGMENT_SHIFT | place).postings(term) if place >= 0 else None
            if found:
                yield segment, found

    def _read_firsts(self, segment: int) -> list[str]:
        row = self._connection.execute("SELECT firsts FROM segments WHERE id = ?", (segment,)).fetchone()
        return row[0].split("\n") if row and row[0] else []

    def _block(self, key: int) -> Block:
        known = self._blocks.get(key)
        if known is None:
            if len(self._blocks) >= _MAX_BLOCKS:
                self._blocks.clear()
            row = self._connection.execute("SELECT data FROM blocks WHERE id = ?", (key,)).fetchone()
            try:
                known = self._blocks[key] = Block(row[0] if row else b"")
            except BrokenBlock as error:
                raise sqlite3.DatabaseError(str(error)) from error
        return known

    def tags(self, keys: Sequence[int]) -> dict[int, Tags]:
        """The tags of documents by key."""
        found: dict[int, Tags] = {}
        for start in range(0, len(keys), _CHUNK):
            chunk = keys[start : start + _CHUNK]
            marks = ",".join("?" * len(chunk))
            for key, data in self._connection.execute(f"SELECT key, tags FROM documents WHERE key IN ({marks})", chunk):
                found[key] = Tags.unpacked(data)
        return found

    def commits(self, ids: Sequence[str]) -> dict[str, PastCommit]:
        """The stored commits among `ids`."""
        found: dict[str, PastCommit] = {}
        for start in range(0, len(ids), _CHUNK):
            chunk = [bytes.fromhex(commit) for commit in ids[start : start + _CHUNK]]
            marks = ",".join("?" * len(chunk))
            for key, title, terms, paths in self._connection.execute(
                f"SELECT * FROM commits WHERE id IN ({marks})", chunk
            ):
                found[key.hex()] = PastCommit(
                    key.hex(), title, tuple(terms.split()), tuple(paths.split("\n")) if paths else ()
                )
        return found

    def write_commits(self, commits: Iterable[PastCommit]) -> None:
        """Stores commits."""
        rows = [
            (bytes.fromhex(c.id), _storable(c.title), _storable(" ".join(c.terms)), _storable("\n".join(c.paths)))
            for c in commits
        ]
        with self._transaction() as connection:
            connection.executemany("INSERT OR IGNORE INTO commits VALUES (?,?,?,?)", rows)


def _name() -> str:
    version = hashlib.sha256(f"{EXTRACTOR} {grammar_versions()}".encode()).hexdigest()[:12]
    return f"localization-{version}.sqlite"


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
