"""An environment in which only so many commands run at a time, however many sandboxes there are."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from environments.base import Check, Command, CommandResult, Environment, Mount, OutputSink, Sandbox


class LimitedEnvironment:
    """Another environment, behind a semaphore, or what is entered like one."""

    def __init__(self, inner: Environment, running: AbstractAsyncContextManager[None]) -> None:
        self.name = inner.name
        self._inner = inner
        self._running = running

    async def open(self, root: Path, *, mount: str = "/workspace", mounts: Sequence[Mount] = ()) -> Sandbox:
        """See :class:`environments.base.Environment`."""
        async with self._running:
            return LimitedSandbox(await self._inner.open(root, mount=mount, mounts=mounts), self._running)

    async def checks(self) -> list[Check]:
        """What the other one says."""
        return await self._inner.checks()


class LimitedSandbox:
    """Another sandbox, whose commands wait for their turn; the time they wait is not theirs."""

    def __init__(self, inner: Sandbox, running: AbstractAsyncContextManager[None]) -> None:
        self._inner = inner
        self._running = running

    def inside(self, path: Path) -> str:
        """See :class:`environments.base.Sandbox`."""
        return self._inner.inside(path)

    async def run(self, command: Command, *, on_output: OutputSink | None = None) -> CommandResult:
        """See :class:`environments.base.Sandbox`."""
        async with self._running:
            return await self._inner.run(command, on_output=on_output)

    async def close(self) -> None:
        """See :class:`environments.base.Sandbox`."""
        await self._inner.close()
