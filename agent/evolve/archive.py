"""The archive of an evolution: designs and what became of them, task by task; nothing is ever overwritten."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa

from agent.evolve.records import DesignRecord, ResultRecord, Split
from agent.store.database import Database
from agent.store.encoding import dump, load, storable

metadata = sa.MetaData()
designs = sa.Table(
    "designs",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("order", sa.Integer, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("thought", sa.Text, nullable=False),
    sa.Column("parents", sa.Text, nullable=False),  # JSON list of ids
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("operator", sa.String(40), nullable=False),
    sa.Column("standing", sa.String(20), nullable=False),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("shape", sa.String(16), nullable=False),
    sa.Column("meta", sa.Text, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
)
results = sa.Table(
    "results",
    metadata,
    sa.Column("design", sa.String(16), primary_key=True),
    sa.Column("task", sa.String(300), primary_key=True),
    sa.Column("seed", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("split", sa.String(20), primary_key=True),
    sa.Column("score", sa.Float, nullable=False),
    sa.Column("status", sa.String(40), nullable=False),
    sa.Column("usd", sa.Float, nullable=False),
    sa.Column("calls", sa.BigInteger, nullable=False),
    sa.Column("tokens", sa.BigInteger, nullable=False),
    sa.Column("nodes", sa.BigInteger, nullable=False),
    sa.Column("executions", sa.BigInteger, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
)
facts = sa.Table(
    "facts",  # one JSON value a name: the plan, how it ended
    metadata,
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)


def identity(code: str) -> str:
    """The id of a design: of its very text."""
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()[:16]


class Archive:
    """The rows of one evolution; safe to share between threads.

    Raises:
        InputError: the file cannot be opened.
        InfrastructureError: it is damaged, or the disk is full.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path, metadata)

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, design: DesignRecord) -> DesignRecord:
        """Keep a design; one with the same code stays as it is. What is kept is returned."""
        with self._database.write() as connection:
            last = connection.execute(sa.select(sa.func.coalesce(sa.func.max(designs.c.order), -1))).scalar_one()
            row = {name: getattr(design, name) for name in designs.c.keys()}  # noqa: SIM118 -- a collection of columns
            row |= {"order": last + 1, "created": design.created or time.time(), "code": storable(design.code)}
            row |= {"parents": json.dumps(list(design.parents)), "meta": dump(dict(design.meta))}
            row |= {name: storable(row[name]) for name in ("name", "thought", "error")}
            self._database.insert_or_keep(designs, [row], connection)
        return self.design(design.id)

    def design(self, identity: str) -> DesignRecord:
        """The design of that id; raises KeyError."""
        with self._database.read() as connection:
            found = connection.execute(sa.select(designs).where(designs.c.id == identity)).one_or_none()
        if found is None:
            raise KeyError(identity)
        return _design(found)

    def designs(self) -> tuple[DesignRecord, ...]:
        """All designs in their order, refused ones too."""
        with self._database.read() as connection:
            return tuple(map(_design, connection.execute(sa.select(designs).order_by(designs.c.order))))

    def record(self, result: ResultRecord) -> None:
        """Keep a result; the first of a design on a task with a seed stands."""
        row = {name: getattr(result, name) for name in results.c.keys()}  # noqa: SIM118
        row |= {"detail": dump(dict(result.detail)), "error": storable(result.error)[:4000]}
        row["created"] = result.created or time.time()
        with self._database.write() as connection:
            self._database.insert_or_keep(results, [row], connection)

    def results(self, split: Split | None = None) -> tuple[ResultRecord, ...]:
        """The results of a part, or all, in the order in which they came."""
        query = sa.select(results).order_by(results.c.created, results.c.design, results.c.task)
        if split is not None:
            query = query.where(results.c.split == split)
        with self._database.read() as connection:
            return tuple(map(_result, connection.execute(query)))

    def fact(self, name: str) -> Any:
        """A value kept by that name, or None."""
        with self._database.read() as connection:
            found = connection.execute(sa.select(facts.c.value).where(facts.c.name == name)).scalar_one_or_none()
        return load(found)

    def keep(self, name: str, value: Mapping[str, Any]) -> None:
        """Keep a value by a name; a new one takes the place of the old."""
        with self._database.write() as connection:
            self._database.insert_or_update(facts, {"name": name, "value": dump(dict(value))}, set(), connection)


def _design(row: sa.Row[Any]) -> DesignRecord:
    fields = dict(row._mapping)
    return DesignRecord(**fields | {"parents": tuple(json.loads(fields["parents"])), "meta": load(fields["meta"])})


def _result(row: sa.Row[Any]) -> ResultRecord:
    fields = dict(row._mapping)
    return ResultRecord(**fields | {"detail": load(fields["detail"])})
