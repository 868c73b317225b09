"""The pages of lists, runs and nodes, from what the readers read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agent.store.records import DecisionRecord, NodeRecord
from agent.viewer import matrix
from agent.viewer.frames import frame
from agent.viewer.library import Library
from agent.viewer.listing import Row, version
from agent.viewer.live import Glance
from agent.viewer.nodes import NodeReader
from agent.viewer.render import page, render
from agent.viewer.runs import RunReader
from tools.errors import InputError, TreewrightError

HOME = ("All runs", "/")


def index(root: Path, rows: Sequence[Row], *, trusted: bool) -> str:
    """The list of what there is."""
    return page(
        "index.html", title="Runs", rows=rows, root=root, trusted=trusted, events="/events", glance=index_glance(rows)
    )


def index_glance(rows: Sequence[Row]) -> Glance:
    """Whether a list is out of date."""
    alive = sum(row.alive for row in rows)
    return Glance(version(rows), alive > 0, f"{alive} running" if alive else "nothing runs")


def run(library: Library, key: str, *, trusted: bool) -> str:
    """The page of a run."""
    values = run_values(library.run(key))
    crumbs = (*_crumbs(library, key), (key.rpartition("~")[2], ""))
    return page("run.html", key=key, base=f"/run/{key}", trusted=trusted, crumbs=crumbs, **values)


def run_values(reader: RunReader) -> dict[str, Any]:
    """What the template of a run needs, however little of the run can be read."""
    state = reader.state()
    grid = matrix.matrix((), {})
    decisions: tuple[DecisionRecord, ...] = ()
    problems = list(state.problems)
    if state.record is not None:
        try:
            with reader.opened() as (_, store):
                grid = matrix.matrix(state.nodes, matrix.before(store.first_tests()), state.chosen)
                decisions = store.decisions()
        except (TreewrightError, ValueError, TypeError, KeyError) as error:
            problems.append(f"the tests cannot be read: {error}")
    return {
        "title": state.title or reader.folder.root.name,
        "state": state,
        "frame": frame(state),
        "grid": grid,
        "decisions": decisions,
        "problems": problems,
        "folder": reader.folder.root,
    }


@contextmanager
def opened_node(reader: RunReader, id: str) -> Iterator[tuple[NodeReader, NodeRecord]]:
    """A node and the reader of its run."""
    with reader.opened() as (store, run):
        nodes = NodeReader(reader, store, run)
        try:
            yield nodes, nodes.find(id)
        finally:
            nodes.close()


def node(library: Library, key: str, id: str, *, trusted: bool) -> str:
    """The page of a node."""
    reader = library.run(key)
    with opened_node(reader, id) as (nodes, found):
        shown = nodes.page(found)
        crumbs = (*_crumbs(library, key), (key.rpartition("~")[2], f"/run/{key}"), (f"{found.kind} {found.id[:7]}", ""))
        return page(
            "node.html",
            title=found.title or found.kind,
            base=f"/run/{key}",
            shown=shown,
            chosen=reader.state().chosen == found.id,
            trusted=trusted,
            crumbs=crumbs,
        )


def panel(library: Library, key: str, id: str, *, trusted: bool) -> str:
    """The panel of a node beside the tree."""
    reader = library.run(key)
    with opened_node(reader, id) as (nodes, found):
        return node_panel(nodes, found, base=f"/run/{key}", chosen=reader.state().chosen, trusted=trusted)


def node_panel(
    nodes: NodeReader, found: NodeRecord, *, base: str, chosen: str, trusted: bool, static: bool = False
) -> str:
    """The panel, for the server and for the static file."""
    shown = nodes.page(found)
    return render("panel.html", shown=shown, base=base, chosen=chosen == found.id, trusted=trusted, static=static)


def step_address(library: Library, key: str, number: int) -> str:
    """Where the call `number` (from 1) of a run is shown.

    Raises:
        InputError: there is no such call.
    """
    reader = library.run(key)
    with reader.opened() as (_, run):
        calls, nodes = run.calls(), run.nodes()
    if not 1 <= number <= len(calls):
        raise InputError(f"this run has no step {number}", hint=f"it has {len(calls)}")
    scope = calls[number - 1].scope
    owners = [node.id for node in nodes if node.data.get("expansion") == scope]
    owners = owners or [node.id for node in nodes if node.parent is None]
    return f"/run/{key}/node/{owners[0]}#step-{number}" if owners else f"/run/{key}"


def _crumbs(library: Library, key: str) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = [] if library.single else [HOME]
    parts = key.split("~")
    if len(parts) > 2 and parts[-2] == "tasks":
        batch = "~".join(parts[:-2])
        found.append((parts[-3], f"/batch/{batch}"))
    return tuple(found)
