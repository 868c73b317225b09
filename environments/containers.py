"""What a container of ours is: its settings, the label that names its owner, its end, its output."""

from __future__ import annotations

import asyncio
import contextlib
import os
from concurrent.futures import Future
from pathlib import Path, PurePath
from typing import Any

from environments import profile, seccomp
from environments.base import Command, Limits

OWNER_LABEL = "treewright.owner"
MEMORY_BACKED = ("/tmp", "/var/tmp", profile.HOME)
_CLOSED = "/root"
_OPEN_FILES = 4096
_OWN_PROCESSES = 1  # the init that reaps
_HEADER = 8  # stream number, three zeros, length of the frame as a big-endian integer


def owner_label() -> str:
    """Who owns a container that is made now: this boot, PID namespace, process and its start."""
    return f"{_boot()} {_namespace()} {os.getpid()} {_start_of(os.getpid())}"


def is_orphan(label: str) -> bool:
    """Whether the owner of a container is certainly gone; in doubt (another PID namespace) it is not."""
    boot, namespace, pid, start = (label.split(" ") + [""] * 4)[:4]
    if boot != _boot():
        return True
    return namespace == _namespace() and _start_of(int(pid)) != start


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _namespace() -> str:
    return os.readlink("/proc/self/ns/pid")  # noqa: PTH115 -- not a path


def _start_of(pid: int) -> str:
    """When a process started, in clock ticks since boot (proc_pid_stat(5), field 22); "" when there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def settings(workspace: profile.Workspace, command: Command, user: tuple[int, int]) -> dict[str, Any]:
    """Arguments of ``create_host_config``: nothing of the host but the mounts, no privileges, hard limits."""
    from docker.types import LogConfig, Mount, Ulimit

    limits = command.limits
    bounds = (("fsize", limits.disk), ("core", 0), ("nofile", _OPEN_FILES))
    return {
        "mounts": [
            Mount(each.target, os.fspath(each.source), type="bind", read_only=not each.writable)
            for each in workspace.all_mounts()
        ],
        "network_mode": "bridge" if command.network else "none",
        "read_only": True,
        "tmpfs": _temporary(workspace, limits, user),
        "shm_size": min(profile.SHARED_MEMORY, limits.memory),
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true", f"seccomp={seccomp.docker_profile()}"],
        "mem_limit": limits.memory,
        "memswap_limit": limits.memory,
        "pids_limit": limits.processes + _OWN_PROCESSES,
        "ulimits": [Ulimit(name=name, soft=value, hard=value) for name, value in bounds],
        "ipc_mode": "private",
        "init": True,
        "log_config": LogConfig(type="none"),  # the daemon would write all output to its disk
    }


def _temporary(workspace: profile.Workspace, limits: Limits, user: tuple[int, int]) -> dict[str, str]:
    """Folders in memory, the user's own: where the image has the folder, its mode wins over the one given.

    Images keep root's home closed to others, so that what we mount below it could not be reached.
    """
    size = min(limits.disk, limits.memory)
    options = f"rw,exec,nosuid,nodev,mode=1777,size={size},uid={user[0]},gid={user[1]}"
    closed = [_CLOSED] if any(PurePath(each.target).is_relative_to(_CLOSED) for each in workspace.all_mounts()) else []
    return dict.fromkeys([*MEMORY_BACKED, *closed], options)


def environment(command: Command) -> dict[str, str]:
    """Variables on top of the image's own, whose PATH knows where its programs are."""
    ours = profile.environment(command.env)
    return {name: value for name, value in ours.items() if name != "PATH" or "PATH" in command.env}


class Frames:
    """Takes the output out of the stream of an attached container, in which each piece has a header.

    https://docs.docker.com/reference/api/engine/ (attach, "Stream format")
    """

    def __init__(self) -> None:
        self._header = bytearray()
        self._left = 0  # bytes of the present frame still to come

    def __call__(self, data: bytes) -> bytes:
        """The output in the next bytes of the stream, standard output and error alike."""
        found = bytearray()
        at = 0
        while at < len(data):
            if self._left:
                piece = data[at : at + self._left]
                found += piece
                self._left -= len(piece)
                at += len(piece)
                continue
            taken = _HEADER - len(self._header)
            self._header += data[at : at + taken]
            at += taken
            if len(self._header) == _HEADER:
                self._left = int.from_bytes(self._header[4:], "big")
                self._header.clear()
        return bytes(found)


class ContainerExit:
    """The end of a container, as a call that blocks until then tells it."""

    def __init__(self, waiting: Future[int]) -> None:
        self._waiting = waiting
        self._loop = asyncio.get_running_loop()
        self.done: asyncio.Future[None] = self._loop.create_future()
        waiting.add_done_callback(self._tell)

    def _tell(self, _waiting: Future[int]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
            self._loop.call_soon_threadsafe(self._ended)

    def _ended(self) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def status(self) -> int:
        """See :class:`environments.supervise.Exit`."""
        return self._waiting.result() if self._waiting.done() else 137

    def close(self) -> None:
        """Nothing to give back: the call that waits ends with the container."""
