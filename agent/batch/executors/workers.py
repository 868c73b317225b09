"""In several processes of this machine, which share one gate: an event loop alone keeps one processor busy at most.

Workers are forked from a process of the standard library's (`multiprocessing`, forkserver) that has no threads and
has loaded the provider's client where one is needed. One that dies loses nothing: its jobs begin anew in another and
go on from their runs' stores, and what it held open counts with its worst case. A job that is there each time a worker
dies is run alone, so that it takes no other along.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from typing import Any

from agent.batch.executors.blame import ALONE, Blame
from agent.batch.executors.coordinator import Coordinator
from agent.batch.executors.link import Link, LinkLost
from agent.batch.executors.remote import HINT
from agent.batch.executors.worker import TERMINAL, work
from agent.batch.job import Job, JobResult, plain_job
from agent.batch.watching import TaskProgress
from agent.config import Settings
from agent.model.own import is_own

GRACE = 5.0
"""Seconds that a worker has to end when nothing runs in it."""
JOBS_EACH = 16
"""Jobs at a time from which on another worker pays."""


def default_workers(settings: Settings, jobs: int) -> int:
    """How many workers `jobs` tasks at a time are worth; a recording answers in order, so it is read by one."""
    if settings.replay:
        return 1
    return max(1, min(os.cpu_count() or 1, -(-jobs // JOBS_EACH)))


def prepare(settings: Settings) -> None:
    """Begins to load what workers need, beside whatever the caller does meanwhile; returns at once."""
    model = ["agent.model.open", "agent.model.direct"] if settings.has_model else []
    _CONTEXT.set_forkserver_preload([*model, f"agent.batch.executors.{'warm' if needs_client(settings) else 'ready'}"])
    before = signal.pthread_sigmask(signal.SIG_BLOCK, TERMINAL)
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def needs_client(settings: Settings) -> bool:
    """Whether workers will load the provider's client: no recording and no server of one's own answers them all."""
    models = {settings.model, *settings.role_models.values()} - {""}
    return not settings.replay and not all(is_own(model) for model in models)


class WorkersExecutor:
    """Runs jobs in worker processes; see `agent.batch.executors.Executor`.

    Args:
        settings: of the runs.
        workers: how many there are.
        jobs: how many run at a time, in all of them together.
        coordinator: what they share.
    """

    def __init__(self, settings: Settings, *, workers: int, jobs: int, coordinator: Coordinator) -> None:
        self._settings = settings
        self._workers = workers
        self._jobs = jobs
        self._coordinator = coordinator
        self._opening = asyncio.Lock()
        self._alive: list[_Worker] = []
        self._single: set[_Worker] = set()
        self._rooms = asyncio.Semaphore(workers)
        self._blame = Blame()
        self._number = 0
        self._shown: dict[str, TaskProgress] = {}

    async def run(self, job: Job, progress: TaskProgress) -> JobResult:
        """See `agent.batch.executors.Executor`."""
        self._shown[str(job.folder)] = progress
        try:
            return await self._until_done(job, progress)
        finally:
            del self._shown[str(job.folder)]

    def pids(self) -> list[int]:
        """The workers that there are now."""
        return [worker.pid for worker in (*self._alive, *self._single)]

    async def close(self) -> None:
        """See `agent.batch.executors.Executor`."""
        alive, self._alive = self._alive, []
        await asyncio.gather(*(worker.end() for worker in alive))

    async def _until_done(self, job: Job, progress: TaskProgress) -> JobResult:
        deaths = alone = 0
        while True:
            async with self._room(str(job.folder), progress) as worker:
                try:
                    return JobResult(**await worker.link.call("run", plain_job(job)))
                except LinkLost:
                    progress.phase("lost", f"worker {worker.pid} ended; beginning anew in another")
                    await worker.forgotten.wait()
            deaths += 1
            alone += worker.jobs == {str(job.folder)}
            if alone == ALONE:
                times = f"{deaths} times, {alone} of them with no other task in it"
                return JobResult("failed-infra", f"its worker died {times}: {worker.how_it_ended}", hint=HINT)

    @asynccontextmanager
    async def _room(self, name: str, progress: TaskProgress) -> AsyncIterator[_Worker]:
        """A worker for a job: the least busy one, or one of its own."""
        if self._blame.suspects(name):
            progress.phase("waiting", "for a worker of its own, as those that it shared died")
            async with self._rooms:
                if self._blame.suspects(name):  # else it was somebody else, as is known by now
                    worker = await self._start(jobs=1)
                    worker.jobs.add(name)
                    self._single.add(worker)
                    try:
                        yield worker
                    finally:
                        self._single.discard(worker)
                        await worker.end()
                    return
        worker = await self._least_busy()
        worker.jobs.add(name)
        try:
            yield worker
        finally:
            if worker in self._alive:  # of one that died it stays known what was in it
                worker.jobs.discard(name)

    async def _least_busy(self) -> _Worker:
        async with self._opening:
            while len(self._alive) < self._workers:
                self._alive.append(await self._start(self._jobs))
            return min(self._alive, key=lambda worker: len(worker.jobs))

    async def _start(self, jobs: int) -> _Worker:
        self._number += 1
        owner = f"worker-{self._number}"
        ours, theirs = socket.socketpair()
        arguments = (theirs, owner, self._settings, jobs, dict(os.environ))
        with theirs:
            process = await asyncio.to_thread(_started, arguments)
        worker = _Worker(process)
        worker.link = await Link.open(ours, _Desk(self._coordinator, self._shown), lambda: self._lose(worker, owner))
        return worker

    def _lose(self, worker: _Worker, owner: str) -> None:
        if worker in self._alive:
            self._alive.remove(worker)
        elif worker not in self._single:
            return  # it was let go
        self._blame.died(worker.jobs)
        worker.forgetting = asyncio.ensure_future(self._forget(worker, owner))

    async def _forget(self, worker: _Worker, owner: str) -> None:
        try:
            await self._coordinator.forget(owner)
            await asyncio.to_thread(_ended, worker.process)  # it may have let go of the link alone
        finally:
            worker.forgotten.set()


class _Worker:
    """One of them, as its batch sees it."""

    link: Link

    def __init__(self, process: BaseProcess) -> None:
        self.process = process
        self.pid = process.pid or 0
        self.jobs: set[str] = set()
        self.forgotten = asyncio.Event()
        self.forgetting: asyncio.Task[None] | None = None

    async def end(self) -> None:
        """Lets go of it; it ends by itself, or is made to."""
        self.link.close()
        await asyncio.to_thread(_ended, self.process)

    @property
    def how_it_ended(self) -> str:
        """For people."""
        code = self.process.exitcode or 0
        return f"exit code {code}" if code >= 0 else f"signal {-code} ({signal.strsignal(-code)})"


class _Desk:
    """What workers call."""

    def __init__(self, coordinator: Coordinator, shown: Mapping[str, TaskProgress]) -> None:
        self.enter = coordinator.enter
        self.claim = coordinator.claim
        self.leave = coordinator.leave
        self._shown = shown

    def tell(self, id: str, state: Mapping[str, Any]) -> None:
        if id in self._shown:
            self._shown[id].show(state)


_CONTEXT = multiprocessing.get_context("forkserver")


def _started(arguments: tuple[Any, ...]) -> BaseProcess:
    process = _CONTEXT.Process(target=work, args=arguments)
    process.start()
    return process


def _ended(process: BaseProcess) -> None:
    """Waits for its end, in a thread."""
    process.join(GRACE)
    if process.exitcode is None:
        process.kill()
        process.join()
