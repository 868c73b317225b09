"""What a person asked of a run: written by whoever watches, obeyed by the search, kept for the resume."""

from __future__ import annotations

import time
from collections.abc import Sequence

import sqlalchemy as sa

from agent.store.encoding import storable
from agent.store.records import SteeringRecord
from agent.store.schema import steering
from agent.store.store import RunStore
from tools.errors import InputError

COMMANDS = {
    "comment": "say something that every later attempt below this node reads",
    "good": "mark as good: counts as a critic who keeps it",
    "bad": "mark as bad: counts as a critic who abandons it, so it is never the answer",
    "child": "ask for another child, with an optional hint that its prompts contain",
    "pin": "grow only here, and wherever else is pinned",
    "unpin": "take a pin back",
    "prune": "grow no further here, and take no answer from here",
    "restore": "take a pruning back",
    "pause": "begin nothing new",
    "continue": "end a pause",
    "stop": "end the search with the best there is",
}
WHOLE_RUN = frozenset({"pause", "continue", "stop"})
MAX_TEXT = 4000


def give(run: RunStore, command: str, node: str = "", text: str = "") -> SteeringRecord:
    """Writes an order; the run obeys at its next decision, or when it is resumed.

    Args:
        run: the run.
        command: one of `COMMANDS`.
        node: id of a node, or its beginning; "" for commands about the whole run.
        text: a comment, a hint or a reason.

    Raises:
        InputError: no such command or node, or a comment without words.
    """
    if command not in COMMANDS:
        raise InputError(f"no order is called {command!r}", hint=f"there are {', '.join(COMMANDS)}")
    text = storable(text.strip())
    if len(text) > MAX_TEXT:
        raise InputError(f"the text has {len(text)} characters", hint=f"at most {MAX_TEXT} are kept in a prompt")
    if command == "comment" and not text:
        raise InputError("a comment needs words")
    id = "" if command in WHOLE_RUN else _find(run, node)
    with run.database.write() as connection:
        last = sa.select(sa.func.coalesce(sa.func.max(steering.c.seq), 0)).where(steering.c.run == run.id)
        record = SteeringRecord(connection.execute(last).scalar_one() + 1, command, id, text, time.time())
        row = {"run": run.id, "seq": record.seq, "command": command, "node": id, "text": text}
        connection.execute(steering.insert(), [row | {"created": record.created, "applied": None, "note": ""}])
    return record


def orders(run: RunStore, after: int = 0) -> tuple[SteeringRecord, ...]:
    """The orders with a number above `after`, in order."""
    query = sa.select(steering).where(steering.c.run == run.id, steering.c.seq > after).order_by(steering.c.seq)
    with run.database.read() as connection:
        rows: Sequence[sa.Row[tuple[object, ...]]] = connection.execute(query).all()
    return tuple(
        SteeringRecord(**{name: value for name, value in row._mapping.items() if name != "run"}) for row in rows
    )


def obeyed(run: RunStore, seq: int, moment: int, note: str) -> None:
    """Writes when an order was obeyed and what came of it."""
    row = (steering.c.run == run.id, steering.c.seq == seq)
    with run.database.write() as connection:
        connection.execute(sa.update(steering).where(*row).values(applied=moment, note=storable(note)))


def _find(run: RunStore, prefix: str) -> str:
    found = [node.id for node in run.nodes() if prefix and node.id.startswith(prefix)]
    if len(found) != 1:
        raise InputError(f"{len(found)} nodes begin with {prefix!r}", hint="`treewright show RUN` lists them")
    return found[0]
