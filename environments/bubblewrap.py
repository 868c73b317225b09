"""The default sandbox: bubblewrap with namespaces of its own, no capabilities, no network, a system call filter."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from environments import cgroups, profile, seccomp
from environments.base import (
    GIB,
    Check,
    Command,
    CommandResult,
    Limits,
    Mount,
    OutputSink,
    check_root,
    check_target,
    translate,
)
from environments.cgroups import ControlGroup
from environments.enforced import enforced
from environments.process_tree import descendants, kill_sandbox
from environments.supervise import Ended, Launch, memory_file, supervise
from environments.watchdog import DiskMeter, GroupMeter, Meter, TreeMeter
from tools.errors import InfrastructureError, InputError

_NAMESPACES = ("--unshare-all", "--unshare-user", "--uid", str(profile.UID), "--gid", str(profile.UID))
_HARDENING = ("--cap-drop", "ALL", "--new-session", "--die-with-parent")
_ADDRESS_SPACE = 4 * GIB  # beyond four times the memory limit: room for what is reserved but not used
_OPEN_FILES = 4096
_INSTALL = "install it (apt-get install bubblewrap, dnf install bubblewrap), or choose --environment docker"
_USER_NAMESPACES = "allow user namespaces (`treewright doctor` says how), or choose --environment docker"
_NO_LIMIT = (
    "run as an ordinary user, or as root where control groups with memory and pids can be made below /sys/fs/cgroup,"
    " or choose --environment docker"
)
_LIMITS_PER_NAMESPACE = (5, 14)  # the kernel since which RLIMIT_NPROC does not count a user's other processes


class Bubblewrap:
    """Makes sandboxes with ``bwrap``; works for root and for ordinary users."""

    name = "bubblewrap"

    def __init__(self, program: str = "bwrap") -> None:
        self._program = program

    async def open(self, root: Path, *, mount: str = "/workspace", mounts: Sequence[Mount] = ()) -> BubblewrapSandbox:
        """See :class:`environments.base.Environment`.

        Tries the sandbox once before it hands it out: a program that must start a process must fail to do so when
        it may have only one. Root is exempt from the kernel's limit per user, and a watchdog is no match for a fork
        bomb, so that without control groups root gets no sandbox.
        """
        sandbox = self._sandbox(root, mount, mounts)
        forked = await sandbox.run(Command(("timeout", "5", "true"), limits=Limits(processes=1)))
        if forked.exit_code in (0, 126, 127):
            raise InfrastructureError("the kernel does not hold a process limit for bubblewrap here", hint=_NO_LIMIT)
        return sandbox

    def _sandbox(self, root: Path, mount: str, mounts: Sequence[Mount]) -> BubblewrapSandbox:
        check_target(mount)
        root = check_root(root)
        for extra in mounts:
            if not extra.source.exists():
                raise InputError(f"cannot mount {extra.source}: it does not exist")
        return BubblewrapSandbox(profile.Workspace(root, mount, tuple(mounts)), self.find())

    def find(self) -> str:
        """The path of the program.

        Raises:
            InfrastructureError: it is not installed.
        """
        found = shutil.which(self._program)
        if found is None:
            raise InfrastructureError("bubblewrap is not installed", hint=_INSTALL)
        return found

    async def checks(self) -> list[Check]:
        """Whether it works here, and what it enforces: asked from inside."""
        try:
            program = self.find()
            with tempfile.TemporaryDirectory(prefix="treewright-check-") as folder:
                found = await enforced(await self.open(Path(folder)))
        except InfrastructureError as error:
            return [Check("bubblewrap", False, str(error), error.hint)]
        broken = [check.name for check in found if not check.ok]
        said = f"{program} starts, but does not enforce: {', '.join(broken)}" if broken else f"{program} works"
        return [Check("bubblewrap", not broken, said, found[0].remedy if broken else ""), *found]


class BubblewrapSandbox:
    """Commands of one workspace, each in a sandbox of its own.

    Args:
        workspace: what is seen inside.
        program: the path of bwrap.
    """

    def __init__(self, workspace: profile.Workspace, program: str) -> None:
        self._workspace = workspace
        self._program = program
        self._owner = workspace.root.stat()

    def inside(self, path: Path) -> str:
        """See :class:`environments.base.Sandbox`."""
        return translate(path, self._workspace.all_mounts())

    async def run(self, command: Command, *, on_output: OutputSink | None = None) -> CommandResult:
        """See :class:`environments.base.Sandbox`."""
        group = cgroups.ControlGroup.make(command.limits)
        try:
            with self._launch(command, group) as (launch, status):
                ended = await supervise(
                    launch,
                    command.limits,
                    meters=functools.partial(self._meters, command, group),
                    kill=kill_sandbox,
                    on_output=on_output,
                )
                started = b"exit-code" in _drain(status)
            return _result(ended, started, group)
        finally:
            if group is not None:
                await asyncio.to_thread(group.remove)

    async def close(self) -> None:
        """Nothing outlives a command, so there is nothing to give back."""

    def _meters(self, command: Command, group: ControlGroup | None, pid: int) -> list[Meter]:
        pids = functools.partial(descendants, pid) if group is None else group.pids
        usage = TreeMeter(pids, command.limits, profile.TEMPORARY) if group is None else GroupMeter(group)
        return [usage, DiskMeter(self._workspace.writable(), command.limits.disk, pids)]

    @contextlib.contextmanager
    def _launch(self, command: Command, group: ControlGroup | None) -> Iterator[tuple[Launch, int]]:
        """The process to start, and the descriptor on which bwrap reports; both good inside the block."""
        with contextlib.ExitStack() as cleanup:

            def passed(name: str, content: bytes) -> int:
                descriptor = memory_file(name, content)
                cleanup.callback(os.close, descriptor)
                return descriptor

            status, report = os.pipe()
            cleanup.callback(os.close, status)
            cleanup.callback(os.close, report)
            made_up = profile.files(network=command.network)
            file_fds = {path: passed(path, content) for path, content in made_up.items()}
            filter_fd = passed("seccomp", seccomp.program(shared_memory=group is not None))
            options = [*_NAMESPACES, *_HARDENING, *_version_options(self._program)]
            options += ["--share-net"] if command.network else []
            options += ["--json-status-fd", str(report), "--seccomp", str(filter_fd)]
            options += profile.arguments(
                self._workspace,
                command.limits,
                cwd=command.cwd,
                env=profile.environment(command.env),
                file_fds=file_fds,
            )
            args_fd = passed("options", b"".join(option.encode(errors="surrogateescape") + b"\0" for option in options))
            enter = group.enter_argv() if group is not None else ()
            bwrap = (self._program, "--args", str(args_fd), "--", *self._limited(command, group))
            inherited = (*file_fds.values(), filter_fd, args_fd, report)
            # an empty environment: the sandbox's first process shows its own to whoever is inside
            yield Launch((*enter, *self._as_owner(), *bwrap), {}, Path("/"), command.stdin, pass_fds=inherited), status

    def _as_owner(self) -> tuple[str, ...]:
        """Root without capabilities could not write to a workspace of somebody else: become that user."""
        uid, gid = self._owner.st_uid, self._owner.st_gid
        if os.geteuid() != 0 or uid == 0:
            return ()
        return (_tool("setpriv"), f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--")

    def _limited(self, command: Command, group: ControlGroup | None) -> tuple[str, ...]:
        """The command behind the limits that the kernel keeps per process."""
        limits = command.limits
        options = [f"--fsize={limits.disk}", "--core=0", f"--nofile={_OPEN_FILES}"]
        if group is None:
            options.append(f"--as={4 * limits.memory + _ADDRESS_SPACE}")
            if self._owner.st_uid != 0 and _kernel() >= _LIMITS_PER_NAMESPACE:
                options.append(f"--nproc={limits.processes + 1}")
        return (_tool("prlimit"), *options, "--", *command.argv)


def _result(ended: Ended, started: bool, group: ControlGroup | None) -> CommandResult:
    stopped = ended.stopped
    if not stopped and group is not None and group.out_of_memory():
        stopped = "memory"
    text = ended.output.text()
    if not started and not stopped:
        reason = text.strip().splitlines()[-1] if text.strip() else f"it ended with status {ended.exit_code}"
        raise InfrastructureError(f"bubblewrap could not start the sandbox: {reason[:500]}", hint=_USER_NAMESPACES)
    return CommandResult(ended.exit_code, text, stopped, ended.seconds, ended.output.total)


def _drain(descriptor: int) -> bytes:
    """What waits in a pipe."""
    os.set_blocking(descriptor, False)
    try:
        return os.read(descriptor, 65536)
    except BlockingIOError:
        return b""


@functools.cache
def _version_options(program: str) -> tuple[str, ...]:
    """Options that only newer releases know."""
    known = subprocess.run([program, "--help"], check=False, capture_output=True, text=True, env={}).stdout
    return ("--disable-userns",) if "--disable-userns" in known else ()


@functools.cache
def _tool(name: str) -> str:
    """A program of util-linux, by its path in the system folders that the sandbox shares.

    Raises:
        InfrastructureError: it is missing.
    """
    found = shutil.which(name, path=profile.PATH)
    if found is None:
        raise InfrastructureError(f"{name} is missing", hint="install util-linux")
    return found


@functools.cache
def _kernel() -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", platform.release())[:2]))
