"""Workspaces that one run leaves to the next one, of another commit."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from snapshot_helpers import Repository, names_in, snapshot_content, store_content

from environments.workspaces import Shelf, Workspace, WorkspacePool
from environments.workspaces.memory import Memory
from environments.workspaces.shelf import MOST
from tools.errors import InfrastructureError
from tools.snapshots import SnapshotStore


@pytest.fixture
def later(repository: Repository, tmp_path: Path) -> SnapshotStore:
    """A store of another commit of the same repository."""
    repository.commit({"src/b.py": b"def f():\n    return 3\n", "new/c.py": b"c"})
    return SnapshotStore.create(tmp_path / "later.git", repository.root)


async def left_by_a_run(store: SnapshotStore, folder: Path, shelf: Shelf) -> Path:
    """Runs, and says where the workspace was."""
    pool = WorkspacePool(store, folder, 1, shelf=shelf)
    async with pool.at(store.base) as workspace:
        place = workspace.root
    await pool.close()
    return place


async def test_the_next_run_writes_only_what_differs(
    store: SnapshotStore, later: SnapshotStore, tmp_path: Path
) -> None:
    shelf = Shelf(tmp_path / "shelf")
    place = await left_by_a_run(store, tmp_path / "one", shelf)
    assert not place.exists()
    (shelved,) = (tmp_path / "shelf").iterdir()
    before = {path: (shelved / "tree" / path).lstat().st_ctime_ns for path in store_content(store, store.base)}
    await_tick()
    pool = WorkspacePool(later, tmp_path / "two", 1, shelf=shelf)
    async with pool.at(later.base) as workspace:
        assert snapshot_content(workspace.root) == store_content(later, later.base)
        after = {path: (workspace.root / path).lstat().st_ctime_ns for path in before}
        assert after["src/a.py"] == before["src/a.py"]
        assert after["src/b.py"] != before["src/b.py"]
    assert names_in(tmp_path / "shelf") == []


async def test_nothing_of_the_run_before_is_seen(store: SnapshotStore, later: SnapshotStore, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "shelf")
    pool = WorkspacePool(store, tmp_path / "one", 1, shelf=shelf)
    async with pool.at(store.base) as workspace:
        root = workspace.root
        await_tick()
        for path in ("src/a.py", "src/b.py"):  # as long and as old as before
            status = (root / path).stat()
            (root / path).write_bytes(b"#" * status.st_size)
            os.utime(root / path, ns=(status.st_atime_ns, status.st_mtime_ns))
        (root / "src/__pycache__").mkdir()
        (root / "src/__pycache__/a.cpython-311.pyc").write_bytes(b"planted")
        (root / "ignored.log").write_bytes(b"notes for the next one")
        (root / "tests/test_a.py").unlink()
        (root / "tests/test_a.py").symlink_to("/etc/passwd")
        (root / ".git").mkdir()
        (root / ".git/config").write_bytes(b"[core]")
        (root / "locked").mkdir(mode=0)
        os.link(root / "src/b.py", root / "second name")
        root.chmod(0)
    await pool.close()
    pool = WorkspacePool(later, tmp_path / "two", 1, shelf=shelf)
    async with pool.at(later.base) as workspace:
        assert snapshot_content(workspace.root) == store_content(later, later.base)
        assert not (workspace.root / ".git").exists()
        assert not (workspace.root / "locked").exists()


async def test_a_file_with_two_names_is_written_anew(store: SnapshotStore, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "shelf")
    pool = WorkspacePool(store, tmp_path / "one", 1, shelf=shelf)
    async with pool.at(store.base) as workspace:
        await_tick()
        os.link(workspace.root / "src/a.py", tmp_path / "a handle from outside")
    await pool.close()
    pool = WorkspacePool(store, tmp_path / "two", 1, shelf=shelf)
    async with pool.at(store.base) as workspace:
        assert (workspace.root / "src/a.py").stat().st_nlink == 1


async def test_a_shelf_has_room_for_a_few_and_serves_each_once(store: SnapshotStore, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "shelf")
    pool = WorkspacePool(store, tmp_path / "one", MOST + 1, shelf=shelf)
    async with pool.at(store.base), pool.at(store.base), pool.at(store.base):
        pass
    await pool.close()
    assert (len(names_in(tmp_path / "shelf")), names_in(tmp_path / "one")) == (MOST, [])
    taken = [shelf.take(tmp_path / f"taken{index}") for index in range(MOST + 1)]
    assert [memory is not None for memory in taken] == [True] * MOST + [False]


async def test_damage_costs_time_only(store: SnapshotStore, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "shelf")
    await left_by_a_run(store, tmp_path / "one", shelf)
    (shelved,) = (tmp_path / "shelf").iterdir()
    (shelved / "memory.json").write_text('{"known": {"src/a.py": [1, 2]}}')
    left = tmp_path / "shelf" / ".new-1"  # by a process that was killed two hours ago
    left.mkdir()
    os.utime(left, (time.time() - 7200,) * 2)
    await left_by_a_run(store, tmp_path / "two", shelf)
    assert len(names_in(tmp_path / "shelf")) == 1
    assert not left.exists()
    pool = WorkspacePool(store, tmp_path / "three", 1, shelf=shelf)
    async with pool.at(store.base) as workspace:
        assert snapshot_content(workspace.root) == store_content(store, store.base)


async def test_what_lay_there_for_long_is_not_swept_away_while_it_is_taken(
    store: SnapshotStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(tmp_path / "shelf")
    await left_by_a_run(store, tmp_path / "one", shelf)
    (shelved,) = (tmp_path / "shelf").iterdir()
    os.utime(shelved, (time.time() - 7200,) * 2)
    parse = Memory.parse

    def another_puts_meanwhile(text: str) -> Memory:
        assert Shelf(tmp_path / "shelf").put(Workspace(store, tmp_path / "another"))
        return parse(text)

    monkeypatch.setattr(Memory, "parse", another_puts_meanwhile)
    assert shelf.take(tmp_path / "two") is not None
    assert (tmp_path / "two" / "src/a.py").read_bytes() == b"x = 1\n"


async def test_a_workspace_that_cannot_be_moved_is_not_left_to_others(
    store: SnapshotStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(tmp_path / "shelf")

    def full(*_: object) -> None:
        raise OSError(28, "no space left")

    pool = WorkspacePool(store, tmp_path / "one", 1, shelf=shelf)
    with monkeypatch.context() as patched:
        patched.setattr(Workspace, "_write_missing", full)
        with pytest.raises(InfrastructureError, match="no space left"):
            async with pool.at(store.base):
                pass
    await pool.close()
    assert names_in(tmp_path / "one") == []
    assert not (tmp_path / "shelf").exists()


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="no second file system here")
async def test_another_file_system_has_no_use_for_it(store: SnapshotStore, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "shelf")
    await left_by_a_run(store, tmp_path / "one", shelf)
    elsewhere = Path("/dev/shm") / f"treewright-{os.getpid()}"
    assert shelf.take(elsewhere / "0") is None
    assert len(names_in(tmp_path / "shelf")) == 1
    elsewhere.rmdir()


def await_tick() -> None:
    """The kernel's clock for files moves on: 10 ms at most."""
    time.sleep(0.02)
