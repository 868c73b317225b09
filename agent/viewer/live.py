"""What is new, as server-sent events: the rows of a run's tree that changed; of other pages, that they changed."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass
from typing import Any

from fastapi import Request
from sse_starlette.sse import EventSourceResponse

from agent.viewer.frames import difference, frame
from agent.viewer.memory import Stamp, stamp
from agent.viewer.runs import RunReader

INTERVAL = 0.5
IDLE_INTERVAL = 2.0
REST = 5
"""A look is followed by a pause of so many times what it took: a folder of many runs must not keep a core busy."""


@dataclass(frozen=True)
class Glance:
    """What a page must know to decide whether it is out of date.

    Attributes:
        version: of what it would show now.
        alive: a process works on it.
        word: for how it stands.
    """

    version: str
    alive: bool
    word: str


def watch(look: Callable[[], Glance], request: Request) -> EventSourceResponse:
    """A word for each change until the reader goes away, and one at once: the page may be older than the stream."""

    async def events() -> AsyncIterator[dict[str, str]]:
        said: Glance | None = None
        while not await request.is_disconnected():
            began = time.monotonic()
            now = await asyncio.to_thread(look)
            if now != said:
                said = now
                yield {"event": "changed", "data": json.dumps(asdict(now))}
            pause = INTERVAL if now.alive else IDLE_INTERVAL / 2
            await asyncio.sleep(max(pause, REST * (time.monotonic() - began)))

    return EventSourceResponse(events(), headers={"Cache-Control": "no-store"})


def stream(reader: RunReader, request: Request) -> EventSourceResponse:
    """The changes of a run until the reader of them goes away; the first event is the whole tree."""

    async def events() -> AsyncIterator[dict[str, str]]:
        last: dict[str, Any] = {}
        read_at: Stamp | None = None
        while not await request.is_disconnected():
            now = await asyncio.to_thread(_stamp, reader)
            if now != read_at:
                read_at = now
                current = await asyncio.to_thread(lambda: frame(reader.state()))
                change = difference(last, current)
                if change:
                    last = current
                    yield {"event": "tree", "data": json.dumps(change)}
            await asyncio.sleep(INTERVAL if last.get("alive") else IDLE_INTERVAL)

    return EventSourceResponse(events(), headers={"Cache-Control": "no-store"})


def _stamp(reader: RunReader) -> Stamp:
    folder = reader.folder
    return stamp([folder.store, folder.store.with_name("run.db-wal"), folder.outcome], folder.lock)
