"""The run store: every write is one transaction, and what was written answers the next run of the same steps."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from agent.store import schema, statements
from agent.store.database import Database
from agent.store.encoding import digest, dump, load, storable
from agent.store.records import (
    CallRecord,
    DecisionRecord,
    EventRecord,
    ExecutionRecord,
    Json,
    NodeRecord,
    RunRecord,
    Spend,
)
from tools.errors import InputError

_NODE_JSON = ("evaluation", "critique", "data")
_NODE_TEXT = ("strategy", "title")
_AT_ONCE = 500
"""Values in one question to the database."""


class Store:
    """The runs in one database; safe to share between threads.

    Usage: `with Store.open(path) as store: run = store.create_run(...)`.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    @classmethod
    def open(cls, where: str | Path) -> Store:
        """Open or create the store in a SQLite file, or in a database by URL.

        Raises:
            InputError: it cannot be opened, or a newer version wrote it.
            InfrastructureError: the file is damaged, or the disk is full.
        """
        return cls(Database(where))

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def create_run(self, id: str, *, task: Json, config: Json, versions: Json | None = None) -> RunStore:
        """Begin a run; one that exists already is continued, with the task and settings it was begun with.

        Either way it is running now.
        """
        row = {
            "id": id,
            "created": time.time(),
            "status": "running",
            "task": dump(task),
            "config": dump(config),
            "versions": dump(versions or {}),
        }
        with self.database.write() as connection:
            self.database.insert_or_keep(schema.runs, [row], connection)
            connection.execute(sa.update(schema.runs).where(schema.runs.c.id == id).values(status="running"))
        return RunStore(self.database, id)

    def run(self, id: str) -> RunStore:
        """The run called `id`.

        Raises:
            InputError: there is none.
        """
        run = RunStore(self.database, id)
        run.record()
        return run

    def runs(self) -> tuple[RunRecord, ...]:
        """All runs, oldest first."""
        with self.database.read() as connection:
            rows = connection.execute(sa.select(schema.runs).order_by(schema.runs.c.created, schema.runs.c.id))
            return tuple(_run(row) for row in rows)

    def message(self, hash: str) -> Json:
        """The message (or list of tools) stored under a content hash.

        Raises:
            InputError: there is none.
        """
        query = sa.select(schema.messages.c.content).where(schema.messages.c.hash == hash)
        with self.database.read() as connection:
            found = connection.execute(query).scalar_one_or_none()
        if found is None:
            raise InputError(f"no message {hash} in the store")
        content: Json = load(found)
        return content

    def messages(self, hashes: Sequence[str]) -> dict[str, Json]:
        """The messages under these hashes, as far as they are there."""
        table, found = schema.messages, {}
        with self.database.read() as connection:
            for start in range(0, len(hashes), _AT_ONCE):
                wanted = list(hashes[start : start + _AT_ONCE])
                for row in connection.execute(sa.select(table).where(table.c.hash.in_(wanted))):
                    found[row.hash] = load(row.content)
        return found


