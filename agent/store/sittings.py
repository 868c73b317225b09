"""The sittings of a run: each process that works on it begins one."""

from __future__ import annotations

from collections.abc import Sequence

from agent.store.records import EventRecord

SITTING = "sitting"


def worked(events: Sequence[EventRecord]) -> float:
    """Seconds from the start of each sitting to the last thing that happened in it, summed.

    A clock that was set back in between makes a sitting short, never negative.
    """
    total = 0.0
    last: float | None = None
    for event in events:
        if event.kind != SITTING and last is not None:
            total += max(0.0, event.created - last)
        last = event.created
    return total
