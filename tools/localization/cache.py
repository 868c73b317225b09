"""The cache all runs share: documents and postings by blob id, commits by commit id, in one SQLite file.

The file's name carries the versions of the extractor and of all grammars, so a new version starts a new file. Segments
are immutable and written in one transaction each: any number of processes may read and write at once. What is lost with
the file is only time.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.errors import InfrastructureError
from tools.localization.languages import grammar_versions
from tools.localization.segment import EXTRACTOR, ORDINAL_SHIFT, Segment
from tools.localization.tags import Tags

_SCHEMA = """
CREATE TABLE IF NOT EXISTS segments (id INTEGER PRIMARY KEY AUTOINCREMENT);
CREATE TABLE IF NOT EXISTS documents (
    key INTEGER PRIMARY KEY, blob BLOB NOT NULL, language TEXT NOT NULL,
    names INTEGER, code INTEGER, comments INTEGER, strings INTEGER, tags BLOB, UNIQUE (blob, language));
CREATE TABLE IF NOT EXISTS postings (term TEXT, segment INTEGER, data BLOB, PRIMARY KEY (term, segment)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS commits (id BLOB PRIMARY KEY, title TEXT, terms TEXT, paths TEXT) WITHOUT ROWID;
"""
SEGMENT_SHIFT = 24
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

    def __init__(self, folder: Path | None) -> None:
        """Opens or creates the cache in `folder`; None keeps it in memory.

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
            version = hashlib.sha256(f"{EXTRACTOR} {grammar_versions()}".encode()).hexdigest()[:12]
            self.path = folder / f"localization-{version}.sqlite"
        self._connection = self._open()

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
        with self._transaction() as connection:
            number = connection.execute("INSERT INTO segments DEFAULT VALUES").lastrowid or 0
            base = number << SEGMENT_SHIFT
            connection.executemany(
                "INSERT OR IGNORE INTO documents VALUES (?,?,?,?,?,?,?,?)",
                (
                    (base | ordinal, bytes.fromhex(d.blob), d.language, *d.lengths, d.tags)
                    for ordinal, d in enumerate(segment.documents)
                ),
            )
            connection.executemany(
                "INSERT INTO postings VALUES (?,?,?)",
                ((term, number, segment.postings[term].tobytes()) for term in sorted(segment.postings)),
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

    def postings(self, term: str, segments: frozenset[int]) -> Iterator[tuple[int, array[int]]]:
        """Per segment: the base of its document keys and the postings of `term`."""
        for number, data in self._connection.execute(
            "SELECT segment, data FROM postings WHERE term = ? ORDER BY segment", (term,)
        ):
            if number in segments:
                values = array("Q")
                values.frombytes(data)
                yield number << SEGMENT_SHIFT, values

    def names(self, prefix: str, segments: frozenset[int]) -> Iterator[tuple[str, int]]:
        """Terms that start with `prefix`, with the keys of the documents that hold them."""
        rows = self._connection.execute(
            "SELECT term, segment, data FROM postings WHERE term >= ? AND term < ? ORDER BY term, segment",
            (prefix, prefix + "\U0010ffff"),
        )
        for term, number, data in rows:
            if number in segments:
                values = array("Q")
                values.frombytes(data)
                for value in values:
                    yield term, number << SEGMENT_SHIFT | value >> ORDINAL_SHIFT

    def tags(self, keys: Sequence[int]) -> dict[int, Tags]:
        """The tags of documents by key."""
        found: dict[int, Tags] = {}
        for start in range(0, len(keys), _CHUNK):
            chunk = keys[start : start + _CHUNK]
            marks = ",".join("?" * len(chunk))
            for key, data in self._connection.execute(f"SELECT key, tags FROM documents WHERE key IN ({marks})", chunk):
                found[key] = Tags.unpacked(zlib.decompress(data).decode())
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


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
