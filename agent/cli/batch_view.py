"""What a person or a program sees while a batch runs: a live table, plain lines, or events as JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from agent.batch.ledger import TaskRow, Totals
from agent.batch.watching import Running, Unwatched, Watcher, project
from agent.cli.terminal import repaints
from agent.cli.text import counted, one_line

STYLES = {
    "solved-candidate": "green",
    "abstained": "yellow",
    "failed-agent": "red",
    "failed-infra": "bold red",
    "unavailable": "dim",
}
MOST_ROWS = 40


class _Counted:
    """The totals as far as they are known, and where they are going."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.first = self.totals = Totals({}, 0.0, 0, 0, 0, 0.0)
        self.running: Mapping[str, Running] = {}

    def opened(self, totals: Totals, running: Mapping[str, Running]) -> None:
        """The batch begins."""
        self._began = time.monotonic()
        self.first = self.totals = totals
        self.running = running

    def usd(self) -> float:
        """US dollars, those of tasks under way included."""
        return self.totals.usd + sum(task.spent() for task in self.running.values())

    def line(self) -> str:
        """Totals and projection in one line."""
        totals = self.totals
        counts = [f"{totals.counts[status]} {status}" for status in STYLES if totals.counts.get(status)]
        parts = [f"{totals.tasks - totals.open}/{totals.tasks} ended", *counts, f"${self.usd():.2f}"]
        ahead = project(self.first, totals, time.monotonic() - self._began)
        if ahead.rate is not None and ahead.seconds is not None and ahead.usd is not None and totals.open:
            parts += [f"{ahead.rate:.0f} tasks/h", f"{duration(ahead.seconds)} to go", f"${ahead.usd:.2f} in all"]
        return ", ".join(parts)


class Lines(_Counted):
    """One plain line for each task that begins and ends; for logs and CI."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        self._started = time.monotonic()
        self._seen: set[str] = set()

    def opened(self, totals: Totals, running: Mapping[str, Running]) -> None:
        """A line with what there is."""
        super().opened(totals, running)
        self._line(self.line())

    def changed(self, task: Running) -> None:
        """Nothing: the phases of many tasks at once are noise in a log."""

    def ended(self, row: TaskRow, totals: Totals) -> None:
        """A line for the task, with the totals."""
        self.totals = totals
        reason = f": {one_line(row.reason, 100)}" if row.reason else ""
        self._line(
            f"{one_line(row.id, 60)} {row.status}{reason} "
            f"({counted(row.nodes, 'node')}, {counted(row.calls, 'call')}, ${row.usd:.4f}, {row.seconds:.1f} s) "
            f"[{self.line()}]"
        )

    def told(self, text: str) -> None:
        """A line."""
        self._line(one_line(text, 300))

    def _line(self, text: str) -> None:
        seconds = time.monotonic() - self._started
        self._console.print(f"{seconds:7.1f}s  {text}", highlight=False, markup=False, soft_wrap=True)


class LiveTable(_Counted):
    """The tasks under way, the last ones that ended, and the totals."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        self._last: list[TaskRow] = []
        self._note = ""

    def changed(self, task: Running) -> None:
        """Seen at the next refresh."""

    def ended(self, row: TaskRow, totals: Totals) -> None:
        """Remembered as one of the last."""
        self.totals = totals
        self._last = [*self._last[-4:], row]

    def told(self, text: str) -> None:
        """Shown below the table."""
        self._note = text

    def __rich__(self) -> Group:
        room = max(4, min(MOST_ROWS, self._console.height - 12))
        tasks = sorted(self.running.values(), key=lambda task: task.began)
        table = Table(box=None, pad_edge=False, expand=True)
        table.add_column("task", ratio=3, no_wrap=True)
        table.add_column("phase", ratio=2, no_wrap=True)
        for name in ("nodes", "best", "cost", "elapsed"):
            table.add_column(name, justify="right", no_wrap=True)
        for task in tasks[:room]:
            best = f"{task.best:.2f}" if task.best is not None else ""
            cells = (str(task.nodes), best, f"${task.spent():.3f}", duration(task.elapsed))
            table.add_row(Text(one_line(task.id, 60)), Text(one_line(f"{task.phase} {task.detail}", 60)), *cells)
        parts: list[Table | Text] = [table]
        if len(tasks) > room:
            parts.append(Text(f"and {len(tasks) - room} more", style="dim"))
        for row in self._last:
            text = f"{one_line(row.id, 50)} {row.status} {one_line(row.reason, 80)}"
            parts.append(Text(text, style=STYLES.get(row.status, ""), no_wrap=True, overflow="ellipsis"))
        parts.append(Text(self.line(), style="bold"))
        if self._note:
            parts.append(Text(one_line(self._note, 200), style="dim"))
        return Group(*parts)


class JsonEvents(_Counted):
    """Each thing that happens as one JSON object a line, on standard output."""

    def opened(self, totals: Totals, running: Mapping[str, Running]) -> None:
        """`opened`, with the totals."""
        super().opened(totals, running)
        self._write("opened", tasks=totals.tasks, counts=dict(totals.counts), usd=totals.usd)

    def changed(self, task: Running) -> None:
        """`task`, with where it is."""
        self._write(
            "task",
            id=task.id,
            phase=task.phase,
            nodes=task.nodes,
            best=task.best,
            usd=task.spent(),
            elapsed=round(task.elapsed, 3),
        )

    def ended(self, row: TaskRow, totals: Totals) -> None:
        """`ended`, with how."""
        self.totals = totals
        numbers = {name: getattr(row, name) for name in ("usd", "calls", "tokens", "nodes", "seconds", "attempt")}
        self._write("ended", id=row.id, status=row.status, reason=row.reason, confidence=row.confidence, **numbers)

    def told(self, text: str) -> None:
        """`told`, with the text."""
        self._write("told", text=text)

    def _write(self, event: str, **fields: object) -> None:
        sys.stdout.write(json.dumps({"event": event, "time": time.time(), **fields}) + "\n")
        sys.stdout.flush()


def duration(seconds: float) -> str:
    """Seconds as a person reads them: 42 s, 3:07 min, 2:05 h."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02d} h"


@contextmanager
def shown(console: Console, *, quiet: bool, events: bool) -> Iterator[Watcher]:
    """A view fit for the console, for a program that reads events, or for nobody."""
    if events:
        yield JsonEvents()
    elif quiet:
        yield Unwatched()
    elif repaints(console):
        table = LiveTable(console)
        with Live(table, console=console, refresh_per_second=4, transient=True):
            yield table
    else:
        yield Lines(console)
