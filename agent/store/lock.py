"""One run at a time in an output folder."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
import weakref
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from tools.errors import InputError

PATIENCE = 40
"""Looks at a lock whose holder is dead, a twentieth of a second apart."""


@dataclass(frozen=True)
class Holder:
    """Who holds a folder.

    Attributes:
        pid: process id.
        host: name of the machine.
        boot: id of the machine's boot; processes of an earlier boot are gone.
        started: when the process began, seconds since the epoch: a reused pid began at another time.
        since: when it took the lock, seconds since the epoch.
    """

    pid: int
    host: str
    boot: str
    started: float
    since: float

    @classmethod
    def this_process(cls) -> Holder:
        """The one who asks."""
        pid = os.getpid()
        return cls(pid, socket.gethostname(), _boot_id(), psutil.Process(pid).create_time(), time.time())

    def alive(self) -> bool | None:
        """Whether it still runs; None when that cannot be seen from this machine."""
        if self.boot != _boot_id():
            return False if self.host == socket.gethostname() else None
        try:
            return abs(psutil.Process(self.pid).create_time() - self.started) < 1
        except psutil.NoSuchProcess:
            return False


class FolderInUse(InputError):
    """Another run uses the folder."""


class FolderLock:
    """Exclusive use of a folder, held until `release` or the end of the process, however it ends.

    The kernel's lock on the file decides; the file's text says who holds it. A forked child lets go of its copy
    at once, or an orphaned pool worker would keep the folder of a killed run.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None
        _locks.add(self)

    def acquire(self) -> None:
        """Take the folder; one left behind by a process that is gone is taken over.

        Raises:
            FolderInUse: another run uses it; the message names its process and machine.
            InputError: the folder cannot be written to.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise InputError(
                f"cannot write to {self.path.parent}: {error.strerror}",
                hint="choose a folder you may write to with --out",
            ) from error
        try:
            taken = _lock(descriptor)
            holder = _read(descriptor)
            for _ in range(PATIENCE):
                if taken is not False or holder is None or holder.alive() is not False:
                    break
                time.sleep(0.05)  # a child that the dead holder was just forking lets go in a moment
                taken = _lock(descriptor)
            if taken is False or (holder is not None and _still_held(holder, taken)):
                raise self._refusal(holder)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(asdict(Holder.this_process())).encode(), 0)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the folder back."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            self._close()

    def __enter__(self) -> FolderLock:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _refusal(self, holder: Holder | None) -> FolderInUse:
        who = f"process {holder.pid} on {holder.host}" if holder else "another process"
        return FolderInUse(
            f"{self.path.parent} is in use by {who}",
            hint=f"wait for it, or choose another --out; if that process is gone, delete {self.path}",
        )


_locks: weakref.WeakSet[FolderLock] = weakref.WeakSet()


def _let_go() -> None:
    for lock in list(_locks):
        lock._close()


os.register_at_fork(after_in_child=_let_go)


def in_use(path: Path) -> bool:
    """Whether a living process holds the lock file at `path`, judged by its text alone: nothing is locked."""
    try:
        holder = Holder(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return False
    return holder.alive() is not False


def _still_held(holder: Holder, taken: bool | None) -> bool:
    """Whether the text of a lock that the kernel gave us (`taken`), or cannot give (None), still counts."""
    alive = holder.alive()
    return alive is None if taken else alive is not False


def _lock(descriptor: int) -> bool | None:
    """Whether the kernel's lock was free; None on a file system without locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _read(descriptor: int) -> Holder | None:
    try:
        return Holder(**json.loads(os.pread(descriptor, 4096, 0)))
    except (ValueError, TypeError):
        return None


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return f"{psutil.boot_time():.0f}"
