"""What a person or a program sees while an evolution runs: a live view, plain lines, or events as JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from agent.cli.batch_view import duration
from agent.cli.terminal import repaints
from agent.cli.text import one_line
from agent.evolve.records import DesignRecord, ResultRecord
from agent.evolve.watching import State, Unwatched, Watcher


def made_line(design: DesignRecord, names: Sequence[str]) -> str:
    """A design that was made, in one line."""
    if design.standing == "refused":
        return one_line(f"refused {design.name} ({design.operator}): {design.error}", 200)
    return one_line(f"made {design.name} ({design.operator} of {', '.join(names)}): {design.thought}", 200)


def scored_line(design: DesignRecord, result: ResultRecord) -> str:
    """A run that was scored, in one line."""
    why = f": {result.error}" if result.error else ""
    held = " (held out)" if result.split == "held-out" else ""
    spent = f"{result.calls} calls, ${result.usd:.4f}" if result.calls else f"{result.executions} test runs"
    return one_line(
        f"{design.name} on {result.task}{held}: {result.score:g}, {result.status}, {result.seconds:.1f} s, "
        f"{spent}{why}",
        240,
    )


class Lines:
    """One plain line for each thing that happens; for logs and CI."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self._state: State | None = None

    def opened(self, state: State) -> None:
        """A line with the strategy."""
        self._state = state
        self._line(f"strategy {state.strategy}")

    def made(self, design: DesignRecord, names: Sequence[str]) -> None:
        """A line, with how far it is."""
        self._line(made_line(design, names))

    def scored(self, design: DesignRecord, result: ResultRecord) -> None:
        """A line, with how far it is."""
        so_far = f" [{self._state.line()}]" if self._state else ""
        self._line(scored_line(design, result) + so_far)

    def told(self, text: str) -> None:
        """A line."""
        self._line(one_line(text, 300))

    def _line(self, text: str) -> None:
        seconds = time.monotonic() - self._began
        self._console.print(f"{seconds:7.1f}s  {text}", highlight=False, markup=False, soft_wrap=True)


class LiveView:
    """What is under way, what happened last, and how far it is."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._state = State("")
        self._last: list[str] = []

    def opened(self, state: State) -> None:
        """The state is kept up to date by the loop."""
        self._state = state

    def made(self, design: DesignRecord, names: Sequence[str]) -> None:
        """Remembered as one of the last things."""
        self.told(made_line(design, names))

    def scored(self, design: DesignRecord, result: ResultRecord) -> None:
        """Remembered as one of the last things."""
        self.told(scored_line(design, result))

    def told(self, text: str) -> None:
        """Remembered as one of the last things."""
        self._last = [*self._last[-5:], text]

    def __rich__(self) -> Group:
        table = Table(box=None, pad_edge=False, expand=True)
        table.add_column("under way", ratio=3, no_wrap=True)
        table.add_column("phase", ratio=2, no_wrap=True)
        for name in ("nodes", "elapsed"):
            table.add_column(name, justify="right", no_wrap=True)
        for task in list(self._state.running.values())[: max(4, self._console.height - 14)]:
            phase = Text(one_line(f"{task.phase} {task.detail}", 60))
            table.add_row(Text(one_line(task.id, 80)), phase, str(task.nodes), duration(task.elapsed))
        parts: list[Table | Text] = [table]
        parts += [Text(one_line(text, 200), style="dim", no_wrap=True, overflow="ellipsis") for text in self._last]
        parts.append(Text(self._state.line(), style="bold"))
        return Group(*parts)


class JsonEvents:
    """Each thing that happens as one JSON object a line, on standard output."""

    def opened(self, state: State) -> None:
        """`opened`, with the strategy."""
        self._write("opened", strategy=state.strategy)

    def made(self, design: DesignRecord, names: Sequence[str]) -> None:
        """`design`, without its code."""
        fields = {name: getattr(design, name) for name in ("id", "name", "operator", "generation", "standing", "error")}
        self._write("design", **fields, thought=design.thought, parents=list(design.parents))

    def scored(self, design: DesignRecord, result: ResultRecord) -> None:
        """`result`."""
        names = ("design", "task", "split", "score", "status", "usd", "calls", "tokens", "nodes", "executions", "error")
        self._write("result", name=design.name, **{name: getattr(result, name) for name in names})

    def told(self, text: str) -> None:
        """`told`, with the text."""
        self._write("told", text=text)

    def _write(self, event: str, **fields: object) -> None:
        sys.stdout.write(json.dumps({"event": event, "time": time.time(), **fields}) + "\n")
        sys.stdout.flush()


@contextmanager
def shown(console: Console, *, quiet: bool, events: bool) -> Iterator[Watcher]:
    """A view fit for the console, for a program that reads events, or for nobody."""
    if events:
        yield JsonEvents()
    elif quiet:
        yield Unwatched()
    elif repaints(console):
        view = LiveView(console)
        with Live(view, console=console, refresh_per_second=4, transient=True):
            yield view
    else:
        yield Lines(console)
