"""The ledger of a batch: one row for each task, written in one transaction before anything relies on it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa
from pydantic import TypeAdapter

from agent.batch.status import Ending, Status
from agent.store.database import Database
from agent.store.encoding import dump, load, storable
from agent.store.schema import about
from environments.tasks import Task
from tools.errors import InputError

TASK: TypeAdapter[Task] = TypeAdapter(Task)
_CHUNK = 500
_REASON = 2000
_OWNER = "batch"

metadata = sa.MetaData()
tasks = sa.Table(
    "tasks",
    metadata,
    sa.Column("id", sa.String(300), primary_key=True),
    sa.Column("place", sa.Integer, nullable=False),  # in the order in which the tasks were given
    sa.Column("task", sa.Text, nullable=False),
    sa.Column("status", sa.String(40), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text),
    sa.Column("usd", sa.Float, nullable=False),
    sa.Column("earlier", sa.Float, nullable=False),  # US dollars that runs cost which were thrown away
    sa.Column("calls", sa.BigInteger, nullable=False),
    sa.Column("tokens", sa.BigInteger, nullable=False),
    sa.Column("nodes", sa.BigInteger, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("started", sa.Float),
    sa.Column("finished", sa.Float),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Index("tasks_by_place", "place"),
    sa.Index("tasks_by_status", "status", "place"),
)
_NUMBERS = ("usd", "calls", "tokens", "nodes", "seconds")


@dataclass(frozen=True)
class TaskRow:
    """What the ledger says of a task.

    Attributes:
        id: of the task.
        status: see `agent.batch.status`.
        reason: why, for everything but solved-candidate.
        outcome: `agent.outcome.Outcome` as JSON, without its patch text when listed; None while there is none.
        usd: US dollars of its run; `calls`, `tokens`, `nodes` and `seconds` likewise, over all sittings.
        earlier: US dollars of runs that were done over with `--redo`.
        started: when the last attempt began, seconds since the epoch.
        finished: when it ended.
        attempt: how often it was begun; going on after a kill or an interruption is no new attempt.
    """

    id: str
    status: Status
    reason: str
    outcome: Mapping[str, Any] | None
    usd: float
    earlier: float
    calls: int
    tokens: int
    nodes: int
    seconds: float
    started: float | None
    finished: float | None
    attempt: int

    @property
    def patch(self) -> str:
        """The patch that the run ended with, believed or not."""
        return str((self.outcome or {}).get("patch", ""))

    @property
    def confidence(self) -> float:
        """The probability that the patch is right, by the run's own word."""
        return float((self.outcome or {}).get("confidence", 0.0))


@dataclass(frozen=True)
class Totals:
    """Sums over a batch: tasks by status, US dollars (runs done over included), calls, tokens, nodes, seconds."""

    counts: Mapping[str, int]
    usd: float
    calls: int
    tokens: int
    nodes: int
    seconds: float

    @property
    def tasks(self) -> int:
        """How many tasks there are."""
        return sum(self.counts.values())

    @property
    def open(self) -> int:
        """How many are not ended."""
        return self.counts.get("pending", 0) + self.counts.get("running", 0)

    def moved(self, before: TaskRow, after: TaskRow) -> Totals:
        """The sums after one task changed; adding all rows up again would cost more the larger the batch is."""
        counts = dict(self.counts)
        counts[before.status] = counts.get(before.status, 0) - 1
        counts[after.status] = counts.get(after.status, 0) + 1
        usd = self.usd + after.usd + after.earlier - before.usd - before.earlier
        calls, tokens = self.calls + after.calls - before.calls, self.tokens + after.tokens - before.tokens
        nodes, seconds = self.nodes + after.nodes - before.nodes, self.seconds + after.seconds - before.seconds
        return Totals({key: count for key, count in counts.items() if count}, usd, calls, tokens, nodes, seconds)


