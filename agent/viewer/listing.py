"""The list of what there is, read again only where something changed: it is looked at while runs go on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial

from agent.batch.results import read_batch
from agent.store.folder import RunFolder
from agent.store.lock import in_use
from agent.viewer.archives import read_archive
from agent.viewer.library import Item, Library
from agent.viewer.memory import Memory, Stamp, stamp
from agent.viewer.runs import Brief, RunReader

FILES = {
    "run": ("run.db", "run.db-wal", "outcome.json"),
    "batch": ("batch.db", "batch.db-wal", "manifest.json", "evaluation.json"),
    "archive": ("archive.db", "archive.db-wal"),
}
"""Those that say how far something is."""
REMEMBERED = 5000


@dataclass(frozen=True)
class Row:
    """One line of the list.

    Attributes:
        run: where a run stands; None for batches and archives.
        alive: a process works on it now.
        summary: a line about a batch or an archive; a run has columns of its own.
        failed: it could not be read.
    """

    item: Item
    run: Brief | None = None
    alive: bool = False
    summary: str = ""
    failed: bool = False


class Listing:
    """The rows of a library."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._rows: Memory[Row] = Memory(REMEMBERED, lambda row: row.failed)

    def rows(self) -> list[Row]:
        """Everything there is, latest first."""
        return [self._rows.get(item.key, stamp_of(item), partial(row, item)) for item in self._library.items()]


def stamp_of(item: Item) -> Stamp:
    """Changes when something about it does."""
    return (item.changed, *stamp((item.path / name for name in FILES[item.kind]), item.path / "lock"))


def row(item: Item) -> Row:
    """The line about one thing."""
    if item.kind == "run":
        brief = RunReader(RunFolder(item.path)).brief()
        return Row(item, brief, brief.alive)
    alive = in_use(item.path / "lock")
    if item.kind == "batch":
        state = read_batch(item.path)
        if state.manifest is None:
            return Row(item, None, alive, "; ".join(state.problems), failed=True)
        system = f"{state.manifest.name}, design {state.manifest.design}: "
        word = "resolved" if state.evaluated else "solved by their own word"
        ended = state.totals.tasks - state.totals.open
        return Row(item, None, alive, f"{system}{ended} of {state.totals.tasks} tasks ended, {state.solved} {word}")
    archive = read_archive(item.path)
    best = f"; {archive.best.name} leads with {archive.best.fitness:.2f}" if archive.best else ""
    return Row(item, None, alive, f"{len(archive.designs)} designs, {len(archive.results)} evaluations{best}")


def version(*values: object) -> str:
    """A short name of what a page shows: it changes when that does."""
    return hashlib.blake2b(repr(values).encode("utf-8", "backslashreplace"), digest_size=8).hexdigest()
