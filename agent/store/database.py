"""Opening the database, one transaction at a time, and what its failures mean to a person."""

from __future__ import annotations

import re
import shutil
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateIndex, CreateTable

from agent.store.address import FORM, POSTGRESQL, read_url, without_password
from agent.store.schema import SCHEMA_VERSION, about, metadata
from tools.errors import InfrastructureError, InputError, TreewrightError, extra

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

BUSY_SECONDS = 30
REACH_SECONDS = 10
REFUSALS = (
    (
        "password authentication failed|no password supplied",
        "its password comes from PGPASSWORD, from ~/.pgpass or in the URL",
    ),
    ("fatal: .* does not exist", "make it first: createdb, createuser"),
    ("no schema has been selected", "make the schema that search_path names first: CREATE SCHEMA"),
    ("permission denied", "its user needs the right to make tables there"),
)
"""What a server says when a person must act, and how."""
_creations: dict[tuple[sa.MetaData, str], tuple[str, ...]] = {}


class _Statements(sa.util.LRUCache[Any, Any]):
    """Statements as text, shared by all engines: a batch opens a database for each task, with the same few.

    Each engine has a dialect object of its own, which is part of SQLAlchemy's key; here its name stands for it.
    """

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(_by_name(key), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(_by_name(key), value)


def _by_name(key: Any) -> Any:
    dialect, *rest = key
    return (dialect.name, dialect.driver, *rest)


_statements = _Statements(500)


class Database:
    """One SQLite file (WAL, `synchronous=FULL`: a committed write survives a power cut) or a PostgreSQL by its URL.

    Safe to use from several threads: writers queue on a lock here, other processes wait up to 30 s. That holds in
    PostgreSQL too, within one schema: what is numbered one after another has no gaps there either.

    Args:
        where: a path, or a URL; what is said about it never has its password.
        tables: those it holds; made when they are missing.

    Raises:
        InputError: the path or URL cannot be opened, or a newer version wrote it.
        InfrastructureError: the file is damaged.
    """

    def __init__(self, where: str | Path, tables: sa.MetaData = metadata) -> None:
        text = str(where)
        self._tables = tables
        self.path = None if "://" in text else Path(text)
        self._writing = threading.Lock()
        self._engine = _engine(text, self.path).execution_options(compiled_cache=_statements)
        self._writer = self._engine.execution_options(writing=True)
        self._reader = self._engine if self.path else self._engine.execution_options(isolation_level="REPEATABLE READ")
        with self._explained():
            self._prepare()

    def close(self) -> None:
        """Give the connections back; committed writes are safe without it."""
        self._engine.dispose()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: all of it is committed at the end, or nothing."""
        with self._explained(), self._writing, self._writer.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view; never waits for a writer."""
        with self._explained(), self._reader.connect() as connection:
            yield connection

    def insert_or_keep(self, table: sa.Table, rows: list[dict[str, Any]], connection: Connection) -> None:
        """Insert `rows`; a row whose primary key is there already is left as it is."""
        if rows:
            connection.execute(_keeping(table, self._engine.dialect.name), rows)

    def insert_or_update(self, table: sa.Table, row: Mapping[str, Any], keep: set[str], connection: Connection) -> None:
        """Insert `row`; where its primary key is there already, overwrite all columns but `keep`."""
        keys = [column.name for column in table.primary_key]
        changed = {name: value for name, value in row.items() if name not in keep and name not in keys}
        statement = _insert(table, self._engine.dialect.name).values(dict(row))
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed))

    def _prepare(self) -> None:
        with self._engine.connect() as connection:
            present = set(sa.inspect(connection).get_table_names())
            if about.name in present:
                self._check_version(connection)
        if about.name in present and present.issuperset(self._tables.tables):
            return
        with self._writing, self._writer.begin() as connection:
            run = _driver(connection).execute if self.path else connection.exec_driver_sql
            for statement in self._creations():
                run(statement)
            self.insert_or_keep(about, [{"name": "schema", "value": str(SCHEMA_VERSION)}], connection)
            self._check_version(connection)

    def _creations(self) -> tuple[str, ...]:
        """Statements that make what is missing: another process may be as far as this."""
        key = (self._tables, self._engine.dialect.name)
        if key not in _creations:
            tables = [about, *(table for table in self._tables.sorted_tables if table is not about)]
            made: list[sa.schema.ExecutableDDLElement] = [CreateTable(table, if_not_exists=True) for table in tables]
            indexes = [index for table in tables for index in sorted(table.indexes, key=lambda each: str(each.name))]
            made += [CreateIndex(index, if_not_exists=True) for index in indexes]
            _creations[key] = tuple(str(each.compile(dialect=self._engine.dialect)) for each in made)
        return _creations[key]

    def _check_version(self, connection: Connection) -> None:
        found = connection.execute(sa.select(about.c.value).where(about.c.name == "schema")).scalar_one_or_none()
        if found is None or not found.isdigit():
            raise InfrastructureError(f"{self.name} is not a run store", hint=self._rescue())
        if int(found) > SCHEMA_VERSION:
            raise InputError(
                f"{self.name} was written by a newer Treewright (schema {found}, this one reads {SCHEMA_VERSION})",
                hint="upgrade Treewright, or use another output folder",
            )

    @property
    def name(self) -> str:
        """Where it is, as a person may read it."""
        return str(self.path or without_password(self._engine.url))

    def _rescue(self) -> str:
        if self.path is None:
            return "restore the database from a backup"
        return f"keep the file, and save what is readable with `python -m agent.store.recover {self.path}`"

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise self._explain(error) from error

    def _explain(self, error: Exception) -> TreewrightError:
        cause = getattr(error, "orig", None) or error
        text = str(cause)
        if self.path is None:
            said_first = getattr(getattr(cause, "diag", None), "message_primary", None)  # without the row's content
            return self._refused(" ".join((said_first or text).split()))
        said = text.lower()
        if "disk is full" in said or "disk i/o error" in said:
            return InfrastructureError(
                f"cannot write {self.path}: {text} ({shutil.disk_usage(self.path.parent).free / 2**20:.0f} MiB free)",
                hint="free some space; what was finished is saved, and `treewright resume` goes on from there",
            )
        if "malformed" in said or "not a database" in said or "corrupt" in said:
            return InfrastructureError(f"{self.path} is damaged: {text}", hint=self._rescue())
        if "readonly" in said or "unable to open" in said:
            return InputError(f"cannot write {self.path}: {text}", hint="choose a folder you may write with --out")
        if "locked" in said:
            return self._busy()
        return InfrastructureError(f"the store failed on {self.path}: {text}", hint="is the database reachable?")

    def _refused(self, text: str) -> TreewrightError:
        if "lock timeout" in text:
            return self._busy()
        for words, hint in REFUSALS:
            if re.search(words, text, re.IGNORECASE):
                return InputError(f"cannot use the database {self.name}: {text}", hint=hint)
        return InfrastructureError(f"the store failed on {self.name}: {text}", hint="is the database reachable?")

    def _busy(self) -> TreewrightError:
        return InfrastructureError(f"{self.name} stays locked by another process", hint="stop that process")


