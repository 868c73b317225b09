"""The processes below a process, what they hold, and how to end them all (Linux procfs)."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
from collections.abc import Container, Iterable
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


def tasks_of_user(uid: int) -> int:
    """Threads alive in all processes of a user, which is what RLIMIT_NPROC counts."""
    count = 0
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.uids().real == uid:
                count += process.num_threads()
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


def unlinked_bytes(pids: Iterable[int], devices: Container[int] | None = None) -> int:
    """Bytes held by open files that no folder shows: memfds and deleted files, each counted once.

    Args:
        pids: who may hold them.
        devices: count only files on these (``st_dev``); without it, all.
    """
    seen: dict[tuple[int, int], int] = {}
    for pid in pids:
        folder = PROC / str(pid) / "fd"
        with contextlib.suppress(OSError):
            for name in os.listdir(folder):  # noqa: PTH208
                with contextlib.suppress(OSError):
                    held = (folder / name).stat()
                    if (
                        stat.S_ISREG(held.st_mode)
                        and held.st_nlink == 0
                        and (devices is None or held.st_dev in devices)
                    ):
                        seen[held.st_dev, held.st_ino] = held.st_blocks * 512
    return sum(seen.values())


def kill_sandbox(pid: int) -> None:
    """Kill a process whose only child is the first process of a PID namespace, and with it the namespace.

    No walk of the tree: however many processes there are, the kernel ends a namespace with its first process.
    The process named must not have been waited for yet, so that its id cannot belong to another.
    """
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)  # so that the child is either there to be seen or never will be
        for each in (*_children(pid), pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
