"""Runs one command and leaves nothing of it behind; started as a script, with the standard library only.

Usage: reaper.py FILE_SIZE USER_TASKS PROGRAM [ARGUMENT ...]; a limit of 0 tasks is none.

It becomes the parent of every process the command loses (setsid, double fork), so that it can kill them all: when
the command ends, when it is told to (SIGTERM), and when its own parent dies.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from types import FrameType

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


def descendants(pid: int) -> list[int]:
    """All processes below one, as far as they can be seen."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        folder = f"/proc/{waiting.pop()}/task"
        try:
            for thread in os.listdir(folder):  # noqa: PTH208
                with open(f"{folder}/{thread}/children", "rb") as file:  # noqa: PTH123
                    children = [int(child) for child in file.read().split()]
                found += children
                waiting += children
        except OSError:
            continue
    return found


def kill_all() -> None:
    """Kill everything below until the kernel says that there is no child left."""
    while True:
        for pid in descendants(os.getpid()):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        try:
            os.wait()
        except ChildProcessError:
            return


def stop(_signal: int, _frame: FrameType | None) -> None:
    """End at once, taking all along."""
    kill_all()
    os._exit(128 + signal.SIGKILL)


def become(argv: list[str], file_size: int, user_tasks: int) -> None:
    """Replace this process by the command; tells like a shell when that is not possible."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for ignored_by_python in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(ignored_by_python, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))
    if user_tasks:
        resource.setrlimit(resource.RLIMIT_NPROC, (user_tasks, user_tasks))
    try:
        os.execvp(argv[0], argv)
    except OSError as error:
        os.write(2, f"{argv[0]}: {error.strerror}\n".encode(errors="replace"))
        os._exit(127 if isinstance(error, FileNotFoundError) else 126)


def main(argv: list[str]) -> int:
    """Run the command; its status, 128 + signal when a signal ended it."""
    parent = os.getppid()
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGTERM, stop)
    libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    if os.getppid() != parent:  # it died before we asked to be told
        return 128 + signal.SIGKILL
    child = os.fork()
    if child == 0:
        become(argv[2:], int(argv[0]), int(argv[1]))
    while True:
        pid, status = os.wait()
        if pid == child:
            break
    kill_all()
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
