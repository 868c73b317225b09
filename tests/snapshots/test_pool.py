import asyncio
import os
from pathlib import Path

import pytest
from snapshot_helpers import names_in, snapshot_content, store_content

from environments.workspaces import Workspace, WorkspacePool
from tools.errors import InputError
from tools.snapshots import Change, SnapshotStore


def nodes(store: SnapshotStore, count: int) -> list[str]:
    return [store.commit(store.base, {f"n{index}": Change(b"%d" % index)}, subject="s") for index in range(count)]


async def test_the_nearest_free_workspace_is_taken(store: SnapshotStore, tmp_path: Path) -> None:
    one, two = nodes(store, 2)
    child = store.commit(one, {"more": Change(b"m")}, subject="s")
    pool = WorkspacePool(store, tmp_path / "pool", 2)
    async with pool.at(one) as first, pool.at(two) as second:
        assert first.root != second.root
        assert snapshot_content(first.root) == store_content(store, one)
        assert snapshot_content(second.root) == store_content(store, two)
    async with pool.at(child) as again:
        assert again is first
        assert snapshot_content(again.root) == store_content(store, child)
    assert names_in(tmp_path / "pool") == ["0", "1"]
    await pool.close()
    assert names_in(tmp_path / "pool") == []


async def test_no_workspace_is_used_twice_at_once(store: SnapshotStore, tmp_path: Path) -> None:
    pool = WorkspacePool(store, tmp_path / "pool", 2)
    snapshots = nodes(store, 6)
    busy: set[Path] = set()
    most = 0

    async def visit(snapshot: str) -> str:
        nonlocal most
        async with pool.at(snapshot) as workspace:
            assert workspace.root not in busy
            busy.add(workspace.root)
            most = max(most, len(busy))
            await asyncio.sleep(0.01)
            workspace.write("mine", snapshot.encode())
            captured = await asyncio.to_thread(workspace.capture, subject="s")
            busy.discard(workspace.root)
            return captured

    captured = await asyncio.gather(*map(visit, snapshots))
    assert most == 2
    for parent, child in zip(snapshots, captured, strict=True):
        assert store.changed_paths(parent, child) == ("mine",)
        assert store.read(child, "mine") == parent.encode()


async def test_errors_and_cancellation_give_the_workspace_back(store: SnapshotStore, tmp_path: Path) -> None:
    pool = WorkspacePool(store, tmp_path / "pool", 1)
    with pytest.raises(InputError):
        async with pool.at("0" * 40):
            pass
    with pytest.raises(RuntimeError):
        async with pool.at(store.base):
            raise RuntimeError
    node = nodes(store, 1)[0]

    async def visit() -> None:
        async with pool.at(node):
            await asyncio.sleep(60)

    for pause in (0, 0.001, 0.01, 0.1):
        task = asyncio.create_task(visit())
        await asyncio.sleep(pause)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    async with pool.at(store.base) as workspace:
        assert snapshot_content(workspace.root) == store_content(store, store.base)


async def build(workspace: Workspace) -> None:
    root = workspace.root
    (root / "build/lib").mkdir(parents=True)
    (root / "build/lib/native.so").write_bytes(b"\x7fELF")
    (root / "build/lib/native.so").chmod(0o755)
    (root / "src/version.py").write_bytes(b"generated\n")
    (root / "pkg.egg-info").mkdir()
    (root / "build/current").symlink_to("lib/native.so")
    (root / "README.md").write_bytes(b"changed by the build\n")
    (root / "clone/.git").mkdir(parents=True)
    (root / "clone/.git/config").write_bytes(b"[core]\n")
    (root / "clone/code.py").write_bytes(b"1")
    os.utime(root / "build/lib/native.so", (10**9, 10**9))


