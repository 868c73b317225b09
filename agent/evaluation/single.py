"""One patch, graded with hidden tests that the caller gives."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path

from agent.folders import cache_folder
from environments.base import GIB, Command, Environment, Limits, Mount
from environments.interpreters import Interpreter, find_python
from environments.repositories import obtain
from environments.verdicts import Court, Verdict
from environments.verdicts.rules import installed_names
from environments.verdicts.sealed_run import Ground
from environments.workspaces import Workspace
from environments.workspaces.products import Products
from tools.errors import InfrastructureError
from tools.snapshots import SnapshotStore
from tools.testing.detect import detect

MOUNT = "/workspace"
SETUP_SECONDS = 1800.0


@dataclass(frozen=True)
class Request:
    """What is to be graded, and how.

    Attributes:
        repository: path or URL.
        base: revision that both patches are for.
        patch: the patch in question.
        test_patch: the hidden tests; may be empty when the base has them.
        tests: ids that must pass.
        setup: shell command that prepares a workspace at the base.
        setup_network: whether it may use the network.
        test: command that runs the tests; detected when empty.
        python: version, path, or empty to find one.
        test_seconds: limit of one test.
    """

    repository: str
    base: str
    patch: str
    test_patch: str
    tests: tuple[str, ...]
    setup: str = ""
    setup_network: bool = False
    test: str = ""
    python: str = ""
    test_seconds: float = 300.0


async def evaluate_one(request: Request, environment: Environment) -> Verdict:
    """Grades one patch in a fresh workspace.

    Raises:
        InputError: the repository, the base or the hidden tests cannot be used.
        InfrastructureError: the sandbox or the setup failed.
    """
    source = await obtain(request.repository, cache_folder() / "repositories", base=request.base)
    with tempfile.TemporaryDirectory(prefix="treewright-verdict-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        store = await asyncio.to_thread(SnapshotStore.create, folder / "store.git", source, request.base)
        try:
            ground = await _ground(request, environment, store, folder)
            court = Court(ground, folder, per_test_seconds=request.test_seconds)
            return await court.judge(
                store,
                request.patch,
                request.test_patch,
                request.tests,
                lambda files: detect(files, command=request.test or None, python=ground.python),
            )
        finally:
            store.close()


async def _ground(request: Request, environment: Environment, store: SnapshotStore, folder: Path) -> Ground:
    python, names = request.python or "python3", frozenset[str]()
    mounts: tuple[Mount, ...] = ()
    if environment.name != "docker":
        found = await asyncio.to_thread(find_python, request.python or None, store.source)
        python, mounts, names = str(found.path), found.mounts, await asyncio.to_thread(_installed, found)
    ground = Ground(environment, python, _mount(store.source), mounts, installed=names)
    if not request.setup:
        return ground
    products = await _set_up(request, ground, store, folder)
    return Ground(environment, python, ground.mount, mounts, products=products, installed=names)


async def _set_up(request: Request, ground: Ground, store: SnapshotStore, folder: Path) -> Products:
    """Runs the setup at the base, before anything of the patch is there, and keeps what it leaves."""
    workspace = Workspace(store, folder / "setup")
    await asyncio.to_thread(workspace.move, store.base)
    sandbox = await ground.environment.open(workspace.root, mount=ground.mount, mounts=ground.mounts)
    try:
        limits = Limits(SETUP_SECONDS, memory=6 * GIB, processes=512, disk=6 * GIB)
        result = await sandbox.run(Command.shell(request.setup, limits=limits, network=request.setup_network))
    finally:
        await sandbox.close()
    if not result.ok:
        tail = "\n".join(result.output.strip().splitlines()[-10:])
        raise InfrastructureError(f"the setup ended with exit code {result.exit_code}:\n{tail}", hint="check --setup")
    return await asyncio.to_thread(workspace.record_products, folder / "products")


def _mount(source: Path) -> str:
    """At the user's own path, so that their editable installs find the graded tree and not theirs."""
    return str(source) if (source / ".git").exists() and len(source.parts) > 2 else MOUNT


def _installed(python: Interpreter) -> frozenset[str]:
    folders = python.prefix.glob("lib/python3*/site-packages")
    return installed_names(path.name for folder in folders for path in folder.iterdir())
