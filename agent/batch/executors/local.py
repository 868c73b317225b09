"""In this process: tasks wait for models and sandboxes, so that one event loop serves many of them."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from agent.batch.job import Job, JobResult, run_job
from agent.config import Settings
from agent.model.gate import Gate
from agent.progress import Progress
from agent.shared import Limit, Shared, opened

MORE_THREADS = 8
"""Beside one for each job: what waits for the disk does so there, and a loop's own are four more than processors."""


class LocalExecutor:
    """Runs jobs here.

    Args:
        settings: of the runs.
        gate: lets requests through.
        sandboxes: commands at a time, or their limit.
        shared: what the runs have in common, when somebody else opened it and closes it.
    """

    def __init__(self, settings: Settings, *, gate: Gate, sandboxes: int | Limit, shared: Shared | None = None) -> None:
        self._settings = settings
        self._gate = gate
        self._sandboxes = sandboxes
        self._closing = AsyncExitStack()
        self._shared = shared
        self._opening = asyncio.Lock()

    async def run(self, job: Job, progress: Progress) -> JobResult:
        """See `agent.batch.executors.Executor`."""
        async with self._opening:
            if self._shared is None:
                given = self._sandboxes
                running = asyncio.Semaphore(given) if isinstance(given, int) else given
                context = opened(self._settings, gate=self._gate, sandboxes=running)
                self._shared = await self._closing.enter_async_context(context)
        return await run_job(job, progress, shared=self._shared)

    async def close(self) -> None:
        """Closes the connections; the jobs have ended."""
        await self._closing.aclose()