class RunStore:
    """What one run wrote, and where it writes; safe to share between threads."""

    def __init__(self, database: Database, id: str) -> None:
        self.database = database
        self.id = id
        self._stored: set[str] = set()  # hashes of messages that are in the database for certain

    def record(self) -> RunRecord:
        """The run itself.

        Raises:
            InputError: there is no such run.
        """
        with self.database.read() as connection:
            row = connection.execute(sa.select(schema.runs).where(schema.runs.c.id == self.id)).one_or_none()
        if row is None:
            raise InputError(f"no run {self.id} in the store", hint="`treewright show` lists the runs there are")
        return _run(row)

    def finish(self, outcome: Json, *, status: str = "finished") -> None:
        """Write how the run ended; said again, the last word counts."""
        values = {"outcome": dump(outcome), "status": status, "finished": time.time()}
        with self.database.write() as connection:
            connection.execute(sa.update(schema.runs).where(schema.runs.c.id == self.id).values(values))

    def set_status(self, status: str) -> None:
        """Say where the run stands (running, interrupted, ...) without ending it."""
        with self.database.write() as connection:
            connection.execute(sa.update(schema.runs).where(schema.runs.c.id == self.id).values(status=status))

    def put_node(self, node: NodeRecord) -> None:
        """Write a node; one that is there already is overwritten but keeps its place and its birth."""
        table = schema.nodes
        row = _node_values(vars(node)) | {"run": self.id, "created": node.created or time.time()}
        with self.database.write() as connection:
            place = sa.select(sa.func.coalesce(sa.func.max(table.c.place), 0) + 1).where(table.c.run == self.id)
            row["place"] = connection.execute(place).scalar_one()
            self.database.insert_or_update(table, row, {"place", "created"}, connection)

    def update_node(self, id: str, **changes: Any) -> None:
        """Change fields of `NodeRecord` by name.

        Raises:
            InputError: there is no such node.
            ValueError: no such field.
        """
        if unknown := changes.keys() - set(NodeRecord.__dataclass_fields__):
            raise ValueError(f"a node has no {sorted(unknown)}")
        table = schema.nodes
        statement = sa.update(table).where(table.c.run == self.id, table.c.id == id).values(_node_values(changes))
        with self.database.write() as connection:
            if connection.execute(statement).rowcount == 0:
                raise InputError(f"run {self.id} has no node {id}")

    def nodes(self) -> tuple[NodeRecord, ...]:
        """All nodes in the order in which they appeared."""
        table = schema.nodes
        with self.database.read() as connection:
            rows = connection.execute(sa.select(table).where(table.c.run == self.id).order_by(table.c.place))
            return tuple(_node(row) for row in rows)

    def count_nodes(self) -> int:
        """How many nodes there are."""
        query = sa.select(sa.func.count()).where(schema.nodes.c.run == self.id)
        with self.database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def node(self, id: str) -> NodeRecord:
        """One node.

        Raises:
            InputError: there is no such node.
        """
        table = schema.nodes
        with self.database.read() as connection:
            row = connection.execute(sa.select(table).where(table.c.run == self.id, table.c.id == id)).one_or_none()
        if row is None:
            raise InputError(f"run {self.id} has no node {id}")
        return _node(row)

    def record_call(self, call: CallRecord, contents: Sequence[Json] = (), *, tools: Sequence[Json] = ()) -> None:
        """Write a finished call, with its messages (each stored once, by content) and the tools it offered."""
        texts = [dump(content) for content in contents]
        offered = [dump(list(tools))] if tools else []
        hashes = [digest(text) for text in texts]
        request = {**call.request, "tools": digest(offered[0])} if offered else call.request
        row = vars(call) | {
            "run": self.id,
            "model": storable(call.model),
            "request": dump(request),
            "messages": dump(hashes or list(call.messages)),
            "response": _optional(call.response),
            "error": _optional(call.error),
            "created": call.created or time.time(),
        }
        stored = {digest(text): text for text in texts + offered}
        bodies = [{"hash": hash, "content": text} for hash, text in stored.items() if hash not in self._stored]
        with self.database.write() as connection:
            self.database.insert_or_keep(schema.messages, bodies, connection)
            connection.execute(schema.calls.insert(), [row])
        self._stored.update(stored)

    def lookup_call(self, scope: str, role: str, fingerprint: str, ordinal: int) -> CallRecord | None:
        """The last finished call with this key, or None; a failed one says so in `error`."""
        table = schema.calls
        key = (
            table.c.run == self.id,
            table.c.scope == scope,
            table.c.role == role,
            table.c.fingerprint == fingerprint,
            table.c.ordinal == ordinal,
        )
        with self.database.read() as connection:
            row = connection.execute(sa.select(table).where(*key).order_by(table.c.id.desc()).limit(1)).one_or_none()
        return None if row is None else _call(row)

    def call_keys(self) -> frozenset[tuple[str, str, str, int]]:
        """Scope, role, fingerprint and ordinal of all finished calls."""
        with self.database.read() as connection:
            rows = connection.execute(statements.KEYS, {"asked": self.id})
            return frozenset((row.scope, row.role, row.fingerprint, row.ordinal) for row in rows)

    def calls(self, scope: str | None = None) -> tuple[CallRecord, ...]:
        """Finished calls in the order in which they finished; of one node when `scope` is given."""
        table = schema.calls
        query = sa.select(table).where(table.c.run == self.id).order_by(table.c.id)
        with self.database.read() as connection:
            rows = connection.execute(query if scope is None else query.where(table.c.scope == scope))
            return tuple(_call(row) for row in rows)

    def record_execution(self, execution: ExecutionRecord) -> None:
        """Write a finished command."""
        row = vars(execution) | {
            "run": self.id,
            "command": dump(execution.command),
            "result": dump(execution.result),
            "created": execution.created or time.time(),
        }
        with self.database.write() as connection:
            connection.execute(schema.executions.insert(), [row])

    def lookup_execution(self, scope: str, fingerprint: str, ordinal: int) -> ExecutionRecord | None:
        """The finished command with this key, or None."""
        table = schema.executions
        key = (
            table.c.run == self.id,
            table.c.scope == scope,
            table.c.fingerprint == fingerprint,
            table.c.ordinal == ordinal,
        )
        with self.database.read() as connection:
            row = connection.execute(sa.select(table).where(*key).order_by(table.c.id.desc()).limit(1)).one_or_none()
        return None if row is None else _execution(row)

    def executions(self, scope: str | None = None) -> tuple[ExecutionRecord, ...]:
        """Finished commands in the order in which they finished; of one node when `scope` is given."""
        table = schema.executions
        query = sa.select(table).where(table.c.run == self.id).order_by(table.c.id)
        with self.database.read() as connection:
            rows = connection.execute(query if scope is None else query.where(table.c.scope == scope))
            return tuple(_execution(row) for row in rows)

    def outputs(self, scope: str, snapshot: str) -> tuple[ExecutionRecord, ...]:
        """What ran for one attempt and the tests that ran on one snapshot, in order, without their full reports."""
        table = schema.executions
        columns = [column for column in table.c if column.name != "report"]
        # a commit's hash has nothing that LIKE would take for a pattern
        tested = sa.and_(table.c.kind == "tests", table.c.command.like(f"%{snapshot}%")) if snapshot else sa.false()
        own = sa.and_(table.c.scope == scope, table.c.kind != "tests") if scope else sa.false()
        query = sa.select(*columns).where(table.c.run == self.id, sa.or_(own, tested)).order_by(table.c.id)
        with self.database.read() as connection:
            return tuple(_execution(row) for row in connection.execute(query))

    def first_tests(self) -> ExecutionRecord | None:
        """The first run of tests, which is that of the base; None when there is none."""
        table = schema.executions
        query = sa.select(table).where(table.c.run == self.id, table.c.kind == "tests").order_by(table.c.id).limit(1)
        with self.database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _execution(row)

    def decide(self, kind: str, data: Json) -> int:
        """Write a decision; returns its number."""
        return self._append(schema.decisions, kind, data)

    def decisions(self) -> tuple[DecisionRecord, ...]:
        """All decisions, in order."""
        return tuple(DecisionRecord(**row) for row in self._sequence(schema.decisions, 0))

    def event(self, kind: str, data: Json) -> int:
        """Tell readers that something happened; returns its number."""
        return self._append(schema.events, kind, data)

    def events(self, after: int = 0) -> tuple[EventRecord, ...]:
        """Events with a number above `after`, in order."""
        return tuple(EventRecord(**row) for row in self._sequence(schema.events, after))

    def spend(self) -> Spend:
        """What the calls cost so far, failed ones included; answers from a cache or a recording cost nothing."""
        with self.database.read() as connection:
            row = connection.execute(statements.SPENT, {"asked": self.id}).one()
        prompt, completion, cached, calls, failures = (int(number) for number in row[1:6])
        return Spend(float(row[0]), prompt, completion, cached, calls, failures, bool(row[6]), int(row[7]))

    def _append(self, table: sa.Table, kind: str, data: Json) -> int:
        text = dump(data)
        with self.database.write() as connection:
            seq: int = connection.execute(statements.last(table), {"asked": self.id}).scalar_one() + 1
            row = {"run": self.id, "seq": seq, "kind": kind, "data": text, "created": time.time()}
            connection.execute(table.insert(), [row])
        return seq

    def _sequence(self, table: sa.Table, after: int) -> list[dict[str, Any]]:
        with self.database.read() as connection:
            rows = connection.execute(statements.after(table), {"asked": self.id, "after": after}).all()
        return [{"seq": r.seq, "kind": r.kind, "data": load(r.data), "created": r.created} for r in rows]


