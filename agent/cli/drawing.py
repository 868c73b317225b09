"""Drawing a search tree in a terminal, the same for a live run and a stored one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agent.cli.text import one_line

if TYPE_CHECKING:
    from rich.tree import Tree as Drawing

    from search.tree import Tree

MARKS = {"done": "●", "failed": "✗", "running": "◌", "queued": "○"}
COLOURS = {"done": "green", "failed": "red", "running": "yellow", "queued": "dim"}
WIDEST = 12


@dataclass(frozen=True)
class Row:
    """A node as it is drawn.

    Attributes:
        value: in [0, 1], or None when not known.
        cost: US dollars.
        note: a few words, untrusted.
        chosen: it carries the answer.
    """

    id: str
    parent: str | None
    kind: str
    status: str
    value: float | None = None
    cost: float = 0.0
    note: str = ""
    chosen: bool = False
    running: tuple[str, ...] = field(default=())


def rows_of(tree: Tree, running: Mapping[str, Sequence[str]]) -> list[Row]:
    """The rows of a tree in memory; `running` are the actions under way by node."""
    from agent.work import Work

    rows = []
    for node in tree:
        title = node.payload.title if isinstance(node.payload, Work) else ""
        parent = node.parent.id if node.parent else None
        actions = tuple(running.get(node.id, ()))
        rows.append(Row(node.id, parent, node.kind, node.status, node.value, note=title, running=actions))
    return rows


def draw(rows: Sequence[Row], *, width: int = 80, every: bool = False) -> Drawing:
    """A drawing of the rows; of many children only the best are shown, with a count of the others.

    Args:
        rows: the nodes, parents before children.
        width: columns there are.
        every: show all children.
    """
    from rich.text import Text
    from rich.tree import Tree as Drawing

    children: dict[str | None, list[Row]] = {}
    for row in rows:
        children.setdefault(row.parent, []).append(row)

    def label(row: Row, depth: int) -> Text:
        value = f" {row.value:.2f}" if row.value is not None else ""
        cost = f" ${row.cost:.3f}" if row.cost else ""
        head = f"{MARKS.get(row.status, '●')} {row.kind}{value}{cost} {row.id[:7]} "
        note = one_line(row.note, max(16, width - len(head) - 4 * depth - 4))
        text = Text(head, style=COLOURS.get(row.status, ""))
        text.append(note, style="bold" if row.chosen else "default")
        if row.chosen:
            text.append(" ★", style="bold yellow")
        return text

    def grow(branch: Drawing, row: Row, depth: int) -> None:
        for action in row.running:
            branch.add(Text(f"◌ {action} …", style="yellow"))
        below = children.get(row.id, [])
        shown = below if every or len(below) <= WIDEST else _foremost(below, children)
        for child in shown:
            grow(branch.add(label(child, depth + 1)), child, depth + 1)
        if len(below) > len(shown):
            branch.add(Text(f"and {len(below) - len(shown)} more", style="dim"))

    roots = children.get(None, [])
    drawing = Drawing(label(roots[0], 0) if roots else Text("nothing yet"))
    if roots:
        grow(drawing, roots[0], 0)
    return drawing


def _foremost(rows: Sequence[Row], children: Mapping[str | None, Sequence[Row]]) -> list[Row]:
    """The best few and the latest, in their order."""
    best = sorted(rows, key=lambda row: (not row.chosen, row.id not in children, -(row.value or 0.0)))[: WIDEST - 3]
    kept = {row.id for row in (*best, *rows[-3:])}
    return [row for row in rows if row.id in kept]
