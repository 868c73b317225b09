"""What a person sees while a run goes on: a live tree on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from agent.cli.drawing import draw, rows_of
from agent.cli.terminal import repaints
from agent.cli.text import one_line
from agent.progress import Progress
from agent.work import Work
from search.budget import Budget
from search.events import Event, ExpansionEnded, ExpansionStarted, NodeAdded, Stopped
from search.tree import Tree

PHASE_COLUMN = 12


class Lines:
    """One plain line for each thing that happens; for logs and CI."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._started = time.monotonic()

    def phase(self, name: str, detail: str = "") -> None:
        """A line for the phase."""
        self._line(f"{name:<{PHASE_COLUMN}} {one_line(detail, 100)}")

    def searching(self, tree: Tree, budget: Budget, calls: Callable[[], int]) -> None:
        """Nothing: the nodes have lines of their own."""

    def event(self, event: Event) -> None:
        """A line for a node or a failed attempt."""
        if isinstance(event, NodeAdded) and event.expansion is not None and not event.node.failed:
            value = f"{event.node.value:.2f}" if event.node.value is not None else "    "
            work = event.node.payload
            title = work.title if isinstance(work, Work) else ""
            self._line(f"{event.node.kind:<{PHASE_COLUMN}} {value} {event.node.id[:7]} {one_line(title, 90)}")
        elif isinstance(event, ExpansionEnded) and event.failure:
            self._line(f"{'failed':<{PHASE_COLUMN}} {event.expansion.action}: {one_line(event.failure, 90)}")
        elif isinstance(event, Stopped):
            self._line(f"{'search ends':<{PHASE_COLUMN}} {event.reason}")

    def _line(self, text: str) -> None:
        seconds = time.monotonic() - self._started
        self._console.print(f"{seconds:7.1f}s  {text.rstrip()}", highlight=False, markup=False, soft_wrap=True)


class LiveTree:
    """The tree as it grows, what is going on, and what is left of the budget."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._started = time.monotonic()
        self._phase = ("starting", "")
        self._tree: Tree | None = None
        self._budget: Budget | None = None
        self._calls: Callable[[], int] = lambda: 0
        self._running: dict[str, list[str]] = {}
        self._last = ""

    def phase(self, name: str, detail: str = "") -> None:
        """Shown in the status line."""
        self._phase = (name, detail)

    def searching(self, tree: Tree, budget: Budget, calls: Callable[[], int]) -> None:
        """From now on the tree is drawn."""
        self._tree, self._budget, self._calls = tree, budget, calls

    def event(self, event: Event) -> None:
        """Remembers what is under way."""
        if isinstance(event, ExpansionStarted):
            self._running.setdefault(event.expansion.node.id, []).append(event.expansion.action)
        elif isinstance(event, ExpansionEnded):
            self._running[event.expansion.node.id].remove(event.expansion.action)
            if event.failure:
                self._last = f"{event.expansion.action}: {event.failure}"

    def __rich__(self) -> Group:
        parts = [self._status()]
        if self._tree is not None:
            parts.append(draw(rows_of(self._tree, self._running), width=self._console.width))  # type: ignore[arg-type]
        if self._last:
            parts.append(Text(f"last failure: {one_line(self._last, self._console.width - 16)}", style="dim"))
        return Group(*parts)

    def _status(self) -> Text:
        name, detail = self._phase
        seconds = time.monotonic() - self._started
        text = Text(f"{seconds:5.0f}s  {name} ", style="bold")
        text.append(one_line(detail, max(20, self._console.width - text.cell_len)), style="default")
        if self._budget is not None:
            left = self._budget.remaining()
            parts = [f"{self._calls()} calls", f"${self._budget.spent.usd:.2f} spent"]
            parts += [f"${left.usd:.2f} left"] if left.usd is not None else []
            parts += [f"{left.nodes} nodes left"] if left.nodes is not None else []
            parts += [f"{left.seconds:.0f} s left"] if left.seconds is not None else []
            text.append("\n       " + ", ".join(parts), style="dim")
        return text


@contextmanager
def shown(console: Console, *, quiet: bool = False) -> Iterator[Progress]:
    """A view fit for `console`: live on a terminal, lines elsewhere, nothing when `quiet`."""
    from agent.progress import Silent

    if quiet:
        yield Silent()
    elif repaints(console):
        view = LiveTree(console)
        with Live(view, console=console, refresh_per_second=8, transient=True):
            yield view
    else:
        yield Lines(console)
