"""The processes below a process, what they hold, and how to end them all (Linux procfs)."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
from collections.abc import Iterable
from pathlib import Path

import psutil

PAGE = os.sysconf("SC_PAGE_SIZE")
PROC = Path("/proc")


def descendants(pid: int) -> list[int]:
    """Process ids below ``pid``, parents before children; ``pid`` itself is left out."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        children = _children(waiting.pop())
        found += children
        waiting += children
    return found


def _children(pid: int) -> list[int]:
    """The living children of any thread of a process."""
    tasks = PROC / str(pid) / "task"
    found: list[int] = []
    try:
        for thread in os.listdir(tasks):  # noqa: PTH208 -- called ten times a second
            found += map(int, (tasks / thread / "children").read_bytes().split())
    except FileNotFoundError:
        if tasks.exists() and not (tasks / str(pid) / "children").exists():  # a kernel without CONFIG_PROC_CHILDREN
            with contextlib.suppress(psutil.Error):
                return [child.pid for child in psutil.Process(pid).children()]
    except (ProcessLookupError, PermissionError):
        pass
    return found


def thread_count(pids: Iterable[int]) -> int:
    """Threads alive in the processes named."""
    count = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            count += len(os.listdir(PROC / str(pid) / "task"))  # noqa: PTH208
    return count


def resident_bytes(pids: Iterable[int], *, limit: int) -> int:
    """Memory resident in the processes named.

    The sum of resident sizes counts pages that forked processes share once for each; only where that sum
    passes ``limit`` are the shared pages divided among their users (proportional set size, slower to read).
    """
    pids = list(pids)
    total = sum(_resident(pid) for pid in pids)
    return total if total <= limit else sum(_proportional(pid) for pid in pids)


def _resident(pid: int) -> int:
    try:
        return int((PROC / str(pid) / "statm").read_bytes().split()[1]) * PAGE
    except (OSError, IndexError):
        return 0


def _proportional(pid: int) -> int:
    try:
        for line in (PROC / str(pid) / "smaps_rollup").read_bytes().splitlines():
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    except PermissionError:
        return _resident(pid)
    except OSError:
        pass
    return 0


def unlinked_bytes(pids: Iterable[int]) -> int:
    """Bytes held by open files that no folder shows: memfds and deleted files, each counted once."""
    seen: dict[tuple[int, int], int] = {}
    for pid in pids:
        folder = PROC / str(pid) / "fd"
        with contextlib.suppress(OSError):
            for name in os.listdir(folder):  # noqa: PTH208
                with contextlib.suppress(OSError):
                    held = (folder / name).stat()
                    if stat.S_ISREG(held.st_mode) and held.st_nlink == 0:
                        seen[held.st_dev, held.st_ino] = held.st_blocks * 512
    return sum(seen.values())


def kill_tree(pid: int) -> None:
    """Kill a process and all below it, repeating until no new child shows up.

    The process named must not have been waited for yet, so that its id cannot belong to another.
    """
    for _ in range(20):
        tree = [pid, *descendants(pid)]
        for each in tree:
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        if len(tree) == 1:
            return
