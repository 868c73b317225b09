"""Kernel-enforced memory and process limits, where this machine lets us make control groups.

Works with version 2 (a writable ancestor that delegates memory and pids) and version 1 (writable hierarchies).
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from environments.base import Limits

MOUNT = Path("/sys/fs/cgroup")
OWN_PROCESSES = 2  # of the sandbox itself, in every group
_numbers = itertools.count()
_ENTER = 'echo 0 > "$1/cgroup.procs"'


@dataclass(frozen=True)
class Hierarchies:
    """Folders in which we may make groups, by controller ("memory", "pids"); version 2 has one for both."""

    parents: Mapping[str, Path]
    version: int


@dataclass(frozen=True)
class ControlGroup:
    """One command's groups, at most one per hierarchy."""

    folders: tuple[Path, ...]
    version: int
    controllers: frozenset[str]

    @classmethod
    def make(cls, limits: Limits) -> ControlGroup | None:
        """Groups that hold ``limits``, or None where the machine has none for us."""
        found = hierarchies()
        if found is None:
            return None
        name = f"treewright-{os.getpid()}-{next(_numbers)}"
        folders = tuple(sorted({parent / name for parent in found.parents.values()}))
        group = cls(folders, found.version, frozenset(found.parents))
        try:
            for folder in folders:
                folder.mkdir()
            for controller, parent in found.parents.items():
                _limit(parent / name, controller, limits, found.version)
        except OSError:
            group.remove()
            return None
        return group

    def enter_argv(self) -> tuple[str, ...]:
        """A prefix for a command line that joins the groups and then becomes the command."""
        script = "\n".join(f'echo 0 > "{folder}/cgroup.procs" || exit 125' for folder in self.folders)
        return ("/bin/sh", "-c", script + '\nexec "$@"', "enter")

    def out_of_memory(self) -> bool:
        """Whether the kernel killed a process in it for want of memory."""
        name = "memory.events" if self.version == 2 else "memory.oom_control"
        return any(_counter(folder / name, "oom_kill") > 0 for folder in self.folders)

    def pids(self) -> list[int]:
        """The processes in it that can be seen; one of an outer PID namespace is listed as 0, which names ourselves."""
        found: set[int] = set()
        for folder in self.folders:
            with contextlib.suppress(OSError):
                found |= set(map(int, (folder / "cgroup.procs").read_text().split()))
        return sorted(found - {0})

    def kill(self) -> None:
        """End everything in it: first nothing new may start, so that no fork outruns the signals."""
        for folder in self.folders:
            with contextlib.suppress(OSError):
                (folder / "pids.max").write_text("0")
        for pid in self.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def remove(self) -> None:
        """Delete the groups; what is still in them is killed."""
        for folder in self.folders:
            for _ in range(100):
                try:
                    folder.rmdir()
                except FileNotFoundError:
                    break
                except OSError:
                    self.kill()
                    time.sleep(0.01)
                else:
                    break


def _limit(folder: Path, controller: str, limits: Limits, version: int) -> None:
    if controller == "pids":
        (folder / "pids.max").write_text(str(limits.processes + OWN_PROCESSES))
        return
    (folder / ("memory.max" if version == 2 else "memory.limit_in_bytes")).write_text(str(limits.memory))
    with contextlib.suppress(OSError):  # swap accounting is a boot option
        if version == 2:
            (folder / "memory.swap.max").write_text("0")
            (folder / "memory.oom.group").write_text("1")
        else:
            (folder / "memory.memsw.limit_in_bytes").write_text(str(limits.memory))


def _counter(path: Path, name: str) -> int:
    try:
        for line in path.read_text().splitlines():
            if line.startswith(name + " "):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


@functools.cache
def hierarchies() -> Hierarchies | None:
    """Where groups can be made, tried out once; None where memory or pids has no place."""
    found = _find()
    if found is not None:
        for parent in set(found.parents.values()):
            _sweep(parent)
    return found


def _find() -> Hierarchies | None:
    own = _own_paths()
    if (MOUNT / "cgroup.controllers").exists():
        return _version_two(MOUNT / own.get("", "/").lstrip("/"))
    parents: dict[str, Path] = {}
    for controller in ("memory", "pids"):
        folder = MOUNT / controller / own.get(controller, "/").lstrip("/")
        if not _usable(folder):
            return None
        parents[controller] = folder
    return Hierarchies(parents, 1)


def _version_two(own: Path) -> Hierarchies | None:
    for folder in (own, *own.parents):
        if not folder.is_relative_to(MOUNT):
            break
        with contextlib.suppress(OSError):
            enabled = (folder / "cgroup.subtree_control").read_text().split()
            if {"memory", "pids"} <= set(enabled) and _usable(folder):
                return Hierarchies({"memory": folder, "pids": folder}, 2)
    return None


def _own_paths() -> dict[str, str]:
    """Controller -> our group's path; "" for version 2."""
    found: dict[str, str] = {}
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            found |= dict.fromkeys(controllers.split(","), path)
    return found


def _sweep(parent: Path) -> None:
    """Delete the empty groups that killed runs of ours left behind."""
    for folder in parent.glob("treewright-*-*"):
        owner = folder.name.split("-")[1]
        if not Path("/proc", owner).exists():
            with contextlib.suppress(OSError):
                folder.rmdir()


def _usable(parent: Path) -> bool:
    """Whether a process of ours can join a new group below ``parent``."""
    trial = parent / f"treewright-{os.getpid()}-trial"
    try:
        trial.mkdir()
    except OSError:
        return False
    try:
        joined = subprocess.run(
            ["/bin/sh", "-c", _ENTER, "enter", str(trial)], check=False, capture_output=True, env={}
        )
        return joined.returncode == 0
    finally:
        ControlGroup((trial,), 1, frozenset()).remove()
