"""Any sequence of edits: a capture holds what the folder held, a move makes the folder what the snapshot holds."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from snapshot_helpers import FILES, Repository, snapshot_content, store_content

from environments.workspaces import Workspace
from tools.snapshots import SnapshotStore

NAMES = ["a", "b", "src", "é", "-x", "n\n", os.fsdecode(b"\xff"), "a.py"]
paths = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map("/".join) | st.sampled_from(sorted(FILES))
contents = st.binary(max_size=6) | st.sampled_from([b"x = 1\n", b"x = 2\n", b"a\r\nb\r\n"])
edits = st.one_of(
    st.tuples(st.just("write"), paths, contents),
    st.tuples(st.just("update"), paths, contents),
    st.tuples(st.just("link"), paths, paths),
    st.tuples(st.just("delete"), paths, st.none()),
    st.tuples(st.just("rename"), paths, paths),
    st.tuples(st.just("chmod"), paths, st.booleans()),
    st.tuples(st.just("capture"), st.none(), st.none()),
    st.tuples(st.just("move"), st.none(), st.integers(0, 9)),
)


def clear(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif path.exists() or path.is_symlink():
        path.unlink()


def make_room(root: Path, path: str) -> Path:
    here = root
    for name in path.split("/")[:-1]:
        here /= name
        if here.is_symlink() or not here.is_dir():
            clear(here)
            here.mkdir()
    return root / path


def edit(root: Path, kind: str, path: str, value: object) -> None:
    full = root / path
    reachable = not any((root / part).is_symlink() for part in above(path))
    if kind == "write":
        full = make_room(root, path)
        clear(full)
        full.write_bytes(value)
    elif kind == "update" and reachable and full.is_file() and not full.is_symlink():
        full.write_bytes(value)
    elif kind == "link":
        full = make_room(root, path)
        clear(full)
        full.symlink_to(value)
    elif kind == "delete" and reachable:
        clear(full)
    elif kind == "rename" and reachable and os.path.lexists(full) and not f"{value}/".startswith(f"{path}/"):
        beside = root.parent / "between"
        full.rename(beside)
        target = make_room(root, str(value))
        clear(target)
        beside.rename(target)
    elif kind == "chmod" and reachable and full.is_file() and not full.is_symlink():
        full.chmod(0o755 if value else 0o644)


def above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SnapshotStore]:
    folder = tmp_path_factory.mktemp("properties")
    user = Repository(folder / "user").init()
    user.commit({path: data for path, data in FILES.items() if path != ".gitignore"})
    store = SnapshotStore.create(folder / "git", user.root)
    yield store
    user.git("--git-dir", str(store.git_dir), "fsck", "--strict", "--no-dangling")
    store.close()


@settings(max_examples=100, deadline=None)
@given(st.lists(edits, max_size=14))
def test_capture_and_move_round_trip(store: SnapshotStore, steps: list[tuple[str, str, object]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(store, Path(folder) / "w")
        workspace.move(store.base)
        seen = {store.base: snapshot_content(workspace.root)}
        for kind, path, value in [*steps, ("capture", None, None)]:
            if kind == "capture":
                snapshot = workspace.capture(subject="s")
                held = snapshot_content(workspace.root)
                assert store_content(store, snapshot) == held
                seen[snapshot] = held
            elif kind == "move":
                snapshot = sorted(seen)[value % len(seen)]
                workspace.move(snapshot)
                assert snapshot_content(workspace.root) == seen[snapshot]
            else:
                edit(workspace.root, kind, path, value)
        for snapshot, held in seen.items():
            workspace.move(snapshot)
            assert snapshot_content(workspace.root) == held


@settings(max_examples=25, deadline=None)
@given(st.lists(edits, min_size=1, max_size=10))
def test_a_diff_applied_gives_the_snapshot(store: SnapshotStore, steps: list[tuple[str, str, object]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(store, Path(folder) / "w")
        workspace.move(store.base)
        for kind, path, value in steps:
            if kind not in ("capture", "move", "link"):
                edit(workspace.root, kind, path, value)
        last = workspace.capture(subject="s")
    patch = store.diff(store.base, last)
    if patch:
        applied = store.apply_patch(store.base, patch)
        assert store.commit_of(applied).tree == store.commit_of(last).tree
    else:
        assert last == store.base
