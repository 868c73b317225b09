"""No isolation: commands run as ourselves, on this machine. Used only when somebody names it."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from environments import reaper
from environments.base import Check, Command, CommandResult, Mount, OutputSink
from environments.process_tree import descendants
from environments.supervise import Launch, supervise
from environments.watchdog import DiskMeter, Meter, TreeMeter
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
        return [Check("local", True, "no isolation: commands can read and change whatever you can")]


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
        script = (sys.executable, "-I", "-S", reaper.__file__, str(command.limits.disk))
        ended = await supervise(
            Launch((*script, *command.argv), environment(command.env), folder, command.stdin),
            command.limits,
            meters=functools.partial(self._meters, command),
            kill=_ask_to_stop,
            on_output=on_output,
        )
        output = ended.output
        return CommandResult(ended.exit_code, output.text(), ended.stopped, ended.seconds, output.total)

    async def close(self) -> None:
        """Nothing outlives a command, so there is nothing to give back."""

    def _meters(self, command: Command, pid: int) -> list[Meter]:
        pids = functools.partial(descendants, pid)
        return [TreeMeter(pids, command.limits), DiskMeter([self._root], command.limits.disk, pids)]


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The allow-listed variables of ours, and those given."""
    kept = {name: value for name, value in os.environ.items() if name in _ALLOWED or name.startswith("LC_")}
    return kept | dict(extra)


def _ask_to_stop(pid: int) -> None:
    """The reaper kills what is below it, then itself."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
