"""The pages of batches, of two batches side by side, and of archives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agent.batch.results import BatchState, Comparison, Task, compare, read_batch
from agent.store.folder import RunFolder
from agent.viewer.archives import ArchiveState, read_archive
from agent.viewer.library import Item, Library
from agent.viewer.listing import stamp_of, version
from agent.viewer.live import Glance
from agent.viewer.markup import highlight, text_diff
from agent.viewer.memory import Memory
from agent.viewer.pages import HOME
from agent.viewer.plots import archive_plots, batch_plots, plotted
from agent.viewer.render import page
from agent.viewer.runs import Brief, RunReader
from tools.errors import InputError

REMEMBERED = 4


class Shelf:
    """The batches and archives of a library, read again when they changed; the last few are kept."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._batches: Memory[BatchState] = Memory(REMEMBERED, lambda state: state.manifest is None)
        self._archives: Memory[ArchiveState] = Memory(REMEMBERED)
        self._comparisons: Memory[Comparison] = Memory(REMEMBERED)

    def batch(self, key: str) -> BatchState:
        """A batch; what its running tasks have used so far stands in their rows."""
        item = Item("batch", key, self.library.find("batch", key), 0.0)
        state = self._batches.get(key, stamp_of(item), lambda: read_batch(item.path))
        if not state.alive:
            return state
        running = {task.row.id: self._brief(item, task.run) for task in state.tasks if task.row.status == "running"}
        return _with_running(state, {id: brief for id, brief in running.items() if brief})

    def archive(self, key: str) -> ArchiveState:
        """An archive."""
        item = Item("archive", key, self.library.find("archive", key), 0.0)
        return self._archives.get(key, stamp_of(item), lambda: read_archive(item.path))

    def comparison(self, a: str, b: str) -> Comparison:
        """Two batches, paired."""
        one, two = self.batch(a), self.batch(b)
        return self._comparisons.get(f"{a} {b}", (_version(one), _version(two)), lambda: compare(one, two))

    @staticmethod
    def _brief(item: Item, run: str) -> Brief | None:
        return RunReader(RunFolder(item.path / "tasks" / run)).brief() if run else None


def _with_running(state: BatchState, running: Mapping[str, Brief]) -> BatchState:
    if not running:
        return state

    def now(task: Task) -> Task:
        brief = running.get(task.row.id)
        if brief is None:
            return task
        used = {name: getattr(brief.spend, name) for name in ("calls", "tokens", "usd")}
        return replace(task, row=replace(task.row, nodes=brief.nodes, **used))

    return replace(state, tasks=tuple(now(task) for task in state.tasks))


def _version(state: BatchState) -> str:
    """Of what a page shows of a batch."""
    tasks = [(replace(task.row, outcome=None), task.run, task.verdict) for task in state.tasks]
    return version(tasks, state.alive, state.evaluated, state.problems, state.manifest)


def batch(shelf: Shelf, key: str) -> str:
    """The page of a batch."""
    state = shelf.batch(key)
    return page(
        "batch.html",
        title=state.name,
        key=key,
        state=state,
        crumbs=_crumbs(shelf.library, key),
        statuses=sorted({task.row.status for task in state.tasks}),
        verdicts=sorted({task.verdict for task in state.tasks if task.verdict}),
        others=[item.key for item in shelf.library.items() if item.kind == "batch" and item.key != key],
        plots=f"/batch/{key}/plots.json",
        plotted=bool(plotted([state])),
        events=f"/batch/{key}/events",
        glance=_glance(state),
    )


def batch_glance(shelf: Shelf, key: str) -> Glance:
    """Whether the page of a batch is out of date."""
    return _glance(shelf.batch(key))


def _glance(state: BatchState) -> Glance:
    ended = state.totals.tasks and not state.totals.open
    return Glance(_version(state), state.alive, "live" if state.alive else "finished" if ended else "stopped")


def plots_of_batches(shelf: Shelf, *keys: str) -> list[dict[str, Any]]:
    """The plots of one batch, or of two in comparison; made after the page, which need not wait for them."""
    return batch_plots([shelf.batch(key) for key in keys])


def plots_of_archive(shelf: Shelf, key: str) -> list[dict[str, Any]]:
    """The plots of an archive."""
    return archive_plots(shelf.archive(key))


def comparison(shelf: Shelf, a: str, b: str) -> str:
    """Two batches side by side."""
    found = shelf.comparison(a, b)
    return page(
        "compare.html",
        title="Two batches",
        a=a,
        b=b,
        found=found,
        crumbs=(*_crumbs(shelf.library, a)[:-1], ("A", f"/batch/{a}"), ("B", f"/batch/{b}"), ("compared", "")),
        plots=f"/compare/plots.json?a={a}&b={b}",
        plotted=bool(plotted([found.a, found.b])),
        events=f"/compare/events?a={a}&b={b}",
        glance=_compared(found),
    )


def comparison_glance(shelf: Shelf, a: str, b: str) -> Glance:
    """Whether the page of two batches is out of date."""
    return _compared(shelf.comparison(a, b))


def _compared(found: Comparison) -> Glance:
    one, two = _glance(found.a), _glance(found.b)
    alive = one.alive or two.alive
    return Glance(version(one.version, two.version), alive, "live" if alive else "finished")


def archive(shelf: Shelf, key: str) -> str:
    """The page of an archive."""
    state = shelf.archive(key)
    return page(
        "archive.html",
        title=state.name,
        key=key,
        state=state,
        lineage=state.lineage(),
        crumbs=_crumbs(shelf.library, key),
        plots=f"/archive/{key}/plots.json",
        plotted=bool(state.splits),
        events=f"/archive/{key}/events",
        glance=_archived(state),
    )


def archive_glance(shelf: Shelf, key: str) -> Glance:
    """Whether the page of an archive is out of date."""
    return _archived(shelf.archive(key))


def _archived(state: ArchiveState) -> Glance:
    shown = version(state.designs, len(state.results), state.problems, state.plan, state.end, state.alive)
    return Glance(shown, state.alive, "live" if state.alive else "finished" if state.end else "stopped")


def design(shelf: Shelf, key: str, id: str) -> str:
    """The page of one design of an archive.

    Raises:
        InputError: there is none of that id.
    """
    state = shelf.archive(key)
    found = state.design(id)
    if found is None:
        raise InputError(f"there is no design {id} in this archive")
    parents = [parent for name in found.parents if (parent := state.design(name)) is not None]
    return page(
        "design.html",
        title=found.name,
        key=key,
        design=found,
        champion=found.id == state.champion,
        unit=state.unit,
        parents=[(parent, text_diff(parent.code, found.code, "design.py")) for parent in parents],
        children=[each for each in state.designs if found.id in each.parents],
        code=highlight(found.code, "design.py"),
        results=[result for result in state.results if result.design == found.id][:500],
        crumbs=(*_crumbs(shelf.library, key)[:-1], (key.rpartition("~")[2], f"/archive/{key}"), (found.name[:40], "")),
    )


def _crumbs(library: Library, key: str) -> tuple[tuple[str, str], ...]:
    return (*(() if library.single else (HOME,)), (key.rpartition("~")[2], ""))
