"""What the runs of one process have in common: the way to the models, and limits that hold for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from agent.config import Settings
from agent.execution.memory import Memory
from agent.model.gate import Gate, LocalGate
from agent.model.transport import Transport

Limit = AbstractAsyncContextManager[None]
"""Entered by as many as may be inside at a time: a semaphore, or a part in one of another process."""


@dataclass(frozen=True)
class Shared:
    """Shared by runs.

    Attributes:
        transport: to the models, or to a recording of them; None when there is no model.
        gate: lets requests through.
        sandboxes: how many commands run at a time; None for no limit.
        memory: test runs of other runs; None when each makes its own.
    """

    transport: Transport | None
    gate: Gate
    sandboxes: Limit | None = None
    memory: Memory | None = None


@asynccontextmanager
async def opened(
    settings: Settings,
    *,
    gate: Gate | None = None,
    sandboxes: Limit | None = None,
    memory: Memory | None = None,
) -> AsyncIterator[Shared]:
    """What runs with these settings share, until the end of the context."""
    transport = None
    if settings.has_model:
        from agent.model.open import open_transport

        replay, record = (Path(text) if text else None for text in (settings.replay, settings.record))
        transport = await asyncio.to_thread(open_transport, replay=replay, record_to=record)
    try:
        yield Shared(transport, gate or LocalGate(), sandboxes, memory)
    finally:
        if transport is not None:
            await transport.close()
