"""Watches what a running command uses, where the kernel does not hold the limit for us."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from environments import process_tree
from environments.base import KIB, Limits, Stop
from environments.cgroups import OWN_PROCESSES, ControlGroup

PERIOD = 0.1
WALK_PERIOD = 2.0
WALK_SHARE = 20  # a walk of the folders is followed by a rest of this many times its length
FILE_COST = 4 * KIB  # an empty file still takes an inode and a folder entry
INODE_COST = KIB  # of memory, for a file in a tmpfs


class Meter(Protocol):
    """Tells which limit is passed, if any; called from a thread, ten times a second."""

    def exceeded(self) -> Stop:
        """The limit that is passed, or ""."""
        ...


async def watch(meters: Sequence[Meter]) -> Stop:
    """Ask the meters until one says that a limit is passed."""
    while True:
        started = time.monotonic()
        await asyncio.sleep(PERIOD)
        stop = await asyncio.to_thread(_first_exceeded, meters)
        if stop:
            return stop
        # a meter that takes long (a huge tree of processes) must not keep a core busy
        await asyncio.sleep(max(0.0, time.monotonic() - started - PERIOD))


def _first_exceeded(meters: Sequence[Meter]) -> Stop:
    for meter in meters:
        if stop := meter.exceeded():
            return stop
    return ""


class GroupMeter:
    """Memory of a control group: the kernel kills one process, we end the command."""

    def __init__(self, group: ControlGroup) -> None:
        self._group = group

    def exceeded(self) -> Stop:
        """Says "memory" once the kernel has killed for it."""
        return "memory" if self._group.out_of_memory() else ""


class TreeMeter:
    """Memory and processes of a tree of processes.

    Counts what is resident, what memfds and deleted files hold, and what lies in the sandbox's own tmpfs folders.

    Args:
        pids: gives the processes of the tree.
        limits: what they may use.
        temporary: memory-backed folders, as paths inside the sandbox.
    """

    def __init__(self, pids: Callable[[], list[int]], limits: Limits, temporary: Sequence[str] = ()) -> None:
        self._pids = pids
        self._limits = limits
        self._temporary = temporary

    def exceeded(self) -> Stop:
        """Says "memory", "processes" or nothing."""
        pids = self._pids()
        limits = self._limits
        most = limits.processes + OWN_PROCESSES
        if len(pids) > most or process_tree.thread_count(pids) > most:
            return "processes"
        used = process_tree.resident_bytes(pids, limit=limits.memory)
        used += process_tree.unlinked_bytes(pids) + (self._in_temporary(pids[-1]) if pids else 0)
        return "memory" if used > limits.memory else ""

    def _in_temporary(self, pid: int) -> int:
        """Bytes in the tmpfs folders, seen through the root folder of a process inside; 0 while it is being set up."""
        root = Path(f"/proc/{pid}/root")
        try:
            if root.stat().st_dev == Path("/").stat().st_dev:
                return 0
        except OSError:
            return 0
        return sum(_used(Path(f"{root}{folder}"), INODE_COST) for folder in self._temporary)


class DiskMeter:
    """What a command adds below writable folders.

    The folders are walked, counting files changed since the start: the change time cannot be forged. That is done
    at once when free space fell by more than the limit (others may be the cause, or hide it), else now and then.

    Args:
        roots: the folders the command may write to.
        limit: bytes it may add.
        pids: gives the processes of the command, for files deleted while open.
    """

    def __init__(self, roots: Sequence[Path], limit: int, pids: Callable[[], list[int]]) -> None:
        self._roots = roots
        self._limit = limit
        self._pids = pids
        self._started = time.time_ns() - 20_000_000  # file times come from a coarser clock
        self._devices = {root.stat().st_dev for root in roots}
        self._before = [_used(root, FILE_COST) for root in roots]
        self._next_walk = time.monotonic() + WALK_PERIOD
        self._rest_until = 0.0

    def exceeded(self) -> Stop:
        """Says "disk" or nothing."""
        now = time.monotonic()
        taken = max(_used(root, FILE_COST) - before for root, before in zip(self._roots, self._before, strict=True))
        if now < self._next_walk and (taken <= self._limit or now < self._rest_until):
            return ""
        written = self._written()
        duration = time.monotonic() - now
        self._rest_until = now + duration * WALK_SHARE
        self._next_walk = max(now + WALK_PERIOD, self._rest_until)
        return "disk" if written > self._limit else ""

    def _written(self) -> int:
        total = process_tree.unlinked_bytes(self._pids(), self._devices)
        waiting = [os.fspath(root) for root in self._roots]
        while waiting and total <= self._limit:
            total += self._scan(waiting.pop(), waiting)
        return total

    def _scan(self, folder: str, waiting: list[str]) -> int:
        total = 0
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    status = entry.stat(follow_symlinks=False)
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    if status.st_ctime_ns >= self._started:
                        total += status.st_blocks * 512 + FILE_COST
        except OSError:
            pass  # it vanished while we looked
        return total


def _used(folder: Path, file_cost: int) -> int:
    """Space and files taken on the file system of a folder, in bytes; only differences mean something."""
    try:
        status = os.statvfs(folder)
    except OSError:
        return 0
    return (status.f_blocks - status.f_bfree) * status.f_frsize + (status.f_files - status.f_ffree) * file_cost
