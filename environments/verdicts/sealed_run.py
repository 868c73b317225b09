"""One run of tests for a verdict: fresh workspace, fresh sandbox, signed report, tests that cannot be rewritten."""

from __future__ import annotations

import asyncio
import posixpath
import secrets
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from environments.base import GIB, MIB, Command, CommandResult, Environment, Limits, Mount
from environments.verdicts.rules import SETTINGS
from environments.workspaces import Workspace
from environments.workspaces.folder import remove_folder
from environments.workspaces.products import Products
from tools.snapshots import SnapshotStore
from tools.snapshots.paths import folders_of
from tools.testing.runners.probed import ProbeRunner
from tools.testing.sealing import Opened, seal, unseal
from tools.testing.types import MAX_REPORT_BYTES, TestReport, TestRunner

PROBE, REPORTS = "/treewright/probe", "/treewright/reports"
MAX_HELD = 200
LIMITS = Limits(1800.0, memory=6 * GIB, processes=512, disk=2 * GIB, output=64 * MIB)


@dataclass(frozen=True)
class Ground:
    """Where verdicts are taken.

    Attributes:
        environment: makes the sandboxes.
        python: the interpreter, as the sandbox sees it.
        mount: where the workspace is seen.
        mounts: what else is visible, read-only.
        env: variables of the tests.
        products: what setting up left in the work tree.
        installed: top-level import names of the installed packages.
    """

    environment: Environment
    python: str
    mount: str
    mounts: tuple[Mount, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    products: Products | None = None
    installed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Tree:
    """What is run.

    Attributes:
        store: of the snapshot.
        snapshot: the graded tree.
        held: paths that nothing in the sandbox can change, besides the runner's settings.
    """

    store: SnapshotStore
    snapshot: str
    held: Collection[str] = ()


@dataclass(frozen=True)
class Run:
    """What a run did.

    Attributes:
        report: per test.
        opened: what the signatures say; without a probe nothing.
        result: of the command, with its output.
    """

    report: TestReport
    opened: Opened
    result: CommandResult


async def run_sealed(
    ground: Ground,
    tree: Tree,
    runner: TestRunner,
    tests: Sequence[str],
    *,
    scratch: Path,
    per_test_seconds: float,
    limits: Limits = LIMITS,
) -> Run:
    """Runs tests on a snapshot.

    Args:
        ground: where.
        tree: what.
        runner: how; under the probe, or a command.
        tests: ids and test files.
        scratch: a folder for what the run needs, gone afterwards.
        per_test_seconds: limit of one phase of one test.
        limits: of the whole run.

    Raises:
        InfrastructureError: the sandbox could not be had; never because of the tests.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="verdict-", dir=scratch))
    try:
        key = secrets.token_hex(32)
        asked = runner.command(
            tests, per_test_seconds=per_test_seconds, coverage=False, probe=PROBE, report=f"{REPORTS}/report"
        )
        sealed = isinstance(runner, ProbeRunner)
        command = seal(asked, key) if sealed else asked
        mounts = await asyncio.to_thread(_place, folder, ground, tree, command.files)
        sandbox = await ground.environment.open(folder / "tree", mount=ground.mount, mounts=mounts)
        try:
            env = (
                {"PATH": f"{posixpath.dirname(ground.python)}:/usr/local/bin:/usr/bin:/bin"}
                if "/" in ground.python
                else {}
            )
            env = {**env, **command.env, **ground.env}
            result = await sandbox.run(Command(command.argv, command.cwd, env, command.stdin, limits))
        finally:
            await sandbox.close()
        data = await asyncio.to_thread(_bounded, folder / "reports" / "report")
        opened = unseal(data, key) if sealed else Opened(data, "", {})
        return Run(runner.parse(opened.report, result.output, result.exit_code, tests=tests), opened, result)
    finally:
        await asyncio.to_thread(remove_folder, folder)


def _place(
    folder: Path,
    ground: Ground,
    tree: Tree,
    probe: Mapping[str, bytes],
) -> list[Mount]:
    """Fills the folder of a run; returns what the sandbox has to show."""
    workspace = Workspace(tree.store, folder / "tree", ground.products)
    workspace.move(tree.snapshot)
    for name, content in probe.items():
        _write(folder / "probe" / name, content)
    (folder / "probe").mkdir(exist_ok=True)
    (folder / "reports").mkdir()
    mounts = [*ground.mounts, Mount(folder / "probe", PROBE), Mount(folder / "reports", REPORTS, writable=True)]
    files = {entry.path: entry for entry in tree.store.files(tree.snapshot)}
    for number, path in enumerate(_held(files.keys(), tree.held)):
        copy = folder / "held" / str(number)
        _write(copy, tree.store.read(tree.snapshot, path))
        copy.chmod(0o555 if files[path].mode & 0o100 else 0o444)
        mounts.append(Mount(copy, f"{ground.mount}/{path}"))
    return mounts


def _held(paths: Collection[str], held: Collection[str]) -> list[str]:
    """The files to hold: those asked for, the packages they are in, and the settings above them."""
    above = {"", *folders_of(held)}
    settings = {posixpath.join(folder, name) for folder in above for name in (*SETTINGS, "__init__.py")}
    tested = {path for path in settings if posixpath.basename(path) != "__init__.py"}
    wanted = [*sorted(set(held) & set(paths)), *sorted(tested & set(paths) - set(held))]
    return wanted[:MAX_HELD]


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _bounded(path: Path) -> bytes:
    """A regular file's first bytes; nothing for a link or a device, which code of the patch may have left there."""
    if path.is_symlink() or not path.is_file():
        return b""
    with path.open("rb") as file:
        return file.read(MAX_REPORT_BYTES)