def _insert(table: sa.Table, dialect: str) -> sqlite.Insert | postgresql.Insert:
    if dialect == "sqlite":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # brings several drivers' dialects: a tenth of a whole start

    return postgresql.insert(table)


@cache
def _keeping(table: sa.Table, dialect: str) -> sa.Insert:
    """Made once: to put a statement together costs as much as to run it."""
    return _insert(table, dialect).on_conflict_do_nothing()


def _engine(text: str, path: Path | None) -> Engine:
    if path is None:
        return _server(read_url(text))
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY_SECONDS})
    sa.event.listen(engine, "connect", _configure)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _server(url: sa.URL) -> Engine:
    shown = without_password(url)
    if url.drivername != POSTGRESQL:
        raise InputError(f"cannot use the database {shown}", hint=f"a path, or {FORM}")
    patience = {} if "connect_timeout" in url.query else {"connect_timeout": REACH_SECONDS}
    try:
        engine = sa.create_engine(url, connect_args=patience, pool_pre_ping=True)
    except ImportError as error:
        raise InputError(f"cannot use the database {shown}: {error}", hint=extra("postgres")) from error
    sa.event.listen(engine, "begin", _queue)
    return engine


def _queue(connection: Connection) -> None:
    if connection.get_execution_options().get("writing", False):
        lock = "pg_advisory_xact_lock(hashtext(current_schema()))"
        connection.exec_driver_sql(f"SELECT set_config('lock_timeout', '{BUSY_SECONDS}s', true), {lock}")


def _configure(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where `_begin` says, not where the driver guesses
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _begin(connection: Connection) -> None:
    # a writer takes its lock at once: a reader that turns writer in mid-transaction cannot wait, it fails
    writing = connection.get_execution_options().get("writing", False)
    _driver(connection).execute("BEGIN IMMEDIATE" if writing else "BEGIN")


def _driver(connection: Connection) -> Any:
    """SQLite's own connection: what needs nothing of SQLAlchemy costs a fifth there."""
    return connection.connection.driver_connection
