"""A few workspaces for many snapshots."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from environments.workspaces.folder import remove_folder
from environments.workspaces.products import Products
from environments.workspaces.shelf import Shelf
from environments.workspaces.workspace import Workspace
from tools.snapshots.store import SnapshotStore

P = ParamSpec("P")
R = TypeVar("R")


async def uninterrupted(function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a blocking function in a thread; a cancellation takes effect when it has ended, not in its middle."""
    task = asyncio.ensure_future(asyncio.to_thread(function, *args, **kwargs))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # seen; the cancellation is what the caller learns of
        raise


class WorkspacePool:
    """Up to `size` workspaces of one store, made when first needed.

    Args:
        store: the snapshots.
        folder: where the workspaces and the build products lie; leftovers of an earlier process are replaced, its
            recorded build products are used again.
        size: how many workspaces may be in use at once.
        products: build products that were recorded elsewhere, in place of what `prepare` would record.
        shelf: where workspaces of earlier runs with the same products are taken from, and put in the end.
    """

    def __init__(
        self,
        store: SnapshotStore,
        folder: Path,
        size: int,
        products: Products | None = None,
        shelf: Shelf | None = None,
    ) -> None:
        self.store = store
        self.folder = folder
        self.size = size
        self._shelf = shelf
        self._slots = asyncio.Semaphore(size)
        self._choosing = asyncio.Lock()
        self._free: list[Workspace] = []
        self._made = 0
        self._products = products or Products.load(folder / "products", store.base)

    @property
    def prepared(self) -> bool:
        """Whether build products were recorded, by this process or the one it resumes."""
        return self._products is not None

    @property
    def environment(self) -> str:
        """The virtual environment among the build products: a folder at the top, the first by name; "" for none."""
        made = self._products.files if self._products else {}
        folders = sorted(path.removesuffix("/pyvenv.cfg") for path in made if path.endswith("/pyvenv.cfg"))
        return next((each for each in folders if "/" not in each and f"{each}/bin/python" in made), "")

    @contextlib.asynccontextmanager
    async def at(self, snapshot: str) -> AsyncIterator[Workspace]:
        """A workspace that holds `snapshot`: the free one that needs the fewest files changed; waits for one.

        Raises:
            InputError: there is no such snapshot.
            InfrastructureError: the workspace cannot be written.
        """
        async with self._slots:
            async with self._choosing:
                workspace = await self._choose(snapshot)
            try:
                await uninterrupted(workspace.move, snapshot)
                yield workspace
            finally:
                self._free.append(workspace)

    async def prepare(self, build: Callable[[Workspace], Awaitable[None]]) -> None:
        """Run `build` in a workspace at the base and keep what it leaves untracked in all workspaces.

        Tracked files it changed are put back at the next move.
        """
        async with self.at(self.store.base) as workspace:
            await build(workspace)
            self._products = await uninterrupted(workspace.record_products, self.folder / "products")

    async def close(self) -> None:
        """Shelve or remove the workspaces, those of a killed process too; the build products stay for a resumed run."""
        for workspace in self._free:
            await uninterrupted(self._put_away, workspace)
        for left in sorted(self.folder.glob("[0-9]*")):
            if int(left.name) >= self._made:  # its run went on from here without one
                await uninterrupted(remove_folder, left)
        self._free.clear()

    def _put_away(self, workspace: Workspace) -> None:
        # one that could not be moved to any snapshot is not for others to stumble upon
        if not (self._shelf and workspace.snapshot and self._shelf.put(workspace)):
            remove_folder(workspace.root)

    async def _choose(self, snapshot: str) -> Workspace:
        if not self._free:
            return await uninterrupted(self._make)
        workspace = self._free.pop(await uninterrupted(self._nearest, snapshot, tuple(self._free)))
        workspace.products = self._products
        return workspace

    def _nearest(self, snapshot: str, free: tuple[Workspace, ...]) -> int:
        def cost(workspace: Workspace) -> int:
            if not workspace.snapshot:
                return len(self.store.files(snapshot))
            return len(self.store.changed_entries(workspace.snapshot, snapshot))

        costs = [cost(workspace) for workspace in free]
        return costs.index(min(costs))

    def _make(self) -> Workspace:
        root = self.folder / str(self._made)
        remove_folder(root)
        self._made += 1
        memory = self._shelf.take(root) if self._shelf else None
        return Workspace(self.store, root, self._products, memory)
