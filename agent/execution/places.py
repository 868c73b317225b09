"""Places: workspaces, each with a sandbox around it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from environments.base import Environment, Mount, Sandbox
from environments.workspaces import Workspace, WorkspacePool


@dataclass(frozen=True)
class Place:
    """A workspace at a snapshot, the sandbox bound to it, and a folder for what a runner reports.

    Attributes:
        reports: writable folder outside of the workspace, the same path inside and outside.
    """

    workspace: Workspace
    sandbox: Sandbox
    reports: Path

    def from_root(self, text: str) -> str:
        """What a command said, with the paths of the repository's files from its root: no machine's folders."""
        return text.replace(self._root, "") if text else text

    @cached_property
    def _root(self) -> str:
        """Found once: each of thousands of tests asks, and links have to be resolved for it."""
        return f"{self.sandbox.inside(self.workspace.root).rstrip('/')}/"


class Places:
    """Hands out workspaces at snapshots and keeps one sandbox open for each.

    Args:
        pool: the workspaces.
        environment: makes the sandboxes.
        mount: where the workspace is seen inside.
        mounts: what else is visible.
        scratch: host folder for the report folders.
    """

    def __init__(
        self, pool: WorkspacePool, environment: Environment, *, mount: str, mounts: Sequence[Mount], scratch: Path
    ) -> None:
        self.pool = pool
        self.environment = environment
        self.mount = mount
        self.mounts = tuple(mounts)
        self._scratch = scratch
        self._opened: dict[Path, Place] = {}
        self._opening = asyncio.Lock()

    @asynccontextmanager
    async def at(self, snapshot: str) -> AsyncIterator[Place]:
        """A place whose workspace is exactly at `snapshot`; waits while all are busy."""
        async with self.pool.at(snapshot) as workspace:
            yield await self.around(workspace)

    async def around(self, workspace: Workspace) -> Place:
        """The place of a workspace one already holds."""
        async with self._opening:
            place = self._opened.get(workspace.root)
            if place is None:
                reports = self._scratch / workspace.root.name
                reports.mkdir(parents=True, exist_ok=True)
                mounts = (*self.mounts, Mount(reports, str(reports), writable=True))
                sandbox = await self.environment.open(workspace.root, mount=self.mount, mounts=mounts)
                place = self._opened[workspace.root] = Place(workspace, sandbox, reports)
        return place

    async def close(self) -> None:
        """Closes the sandboxes."""
        for place in self._opened.values():
            await place.sandbox.close()
        self._opened.clear()
