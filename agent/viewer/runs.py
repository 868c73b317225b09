"""A run as the pages need it, read from its store; a broken or half-written one as far as it can be read."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from agent.store.folder import RunFolder
from agent.store.lock import in_use
from agent.store.records import EventRecord, NodeRecord, RunRecord, Spend, SteeringRecord
from agent.store.recover import recover
from agent.store.sittings import SITTING, worked
from agent.store.steering import orders
from agent.store.store import RunStore, Store
from tools.errors import InputError, TreewrightError

Found = TypeVar("Found")
RUN = "run"
CANDIDATES = ("patch", "repair")


@dataclass(frozen=True)
class RunState:
    """What a run page shows at one moment.

    Attributes:
        record: the run itself; None when nothing of it can be read.
        nodes: in order of appearance.
        running: per node, the actions under way.
        alive: a process works on it now.
        chosen: id of the node with the answer, or "".
        problems: what could not be read and why, for a person.
        phase: the last step before the search that was told, such as "baseline: 12 pass".
        events: number of the last event that was read.
        orders: what a person asked of it, oldest first.
        held: a person holds it.
        seconds: worked on it until the last event; while it is alive time goes on from `told`.
        told: seconds since the epoch of the last event.
    """

    record: RunRecord | None
    nodes: tuple[NodeRecord, ...] = ()
    spend: Spend = field(default_factory=Spend)
    running: Mapping[str, Sequence[str]] = field(default_factory=dict)
    alive: bool = False
    chosen: str = ""
    problems: tuple[str, ...] = ()
    phase: str = ""
    events: int = 0
    orders: tuple[SteeringRecord, ...] = ()
    held: bool = False
    seconds: float = 0.0
    told: float = 0.0

    @property
    def status(self) -> str:
        """The word for where it stands."""
        return standing(self.record, alive=self.alive)

    @property
    def outcome(self) -> Mapping[str, Any]:
        """How it ended; empty before that."""
        return (self.record.outcome if self.record else None) or {}

    @property
    def title(self) -> str:
        """The first line of the issue."""
        return title(self.record)

    @property
    def time(self) -> float:
        """Seconds worked on it: until its end, or now."""
        spent = (self.outcome.get("spending") or {}).get("seconds")
        if isinstance(spent, int | float):
            return float(spent)
        return self.seconds + (max(0.0, time.time() - self.told) if self.alive and self.told else 0.0)


@dataclass(frozen=True)
class Brief:
    """A run in one line of a list.

    Attributes:
        confidence: that its patch is right; None while it has none.
    """

    status: str
    alive: bool = False
    title: str = ""
    nodes: int = 0
    confidence: float | None = None
    spend: Spend = field(default_factory=Spend)


def standing(record: RunRecord | None, *, alive: bool) -> str:
    """The word for where a run stands; one that says it runs but that nobody works on was cut off."""
    if record is None:
        return "starting" if alive else "unreadable"
    return "cut off" if record.status == "running" and not alive else record.status


def title(record: RunRecord | None) -> str:
    """The first line of the issue."""
    task = record.task if record else {}
    lines = [line.strip("# ") for line in str(task.get("problem", "")).splitlines()]
    return next((line for line in lines if line), "") or str(task.get("id", ""))


class RunReader:
    """Reads one run's folder, again and again while it grows.

    Args:
        folder: of the run; it is not written to.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self._problems: list[str] = []

    @contextmanager
    def opened(self) -> Iterator[tuple[Store, RunStore]]:
        """The store; of a damaged one a copy with what is readable, and the problem is noted.

        Raises:
            InputError: there is nothing to read.
            InfrastructureError: nothing in it can be read.
        """
        path = self.folder.store
        if not path.is_file() or path.stat().st_size == 0:
            raise InputError(f"{self.folder.root.name} has no run store yet", hint="it may be starting")
        try:
            store = Store.open(path)
            run = store.run(RUN)
            run.nodes()
            run.events(10**9)
        except TreewrightError as error:
            if isinstance(error, InputError):
                raise
            self._problems = [f"{error}. What can be read is shown; {error.hint}."]
            with self._rescued(path) as rescued:
                yield rescued
            return
        with store:
            yield store, run

    @contextmanager
    def _rescued(self, path: Path) -> Iterator[tuple[Store, RunStore]]:
        with tempfile.TemporaryDirectory(prefix="treewright-view-") as folder:
            copy = Path(folder) / path.name
            for suffix in ("", "-wal"):
                source = path.with_name(path.name + suffix)
                if source.exists():
                    shutil.copyfile(source, copy.with_name(copy.name + suffix))
            with Store.open(recover(copy).path) as store:
                yield store, store.run(RUN)

    def state(self) -> RunState:
        """Everything the page of the run shows; never raises for what is broken or missing."""
        self._problems = []
        try:
            with self.opened() as (_, run):
                return self._state(run)
        except TreewrightError as error:
            alive = in_use(self.folder.lock)
            starting = alive and isinstance(error, InputError)
            problems = () if starting else tuple(self._problems) or (f"{error}. {error.hint}".strip(),)
            return RunState(None, problems=problems, alive=alive)

    def brief(self) -> Brief:
        """A run in one line: little is read, unless the store is damaged."""
        path, alive = self.folder.store, in_use(self.folder.lock)
        try:
            if path.is_file() and path.stat().st_size:
                with Store.open(path) as store:
                    run = store.run(RUN)
                    record = run.record()
                    outcome = record.outcome or {}
                    sure = float(outcome.get("confidence") or 0.0) if outcome.get("patch") else None
                    status = standing(record, alive=alive)
                    return Brief(status, alive, title(record), run.count_nodes(), sure, run.spend())
        except (TreewrightError, ValueError, TypeError, KeyError):
            pass  # what can be saved of it is looked for below
        state = self.state()
        return Brief(state.status, alive, state.title, len(state.nodes), None, state.spend)

    def _state(self, run: RunStore) -> RunState:
        record = self._part("the run", run.record, None)
        no_nodes: tuple[NodeRecord, ...] = ()
        no_events: tuple[EventRecord, ...] = ()
        nodes = self._part("the nodes", run.nodes, no_nodes)
        events = self._part("the events", run.events, no_events)
        outcome = (record.outcome if record else None) or self._outcome_file()
        alive = in_use(self.folder.lock)
        no_orders: tuple[SteeringRecord, ...] = ()
        given = self._part("the orders", lambda: orders(run), no_orders)
        return RunState(
            record,
            nodes,
            spend=self._part("the calls", run.spend, Spend()),
            running=under_way(events) if alive else {},
            alive=alive,
            chosen=str(outcome.get("node", "")),
            problems=tuple(self._problems),
            phase=next((_phase(event) for event in reversed(events) if event.kind == "phase"), ""),
            events=events[-1].seq if events else 0,
            orders=given,
            held=alive and _held(given, events),
            seconds=worked(events),
            told=events[-1].created if events else 0.0,
        )

    def _part(self, name: str, read: Callable[[], Found], otherwise: Found) -> Found:
        try:
            return read()
        except (TreewrightError, ValueError, TypeError, KeyError) as error:
            self._problems.append(f"{name} cannot be read: {error}")
            return otherwise

    def _outcome_file(self) -> Mapping[str, Any]:
        try:
            found = json.loads(self.folder.outcome.read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def under_way(events: Sequence[EventRecord]) -> dict[str, list[str]]:
    """Per node, the actions of the last sitting that began and did not end."""
    begun: dict[str, tuple[str, str]] = {}
    for event in events:
        if event.kind == SITTING:
            begun.clear()
        elif event.kind == "expansion":
            key = str(event.data.get("id"))
            if event.data.get("state") == "started":
                begun[key] = (str(event.data.get("node")), str(event.data.get("action")))
            else:
                begun.pop(key, None)
    found: dict[str, list[str]] = {}
    for node, action in begun.values():
        found.setdefault(node, []).append(action)
    return found


def _held(given: Sequence[SteeringRecord], events: Sequence[EventRecord]) -> bool:
    """Whether the last word about pausing in this sitting was to pause."""
    began = max((event.created for event in events if event.kind == SITTING), default=0.0)
    words = [order.command for order in given if order.command in ("pause", "continue") and order.created > began]
    return bool(words) and words[-1] == "pause"


def marks(given: Sequence[SteeringRecord]) -> dict[str, dict[str, int]]:
    """Per node, what a person said about it, for the drawing."""
    found: dict[str, dict[str, int]] = {}
    for order in given:
        own = found.setdefault(order.node, {})
        match order.command:
            case "comment" | "child":
                own["comments"] = own.get("comments", 0) + 1
            case "good" | "bad":
                own.pop("bad" if order.command == "good" else "good", None)
                own[order.command] = 1
            case "pin" | "prune":
                own["pinned" if order.command == "pin" else "pruned"] = 1
            case "unpin" | "restore":
                own.pop("pinned" if order.command == "unpin" else "pruned", None)
    return {node: own for node, own in found.items() if node and own}


def _phase(event: EventRecord) -> str:
    name, detail = str(event.data.get("name", "")), str(event.data.get("detail", ""))
    return f"{name}: {detail}" if detail else name


def tests_of(node: NodeRecord) -> tuple[int, int, int]:
    """Targets that pass, targets there are, regression tests that broke."""
    evaluation = node.evaluation or {}
    targets = evaluation.get("targets") or {}
    passed = sum(status == "passed" for status in targets.values())
    return passed, len(targets), len(evaluation.get("broken") or ())


def tree_rows(state: RunState) -> list[dict[str, Any]]:
    """The nodes as the drawing needs them: short names, plain values, every text made visible."""
    from agent.viewer.markup import visible

    rows, said = [], marks(state.orders)
    for node in state.nodes:
        passed, targets, broken = tests_of(node)
        row: dict[str, Any] = {
            "id": node.id,
            "p": node.parent,
            "k": node.kind,
            "s": "running" if node.id in state.running else node.status,
            "t": visible(node.title or str(node.data.get("note", "")) or str(node.data.get("strategy", "")))[:160],
        }
        row |= {"v": round(node.value, 4)} if node.value is not None else {}
        row |= {"c": round(node.cost, 5)} if node.cost else {}
        row |= {"g": [passed, targets]} if targets else {}
        row |= {"b": broken} if broken else {}
        row |= {"r": list(state.running[node.id])} if node.id in state.running else {}
        row |= {"m": said[node.id]} if node.id in said else {}
        rows.append(row)
    return rows
