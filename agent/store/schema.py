"""The tables. JSON lives in text columns, so that SQLite and PostgreSQL hold the same bytes."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

SCHEMA_VERSION = 1

metadata = MetaData()
_Serial = BigInteger().with_variant(Integer, "sqlite")

about = Table("about", metadata, Column("name", String(40), primary_key=True), Column("value", Text, nullable=False))

runs = Table(
    "runs",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("created", Float, nullable=False),
    Column("finished", Float),
    Column("status", String(40), nullable=False),
    Column("task", Text, nullable=False),
    Column("config", Text, nullable=False),
    Column("versions", Text, nullable=False),
    Column("outcome", Text),
)

nodes = Table(
    "nodes",
    metadata,
    Column("run", String(200), primary_key=True),
    Column("id", String(200), primary_key=True),
    Column("place", Integer, nullable=False),  # order of first appearance in the run
    Column("parent", String(200)),
    Column("kind", String(40), nullable=False),
    Column("depth", Integer, nullable=False),
    Column("snapshot", String(64), nullable=False),
    Column("strategy", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("value", Float),
    Column("status", String(40), nullable=False),
    Column("evaluation", Text),
    Column("critique", Text),
    Column("cost", Float, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("data", Text, nullable=False),
    Column("created", Float, nullable=False),
    Index("nodes_by_place", "run", "place"),
)

messages = Table(
    "messages", metadata, Column("hash", String(64), primary_key=True), Column("content", Text, nullable=False)
)

calls = Table(
    "calls",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("run", String(200), nullable=False),
    Column("scope", String(200), nullable=False),
    Column("role", String(40), nullable=False),
    Column("model", Text, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("request", Text, nullable=False),
    Column("messages", Text, nullable=False),
    Column("response", Text),
    Column("error", Text),
    Column("prompt", BigInteger, nullable=False),
    Column("completion", BigInteger, nullable=False),
    Column("cached", BigInteger, nullable=False),
    Column("estimated", Boolean, nullable=False),
    Column("cost", Float, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("source", String(20), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("created", Float, nullable=False),
    Index("calls_by_key", "run", "scope", "role", "fingerprint", "ordinal"),
)

executions = Table(
    "executions",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("run", String(200), nullable=False),
    Column("scope", String(200), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("command", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("report", LargeBinary),
    Column("seconds", Float, nullable=False),
    Column("created", Float, nullable=False),
    Index("executions_by_key", "run", "scope", "fingerprint", "ordinal"),
)


def _sequence(name: str) -> Table:
    return Table(
        name,
        metadata,
        Column("run", String(200), primary_key=True),
        Column("seq", Integer, primary_key=True, autoincrement=False),
        Column("kind", String(40), nullable=False),
        Column("data", Text, nullable=False),
        Column("created", Float, nullable=False),
    )


steering = Table(
    "steering",
    metadata,
    Column("run", String(200), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("command", String(40), nullable=False),
    Column("node", String(200), nullable=False),
    Column("text", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("applied", Integer),
    Column("note", Text, nullable=False),
)
decisions = _sequence("decisions")
events = _sequence("events")