def _optional(value: Json | None) -> str | None:
    return None if value is None else dump(value)


def _node_values(fields: Mapping[str, Any]) -> dict[str, Any]:
    values = dict(fields)
    for name in _NODE_JSON:
        if name in values:
            values[name] = _optional(values[name])
    for name in _NODE_TEXT:
        if name in values:
            values[name] = storable(values[name])
    return values


def _fields(row: sa.Row[Any], *drop: str) -> dict[str, Any]:
    return {name: value for name, value in row._mapping.items() if name not in drop}


def _run(row: sa.Row[Any]) -> RunRecord:
    fields = _fields(row)
    return RunRecord(**fields | {name: load(fields[name]) for name in ("task", "config", "versions", "outcome")})


def _node(row: sa.Row[Any]) -> NodeRecord:
    fields = _fields(row, "run", "place")
    return NodeRecord(**fields | {name: load(fields[name]) for name in _NODE_JSON})


def _call(row: sa.Row[Any]) -> CallRecord:
    fields = _fields(row, "id", "run")
    parsed = {name: load(fields[name]) for name in ("request", "response", "error")}
    return replace(CallRecord(**fields | parsed), messages=tuple(load(fields["messages"])))


def _execution(row: sa.Row[Any]) -> ExecutionRecord:
    fields = _fields(row, "id", "run")
    return ExecutionRecord(**fields | {name: load(fields[name]) for name in ("command", "result")})
