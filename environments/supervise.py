"""Runs one process tree, or attends one that somebody else runs, to its end or to a limit; bounds its output."""

from __future__ import annotations

import asyncio
import functools
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from environments.base import MIB, Limits, OutputSink, Stop
from environments.output import BoundedOutput
from environments.watchdog import Meter, watch
from tools.errors import InfrastructureError

CHUNK = 256 * 1024
FLOOD, FLOOD_FACTOR = 64 * MIB, 256  # this much, or times what is kept, is not a report but a flood
GRACE = 1.0  # seconds granted to a killed tree, and to a pipe that a dying process holds open


@dataclass(frozen=True)
class Ended:
    """How a process ended: exit status as shells report it, the limit it was killed for, its output."""

    exit_code: int
    stopped: Stop
    seconds: float
    output: BoundedOutput


@dataclass(frozen=True)
class Launch:
    """A process to start.

    Attributes:
        argv: program and arguments.
        env: its whole environment.
        cwd: folder to start in, or None for ours.
        stdin: bytes on its standard input.
        pass_fds: descriptors it inherits besides the standard three; the caller closes them.
    """

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path | None = None
    stdin: bytes = b""
    pass_fds: Sequence[int] = ()


async def supervise(
    launch: Launch,
    limits: Limits,
    *,
    meters: Callable[[int], Sequence[Meter]],
    kill: Callable[[int], None],
    on_output: OutputSink | None = None,
) -> Ended:
    """Start a process, collect its output, and end it at a limit.

    Args:
        launch: what to start.
        limits: deadline and output bound; the others are for the meters.
        meters: given the process id, what to watch while it runs.
        kill: given the process id, ends the whole tree; must not block.
        on_output: called with each piece of output.

    Raises:
        InfrastructureError: the program could not be started.
    """
    process, readable = _start(launch)
    return await attend(
        _Exit(process),
        readable,
        limits,
        meters=meters(process.pid),
        kill=functools.partial(kill, process.pid),
        on_output=on_output,
    )


class Exit(Protocol):
    """Tells when something has ended, and how."""

    @property
    def done(self) -> asyncio.Future[None]:
        """Has a result when it has ended."""
        ...

    def status(self) -> int:
        """Exit status as shells report it; 137 for one that was killed but is not gone yet."""
        ...

    def close(self) -> None:
        """Stop looking."""
        ...


async def attend(
    exited: Exit,
    readable: int,
    limits: Limits,
    *,
    meters: Sequence[Meter],
    kill: Callable[[], None],
    on_output: OutputSink | None = None,
    decode: Callable[[bytes], bytes] = bytes,
) -> Ended:
    """Collect the output of something that runs, and end it at a limit.

    Args:
        exited: tells when it has ended; closed before this returns.
        readable: descriptor of its output, likewise.
        limits: deadline, counted from now, and output bound.
        meters: what to watch.
        kill: ends it; must not block.
        on_output: called with each piece of output.
        decode: what is read -> the output in it.
    """
    started = time.monotonic()
    stream = _OutputStream(readable, limits.output, on_output, decode)
    watching = asyncio.create_task(watch(meters))
    try:
        ends: set[asyncio.Future[Any]] = {exited.done, watching, stream.flooded}
        await asyncio.wait(ends, timeout=limits.seconds, return_when=asyncio.FIRST_COMPLETED)
        stopped = _reason(exited, watching, stream)
        if stopped:
            kill()
            await asyncio.wait({exited.done}, timeout=GRACE)
        await asyncio.wait({stream.ended}, timeout=GRACE)
    finally:
        watching.cancel()
        if not exited.done.done():  # cancelled, or the kill has not taken effect yet
            kill()
        exited.close()
        stream.close()
    return Ended(exited.status(), stopped, time.monotonic() - started, stream.output)


def _reason(exited: Exit, watching: asyncio.Task[Stop], stream: _OutputStream) -> Stop:
    if exited.done.done():
        return ""
    if stream.flooded.done():
        return "output"
    return watching.result() if watching.done() else "timeout"


def _start(launch: Launch) -> tuple[subprocess.Popen[bytes], int]:
    """The process, and the descriptor from which its output can be read.

    Started from this very thread: the kernel's parent-death signal is bound to the thread that forks.
    """
    given = memory_file("stdin", launch.stdin) if launch.stdin else subprocess.DEVNULL
    readable, writable = os.pipe()
    try:
        process = subprocess.Popen(
            launch.argv,
            env=dict(launch.env),
            cwd=launch.cwd,
            stdin=given,
            stdout=writable,
            stderr=writable,
            pass_fds=tuple(launch.pass_fds),
            start_new_session=True,
        )
    except OSError as error:
        os.close(readable)
        raise InfrastructureError(f"cannot start {launch.argv[0]}: {error.strerror}") from error
    finally:
        os.close(writable)
        if given >= 0:
            os.close(given)
    return process, readable


def memory_file(name: str, content: bytes) -> int:
    """A descriptor from which ``content`` can be read; the caller closes it."""
    descriptor = os.memfd_create(name)
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


class _OutputStream:
    """Reads a pipe as it fills."""

    def __init__(self, readable: int, limit: int, sink: OutputSink | None, decode: Callable[[bytes], bytes]) -> None:
        self._loop = asyncio.get_running_loop()
        self._readable = readable
        self._sink = sink
        self._decode = decode
        self._flood = max(FLOOD, limit * FLOOD_FACTOR)
        self.output = BoundedOutput(limit)
        self.ended: asyncio.Future[None] = self._loop.create_future()
        self.flooded: asyncio.Future[None] = self._loop.create_future()
        os.set_blocking(readable, False)
        self._loop.add_reader(readable, self._read)

    def _read(self) -> None:
        try:
            data = os.read(self._readable, CHUNK)
        except BlockingIOError:
            return
        if not data:
            self._loop.remove_reader(self._readable)
            if not self.ended.done():
                self.ended.set_result(None)
            return
        data = self._decode(data)
        self.output.feed(data)
        if self.output.total > self._flood and not self.flooded.done():
            self.flooded.set_result(None)
        if self._sink is not None and data:
            self._sink(data)

    def close(self) -> None:
        """Stop reading and give the pipe back."""
        self._loop.remove_reader(self._readable)
        os.close(self._readable)


class _Exit:
    """Tells when a process has ended, by its pidfd: no thread, no signal handler."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._loop = asyncio.get_running_loop()
        self._process = process
        self._pidfd = os.pidfd_open(process.pid)
        self.done: asyncio.Future[None] = self._loop.create_future()
        self._loop.add_reader(self._pidfd, self._ended)

    def _ended(self) -> None:
        self._loop.remove_reader(self._pidfd)
        if not self.done.done():
            self.done.set_result(None)

    def status(self) -> int:
        """See :class:`Exit`."""
        code = self._process.poll()
        if code is None:
            return 137
        return code if code >= 0 else 128 - code

    def close(self) -> None:
        """Stop looking."""
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
