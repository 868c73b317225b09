"""A worker process: runs many jobs at a time in a loop of its own, and asks its batch before each request."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

from agent.batch.executors.link import Link
from agent.batch.executors.local import MORE_THREADS, LocalExecutor
from agent.batch.executors.remote import RemoteGate, RemoteLimit, remote_progress
from agent.batch.job import read_job
from agent.config import Settings

TERMINAL = (signal.SIGINT, signal.SIGHUP)
"""Signals that a terminal sends to all processes at once: here the batch says what is to end."""


def work(end: socket.socket, owner: str, settings: Settings, jobs: int, environ: Mapping[str, str]) -> None:
    """Serves the batch at the other end of the socket until that lets go, or is gone."""
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    os.environ.clear()
    os.environ.update(environ)  # not that of the process it was forked from, which may be older
    asyncio.run(_serve(end, owner, settings, jobs))


def _end_with_parent() -> None:
    """Ends the process when its batch is gone, also while its loop hangs in somebody's code."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)


async def _serve(end: socket.socket, owner: str, settings: Settings, jobs: int) -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(jobs + MORE_THREADS, "batch"))
    for number in TERMINAL:
        loop.add_signal_handler(number, lambda: None)  # not ignored, as programs that run here would inherit that
    signal.pthread_sigmask(signal.SIG_UNBLOCK, TERMINAL)  # blocked where it was forked
    line = BatchLine()
    executor = LocalExecutor(settings, gate=RemoteGate(line, owner), sandboxes=RemoteLimit(line, owner))
    line.link = await Link.open(end, _Worker(executor, line), lambda: os._exit(0))  # every write is committed already
    await asyncio.Event().wait()


class BatchLine:
    """A line over a link; see `agent.batch.executors.remote.Line`."""

    link: Link

    async def enter(self, owner: str, model: str, usd: float, tokens: int) -> Mapping[str, Any]:
        """See `Line.enter`."""
        answer: Mapping[str, Any] = await self.link.call("enter", owner, model, usd, tokens)
        return answer

    async def claim(self, owner: str) -> Mapping[str, Any]:
        """See `Line.claim`."""
        answer: Mapping[str, Any] = await self.link.call("claim", owner)
        return answer

    def leave(self, ticket: int, usd: float | None, tokens: int, verdict: float | None) -> None:
        """See `Line.leave`."""
        self.link.say("leave", ticket, usd, tokens, verdict)

    def tell(self, id: str, state: Mapping[str, Any]) -> None:
        """See `Line.tell`."""
        self.link.say("tell", id, state)


class _Worker:
    """What the batch calls."""

    def __init__(self, executor: LocalExecutor, line: BatchLine) -> None:
        self._executor = executor
        self._line = line

    async def run(self, plain: Mapping[str, Any]) -> dict[str, Any]:
        job = read_job(plain)
        return asdict(await self._executor.run(job, remote_progress(self._line, str(job.folder))))
