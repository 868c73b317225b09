"""Opening the database, one transaction at a time, and what its failures mean to a person."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from agent.store.schema import SCHEMA_VERSION, about, metadata
from tools.errors import InfrastructureError, InputError, TreewrightError

BUSY_SECONDS = 30


class Database:
    """One SQLite file (WAL, `synchronous=FULL`: a committed write survives a power cut) or a database by URL.

    Safe to use from several threads: writers queue on a lock here, other processes wait up to 30 s.

    Raises:
        InputError: the path or URL cannot be opened, or a newer version wrote it.
        InfrastructureError: the file is damaged.
    """

    def __init__(self, where: str | Path) -> None:
        text = str(where)
        self.path = None if "://" in text else Path(text)
        self._writing = threading.Lock()
        self._engine = _engine(text, self.path)
        self._writer = self._engine.execution_options(writing=True)
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
        with self._explained(), self._engine.connect() as connection:
            yield connection

    def insert_or_keep(self, table: sa.Table, rows: list[dict[str, Any]], connection: Connection) -> None:
        """Insert `rows`; a row whose primary key is there already is left as it is."""
        if rows:
            connection.execute(self._insert(table).on_conflict_do_nothing(), rows)

    def insert_or_update(self, table: sa.Table, row: Mapping[str, Any], keep: set[str], connection: Connection) -> None:
        """Insert `row`; where its primary key is there already, overwrite all columns but `keep`."""
        keys = [column.name for column in table.primary_key]
        changed = {name: value for name, value in row.items() if name not in keep and name not in keys}
        statement = self._insert(table).values(dict(row))
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed))

    def _insert(self, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
        return sqlite.insert(table) if self._engine.dialect.name == "sqlite" else postgresql.insert(table)

    def _prepare(self) -> None:
        with self._engine.connect() as connection:
            fresh = not sa.inspect(connection).has_table(about.name)
        if fresh:
            with self._writing, self._writer.begin() as connection:
                metadata.create_all(connection)  # those that are missing: another process may be as far as this
                row = {"name": "schema", "value": str(SCHEMA_VERSION)}
                self.insert_or_keep(about, [row], connection)
        with self._engine.connect() as connection:
            found = connection.execute(sa.select(about.c.value).where(about.c.name == "schema")).scalar_one_or_none()
        if found is None or not found.isdigit():
            raise InfrastructureError(f"{self._name()} is not a run store", hint=self._rescue())
        if int(found) > SCHEMA_VERSION:
            raise InputError(
                f"{self._name()} was written by a newer Treewright (schema {found}, this one reads {SCHEMA_VERSION})",
                hint="upgrade Treewright, or use another output folder",
            )

    def _name(self) -> str:
        return str(self.path or self._engine.url.render_as_string(hide_password=True))

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
        text = str(getattr(error, "orig", None) or error)
        said = text.lower()
        if "disk is full" in said or "disk i/o error" in said:
            free = shutil.disk_usage(self.path.parent).free if self.path else 0
            return InfrastructureError(
                f"cannot write {self._name()}: {text} ({free / 2**20:.0f} MiB free)",
                hint="free some space; what was finished is saved, and `treewright resume` goes on from there",
            )
        if "malformed" in said or "not a database" in said or "corrupt" in said:
            return InfrastructureError(f"{self._name()} is damaged: {text}", hint=self._rescue())
        if "readonly" in said or "unable to open" in said:
            return InputError(f"cannot write {self._name()}: {text}", hint="choose a folder you may write with --out")
        if "locked" in said:
            return InfrastructureError(f"{self._name()} stays locked by another process", hint="stop that process")
        return InfrastructureError(f"the store failed on {self._name()}: {text}", hint="is the database reachable?")


def _engine(text: str, path: Path | None) -> Engine:
    if path is None:
        try:
            return sa.create_engine(text)
        except (SQLAlchemyError, ImportError) as error:
            raise InputError(
                f"cannot use the database {text.rpartition('@')[2]}: {error}",
                hint="write a path, or postgresql+psycopg://user@host/name with the `postgres` extra installed",
            ) from error
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY_SECONDS})
    sa.event.listen(engine, "connect", _configure)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _configure(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where `_begin` says, not where the driver guesses
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _begin(connection: Connection) -> None:
    # a writer takes its lock at once: a reader that turns writer in mid-transaction cannot wait, it fails
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
