"""The scheduler: keeps so many tasks under way, writes how each ended, and knows when to stop."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from agent.batch.executors import Executor
from agent.batch.job import Job, JobResult
from agent.batch.layout import BatchFolder
from agent.batch.ledger import Ledger, Totals
from agent.batch.watching import Running, TaskProgress, Watcher
from agent.config import Settings

PAUSE = 2.0
"""Seconds before an infrastructure failure is tried again; doubled each time."""


@dataclass(frozen=True)
class Finish:
    """How a sitting of a batch ended.

    Attributes:
        reason: why it ended before all tasks did, or "".
        hint: what to do.
        exit_code: of the command; 0 when it came to its end.
    """

    reason: str = ""
    hint: str = ""
    exit_code: int = 0


class _Stopped(Exception):
    """A failure that concerns all tasks."""

    def __init__(self, finish: Finish) -> None:
        super().__init__(finish.reason)
        self.finish = finish


class Scheduler:
    """Runs what is open in a ledger.

    Args:
        folder: of the batch.
        ledger: the tasks.
        executor: runs them.
        settings: of the runs.
        jobs: how many tasks at a time.
        retry_infra: how often an infrastructure failure is tried again in this sitting.
        watcher: told of everything.
    """

    def __init__(
        self,
        folder: BatchFolder,
        ledger: Ledger,
        executor: Executor,
        settings: Settings,
        *,
        jobs: int,
        retry_infra: int,
        watcher: Watcher,
    ) -> None:
        self._folder = folder
        self._ledger = ledger
        self._executor = executor
        self._settings = settings
        self._jobs = jobs
        self._retry_infra = retry_infra
        self._watcher = watcher
        self._running: dict[str, Running] = {}
        self._totals = Totals({}, 0.0, 0, 0, 0, 0.0)

    async def run(self) -> Finish:
        """Runs all open tasks; returns early when a failure concerns them all.

        Raises:
            asyncio.CancelledError: it was interrupted; what finished is in the ledger and the runs' stores.
        """
        self._ledger.suspend()
        self._totals = self._ledger.totals()
        self._watcher.opened(self._totals, self._running)
        queue = deque(self._ledger.ids("pending"))
        workers = [asyncio.create_task(self._work(queue)) for _ in range(min(self._jobs, len(queue)))]
        try:
            await asyncio.gather(*workers)
        except _Stopped as stopped:
            self._watcher.told(f"stopping: {stopped.finish.reason}")
            return stopped.finish
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            await asyncio.to_thread(self._ledger.suspend)
        return Finish()

    async def _work(self, queue: deque[str]) -> None:
        while queue:
            id = queue.popleft()
            for attempt in range(self._retry_infra + 1):
                result = await self._attempt(id)
                if result.status is None:
                    raise _Stopped(Finish(result.reason, result.hint, result.exit_code))
                if result.status != "failed-infra" or attempt == self._retry_infra:
                    break
                self._watcher.told(f"{id}: {result.reason}; trying again")
                await asyncio.sleep(PAUSE * 2**attempt)
                before = await asyncio.to_thread(self._ledger.row, id)
                await asyncio.to_thread(self._ledger.reopen, [id])
                self._totals = self._totals.moved(before, await asyncio.to_thread(self._ledger.row, id))

    async def _attempt(self, id: str) -> JobResult:
        running = self._running[id] = Running(id)
        try:
            task, before = await asyncio.to_thread(lambda: (self._ledger.task(id), self._ledger.row(id)))
            await asyncio.to_thread(self._ledger.begin, id)
            self._watcher.changed(running)
            job = Job(task, self._settings, self._folder.run(id).root)
            result = await self._executor.run(job, TaskProgress(running, self._watcher))
            if result.status is not None:
                await asyncio.to_thread(
                    self._ledger.finish, id, result.status, reason=result.reason, outcome=result.outcome
                )
        finally:
            del self._running[id]
        if result.status is not None:
            row = await asyncio.to_thread(self._ledger.row, id)
            self._totals = self._totals.moved(before, row)
            self._watcher.ended(row, self._totals)
        return result