async def test_build_products_are_in_every_workspace_and_survive(store: SnapshotStore, tmp_path: Path) -> None:
    pool = WorkspacePool(store, tmp_path / "pool", 2)
    assert not pool.prepared
    await pool.prepare(build)
    assert pool.prepared
    node = store.commit(store.base, {"src/a.py": Change(b"x = 2\n")}, subject="s")
    products = {
        "build/lib/native.so": (True, b"\x7fELF"),
        "src/version.py": (False, b"generated\n"),
        "build/current": (None, b"lib/native.so"),
        "clone/code.py": (False, b"1"),
    }
    async with pool.at(node) as one, pool.at(node) as two:
        for workspace in (one, two):
            assert snapshot_content(workspace.root) == store_content(store, node) | products
            assert (workspace.root / "build/lib/native.so").stat().st_mtime == 10**9
            assert (workspace.root / "pkg.egg-info").is_dir()
        inode = (one.root / "build/lib/native.so").stat().st_ino
        (one.root / "src/version.py").write_bytes(b"spoiled!!\n")
        (one.root / "build/current").unlink()
        (one.root / "build/more.o").write_bytes(b"o")
        (two.root / "build/lib/native.so").unlink()
        assert one.capture(subject="s") == two.capture(subject="s") == node
    async with pool.at(store.base) as one, pool.at(store.base) as two:
        for workspace in (one, two):
            assert snapshot_content(workspace.root) == store_content(store, store.base) | products
        assert inode in {(workspace.root / "build/lib/native.so").stat().st_ino for workspace in (one, two)}


async def test_a_later_process_uses_the_recorded_products(store: SnapshotStore, tmp_path: Path) -> None:
    first = WorkspacePool(store, tmp_path / "pool", 1)
    await first.prepare(build)
    (tmp_path / "pool/0/left over").write_bytes(b"x")
    later = WorkspacePool(SnapshotStore.open(store.git_dir), tmp_path / "pool", 1)
    assert later.prepared
    async with later.at(store.base) as workspace:
        assert (workspace.root / "src/version.py").read_bytes() == b"generated\n"
        assert not (workspace.root / "left over").exists()
    (tmp_path / "pool/products/base").unlink()
    assert not WorkspacePool(store, tmp_path / "pool", 1).prepared


async def test_a_snapshot_may_take_the_place_of_a_product(store: SnapshotStore, tmp_path: Path) -> None:
    pool = WorkspacePool(store, tmp_path / "pool", 1)
    await pool.prepare(build)
    changes = {"build": Change(b"a file"), "src/version.py/x": Change(b"a folder"), "clone/code.py": Change(b"tracked")}
    node = store.commit(store.base, changes, subject="s")
    async with pool.at(node) as workspace:
        assert snapshot_content(workspace.root) == store_content(store, node)
        assert workspace.capture(subject="s") == node
    async with pool.at(store.base) as workspace:
        assert (workspace.root / "build/lib/native.so").read_bytes() == b"\x7fELF"
        assert (workspace.root / "clone/code.py").read_bytes() == b"1"


async def test_a_failed_build_leaves_nothing(store: SnapshotStore, tmp_path: Path) -> None:
    pool = WorkspacePool(store, tmp_path / "pool", 1)

    async def fails(workspace: Workspace) -> None:
        await build(workspace)
        raise OSError("no compiler")

    with pytest.raises(OSError, match="no compiler"):
        await pool.prepare(fails)
    assert not pool.prepared
    async with pool.at(store.base) as workspace:
        assert snapshot_content(workspace.root) == store_content(store, store.base)


async def test_what_a_killed_process_left_goes_too(store: SnapshotStore, tmp_path: Path) -> None:
    killed = WorkspacePool(store, tmp_path / "pool", 2)
    async with killed.at(store.base), killed.at(store.base):
        pass  # it never closes
    assert names_in(tmp_path / "pool") == ["0", "1"]
    (tmp_path / "pool" / "products").mkdir()
    await WorkspacePool(store, tmp_path / "pool", 2).close()  # all that its run asked was answered from the store
    assert names_in(tmp_path / "pool") == ["products"]