class Ledger:
    """The rows of one batch; safe to share between threads.

    Args:
        where: a file, or the URL of a database.
        beacon: a file that gets a new time after each write, for those who watch files: a server has none.

    Raises:
        InputError: the file or database cannot be opened.
        InfrastructureError: it is damaged or cannot be reached, or the disk is full.
    """

    def __init__(self, where: str | Path, *, beacon: Path | None = None) -> None:
        self._database = Database(where, metadata)
        self._beacon = beacon

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def owner(self) -> str:
        """Whose ledger this is, as `claim` wrote it; "" when nobody claimed it."""
        with self._database.read() as connection:
            query = sa.select(about.c.value).where(about.c.name == _OWNER)
            return str(connection.execute(query).scalar_one_or_none() or "")

    def claim(self, batch: str) -> None:
        """Make this the ledger of one batch for good.

        Raises:
            InputError: it is another one's.
        """
        with self._write() as connection:
            self._database.insert_or_keep(about, [{"name": _OWNER, "value": batch}], connection)
        if self.owner() != batch:
            raise InputError(
                f"{self._database.name} holds another batch",
                hint="give another database, or another schema: URL?options=-csearch_path%3DSCHEMA",
            )

    @contextmanager
    def _write(self) -> Iterator[sa.Connection]:
        with self._database.write() as connection:
            yield connection
        if self._beacon is not None:
            now = time.time_ns()
            with suppress(OSError):  # nothing but pages that somebody looks at depends on it
                os.utime(self._beacon, ns=(now, now))

    def add(self, given: Sequence[Task]) -> None:
        """Add tasks that are not there yet; those that are keep what is known about them."""
        with self._write() as connection:
            last = connection.execute(sa.select(sa.func.coalesce(sa.func.max(tasks.c.place), 0))).scalar_one()
            rows = [
                {
                    "id": task.id,
                    "place": last + number,
                    "task": dump(asdict(task)),
                    "status": "pending",
                    "reason": "",
                    "attempt": 0,
                    "earlier": 0,
                    **dict.fromkeys(_NUMBERS, 0),
                }
                for number, task in enumerate(given, 1)
            ]
            self._database.insert_or_keep(tasks, rows, connection)

    def task(self, id: str) -> Task:
        """A task as it was given.

        Raises:
            InputError: there is none.
        """
        with self._database.read() as connection:
            text = connection.execute(sa.select(tasks.c.task).where(tasks.c.id == id)).scalar_one_or_none()
        if text is None:
            raise InputError(f"no task {id} in this batch")
        return TASK.validate_python(load(text))  # not from the text: pydantic's reader refuses lone surrogates

    def ids(self, *statuses: Status) -> list[str]:
        """The tasks of these statuses (of all, when none is named), in their order."""
        query = sa.select(tasks.c.id).order_by(tasks.c.place)
        if statuses:
            query = query.where(tasks.c.status.in_(statuses))
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def begin(self, id: str) -> None:
        """Say that work on a task begins, or goes on."""
        changed = {"status": "running", "started": time.time(), "finished": None}
        attempt = sa.case((tasks.c.attempt == 0, 1), else_=tasks.c.attempt)
        with self._write() as connection:
            connection.execute(sa.update(tasks).where(tasks.c.id == id).values(**changed, attempt=attempt))

    def suspend(self, ids: Sequence[str] = ()) -> None:
        """Say that nobody works on these tasks now (on none at all, when none is named); they are gone on with."""
        cut_off = tasks.c.status == "running"
        with self._write() as connection:
            where = sa.and_(cut_off, tasks.c.id.in_(ids)) if ids else cut_off
            connection.execute(sa.update(tasks).where(where).values(status="pending"))

    def note(self, id: str, *, usd: float, calls: int, tokens: int) -> None:
        """Write what a task has cost so far, when its run did not come to an outcome."""
        values = {"usd": usd, "calls": calls, "tokens": tokens}
        old = self.row(id)
        if values != {name: getattr(old, name) for name in values}:
            with self._write() as connection:
                connection.execute(sa.update(tasks).where(tasks.c.id == id).values(values))

    def finish(self, id: str, status: Ending, *, reason: str = "", outcome: Mapping[str, Any] | None = None) -> None:
        """Write how a task ended, with its spending from the outcome's own."""
        spending = (outcome or {}).get("spending", {})
        values: dict[str, Any] = {name: spending[name] for name in _NUMBERS if name in spending}
        values |= {"status": status, "reason": storable(reason)[:_REASON], "finished": time.time()}
        values["outcome"] = None if outcome is None else dump(dict(outcome))
        with self._write() as connection:
            connection.execute(sa.update(tasks).where(tasks.c.id == id).values(values))

    def reopen(self, ids: Sequence[str], *, anew: bool = False) -> None:
        """Make ended tasks pending again.

        Args:
            ids: the tasks.
            anew: their runs are thrown away: what they cost is kept apart.
        """
        values: dict[str, Any] = {"status": "pending", "reason": "", "outcome": None, "attempt": tasks.c.attempt + 1}
        if anew:
            values |= {"earlier": tasks.c.earlier + tasks.c.usd, **dict.fromkeys(_NUMBERS, 0)}
        with self._write() as connection:
            for start in range(0, len(ids), _CHUNK):
                some = tasks.c.id.in_(ids[start : start + _CHUNK])
                connection.execute(sa.update(tasks).where(some).values(values))

    def row(self, id: str) -> TaskRow:
        """What is known of a task.

        Raises:
            InputError: there is none.
        """
        with self._database.read() as connection:
            found = connection.execute(_columns().where(tasks.c.id == id)).one_or_none()
        if found is None:
            raise InputError(f"no task {id} in this batch")
        return _row(found)

    def rows(self) -> Iterator[TaskRow]:
        """All tasks in their order, read in portions."""
        last = 0
        while True:
            query = _columns(tasks.c.place).where(tasks.c.place > last).order_by(tasks.c.place).limit(_CHUNK)
            with self._database.read() as connection:
                portion = connection.execute(query).all()
            if not portion:
                return
            last = portion[-1].place
            yield from map(_row, portion)

    def totals(self) -> Totals:
        """Sums over all tasks."""
        sums = [sa.func.sum(tasks.c.earlier), *(sa.func.sum(tasks.c[name]) for name in _NUMBERS)]
        query = sa.select(tasks.c.status, sa.func.count(), *sums).group_by(tasks.c.status).order_by(tasks.c.status)
        with self._database.read() as connection:
            found = connection.execute(query).all()
        earlier, usd, calls, tokens, nodes, seconds = (sum(row[place] for row in found) for place in range(2, 8))
        counts = {row[0]: row[1] for row in found}
        # PostgreSQL adds whole numbers up to decimals
        return Totals(counts, float(earlier + usd), int(calls), int(tokens), int(nodes), float(seconds))


def _columns(*more: sa.Column[Any]) -> sa.Select[Any]:
    return sa.select(*(tasks.c[name] for name in TaskRow.__dataclass_fields__), *more)


def _row(row: sa.Row[Any]) -> TaskRow:
    fields = {name: getattr(row, name) for name in TaskRow.__dataclass_fields__}
    return TaskRow(**fields | {"outcome": load(fields["outcome"])})
