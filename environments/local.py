"""No isolation: commands run as ourselves, on this machine. Used only when somebody names it."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from environments import cgroups, reaper
from environments.base import Check, Command, CommandResult, Mount, OutputSink
from environments.cgroups import ControlGroup
from environments.process_tree import descendants, tasks_of_user
from environments.supervise import Launch, supervise
from environments.watchdog import DiskMeter, GroupMeter, Meter, TreeMeter
from tools.errors import InputError

_ALLOWED = ("HOME", "LANG", "LANGUAGE", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "TZ", "USER")


class Local:
    """Makes "sandboxes" that hold limits and clean up, and protect nothing."""

    name = "local"

    async def open(self, root: Path, *, mount: str = "/workspace", mounts: Sequence[Mount] = ()) -> LocalSandbox:
        """See :class:`environments.base.Environment`; there are no mounts, paths are the host's own."""
        if not root.is_dir():
            raise InputError(f"{root} is not a folder")
        return LocalSandbox(root.resolve())

    async def checks(self) -> list[Check]:
        """It always works."""
        detail = "no isolation: commands can read and change whatever you can"
        if os.geteuid() == 0 and cgroups.hierarchies() is None:
            detail += "; only a watchdog holds the process limit for root without control groups"
        return [Check("local", True, detail)]


class LocalSandbox:
    """Runs commands in a folder of this machine.

    Args:
        root: the workspace.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def inside(self, path: Path) -> str:
        """The path itself."""
        return os.fspath(path.resolve())

    async def run(self, command: Command, *, on_output: OutputSink | None = None) -> CommandResult:
        """See :class:`environments.base.Sandbox`; ``network`` makes no difference here."""
        folder = self._root / command.cwd
        if not folder.is_dir():
            raise InputError(f"{folder} is not a folder")
        group = cgroups.ControlGroup.make(command.limits)
        enter = group.enter_argv() if group is not None else ()
        limits = (str(command.limits.disk), str(_most_tasks(command, group)))
        reaping = (*enter, sys.executable, "-I", "-S", reaper.__file__, *limits, *command.argv)
        try:
            ended = await supervise(
                Launch(reaping, environment(command.env), folder, command.stdin),
                command.limits,
                meters=functools.partial(self._meters, command, group),
                kill=_ask_to_stop,
                on_output=on_output,
            )
            stopped = ended.stopped or ("memory" if group is not None and group.out_of_memory() else "")
        finally:
            if group is not None:
                await asyncio.to_thread(group.remove)
        output = ended.output
        return CommandResult(ended.exit_code, output.text(), stopped, ended.seconds, output.total)

    async def close(self) -> None:
        """Nothing outlives a command, so there is nothing to give back."""

    def _meters(self, command: Command, group: ControlGroup | None, pid: int) -> list[Meter]:
        pids = functools.partial(descendants, pid) if group is None else group.pids
        usage = TreeMeter(pids, command.limits) if group is None else GroupMeter(group)
        return [usage, DiskMeter([self._root], command.limits.disk, pids)]


def _most_tasks(command: Command, group: ControlGroup | None) -> int:
    """The kernel's limit for all of the user's processes that lets the command have its own; 0 for none.

    Not needed with a control group, without effect for root.
    """
    return 0 if group is not None else tasks_of_user(os.geteuid()) + command.limits.processes


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The allow-listed variables of ours, and those given."""
    kept = {name: value for name, value in os.environ.items() if name in _ALLOWED or name.startswith("LC_")}
    return kept | dict(extra)


def _ask_to_stop(pid: int) -> None:
    """The reaper kills what is below it, then itself."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
