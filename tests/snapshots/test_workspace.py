import compileall
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from snapshot_helpers import Repository, names_in, picture, snapshot_content, store_content

from environments.workspaces import Workspace
from tools.errors import InputError
from tools.snapshots import Change, SnapshotStore
from tools.snapshots.commits import EPOCH


@pytest.fixture
def workspace(store: SnapshotStore, tmp_path: Path) -> Workspace:
    made = Workspace(store, tmp_path / "w")
    made.move(store.base)
    return made


def imported(root: Path, expression: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", f"import m; print({expression})"], cwd=root, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_move_makes_the_folder_equal_the_snapshot(workspace: Workspace, store: SnapshotStore) -> None:
    assert snapshot_content(workspace.root) == store_content(store, store.base)
    node = store.commit(
        store.base,
        {"src/b.py": Change(None), "src/deep/er/c.txt": Change(None), "run.sh": Change(b"", executable=False)},
        subject="s",
    )
    workspace.move(node)
    assert snapshot_content(workspace.root) == store_content(store, node)
    assert not (workspace.root / "src/deep").exists()
    workspace.move(store.base)
    assert snapshot_content(workspace.root) == store_content(store, store.base)


def test_capture_sees_every_kind_of_change(workspace: Workspace, store: SnapshotStore) -> None:
    root = workspace.root
    (root / "src/a.py").write_bytes(b"x = 9\n")
    (root / "src/b.py").unlink()
    (root / "run.sh").chmod(0o644)
    (root / "link").unlink()
    (root / "link").symlink_to("/etc/passwd")
    (root / "README.md").unlink()
    (root / "README.md").mkdir()
    (root / "README.md/inner").write_bytes(b"i")
    (root / "data.bin").rename(root / "moved.bin")
    os.mkfifo(root / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(root / "sock"))
    (root / "-new\n").write_bytes(b"n")
    (root / os.fsdecode(b"na\xefve\x1b[0m")).write_bytes(b"\0")
    (root / "outside").symlink_to("/etc")
    node = workspace.capture(subject="all", trailers={"Kind": "patch"})
    expected = store_content(store, store.base)
    for name in ("src/b.py", "README.md", "data.bin"):
        del expected[name]
    expected |= {
        "src/a.py": (False, b"x = 9\n"),
        "run.sh": (False, b"#!/bin/sh\n"),
        "link": (None, b"/etc/passwd"),
        "README.md/inner": (False, b"i"),
        "moved.bin": (False, store.read(store.base, "data.bin")),
        "-new\n": (False, b"n"),
        os.fsdecode(b"na\xefve\x1b[0m"): (False, b"\0"),
        "outside": (None, b"/etc"),
    }
    assert store_content(store, node) == expected
    assert workspace.snapshot == node
    assert workspace.capture(subject="again") == node
    workspace.move(store.base)
    workspace.move(node)
    assert snapshot_content(root) == expected


def test_what_the_base_ignores_is_not_captured_and_goes_at_a_move(workspace: Workspace, store: SnapshotStore) -> None:
    root = workspace.root
    (root / ".gitignore").write_bytes(b"")  # the agent's own rules do not count
    for name in ("build/out.o", "x.log", "src/__pycache__/a.cpython-311.pyc", ".pytest_cache/x", "pkg.egg-info/PKG"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"left")
    (root / "keep.log").write_bytes(b"kept")
    node = workspace.capture(subject="s")
    assert store.changed_paths(store.base, node) == (".gitignore", "keep.log")
    workspace.move(store.base)
    assert snapshot_content(root) == store_content(store, store.base)
    assert not (root / "build").exists()


def test_a_tracked_file_counts_although_ignored(new_repository, tmp_path: Path) -> None:
    user = new_repository("u")
    user.write({".gitignore": b"out/\n", "out/kept.txt": b"1"})
    user.git("add", "-f", "out/kept.txt")
    user.commit()
    store = SnapshotStore.create(tmp_path / "g", user.root)
    workspace = Workspace(store, tmp_path / "w")
    workspace.move(store.base)
    (workspace.root / "out/kept.txt").write_bytes(b"2")
    (workspace.root / "out/new.txt").write_bytes(b"2")
    assert store.changed_paths(store.base, workspace.capture(subject="s")) == ("out/kept.txt",)


def test_base_content_has_one_old_time_and_changes_a_second_of_their_own(
    workspace: Workspace, store: SnapshotStore
) -> None:
    first = store.commit(store.base, {"src/a.py": Change(b"x = 2\n")}, subject="s")
    second = store.commit(store.base, {"src/a.py": Change(b"x = 3\n")}, subject="s")
    file = workspace.root / "src/a.py"
    times = []
    for snapshot in (store.base, first, second, first, store.base):
        workspace.move(snapshot)
        times.append(int(file.stat().st_mtime))
        assert int((workspace.root / "README.md").stat().st_mtime) == EPOCH
    assert times[0] == times[4] == EPOCH
    assert len(set(times[1:4])) == 3
    workspace.write("src/a.py", b"x = 4\n")
    assert int(file.stat().st_mtime) not in times
    workspace.write("src/a.py", b"x = 1\n")
    assert workspace.capture(subject="s") == store.base
    workspace.move(store.base)
    assert int(file.stat().st_mtime) == EPOCH


def test_no_stale_bytecode_after_an_edit_of_equal_size(new_repository, tmp_path: Path) -> None:
    user = new_repository("u")
    user.commit({"m.py": b"VALUE = 1\n"})
    store = SnapshotStore.create(tmp_path / "g", user.root)
    nodes = [store.commit(store.base, {"m.py": Change(b"VALUE = %d\n" % value)}, subject="s") for value in (2, 3)]
    workspace = Workspace(store, tmp_path / "w")
    for snapshot, value in ((store.base, "1"), (nodes[0], "2"), (nodes[1], "3"), (store.base, "1")):
        workspace.move(snapshot)
        assert imported(workspace.root, "m.VALUE") == value
        compileall.compile_dir(workspace.root, quiet=2)
    for value in range(4, 8):
        workspace.write("m.py", b"VALUE = %d\n" % value)
        assert imported(workspace.root, "m.VALUE") == str(value)
        node = workspace.capture(subject="s")
        assert store.read(node, "m.py") == b"VALUE = %d\n" % value


def test_an_edit_of_equal_size_right_after_a_capture_is_seen(workspace: Workspace, store: SnapshotStore) -> None:
    file = workspace.root / "src/a.py"
    for value in range(30):
        with file.open("r+b") as opened:
            opened.write(b"x = %d\n" % (value % 10 if value % 2 else 5))
        node = workspace.capture(subject="s")
        assert store.read(node, "src/a.py") == file.read_bytes()


def test_restored_times_do_not_hide_an_edit(workspace: Workspace, store: SnapshotStore) -> None:
    file = workspace.root / "src/a.py"
    before = file.stat()
    file.write_bytes(b"x = 7\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert store.read(workspace.capture(subject="s"), "src/a.py") == b"x = 7\n"


def test_planted_git_folders_are_never_read_and_are_removed(
    workspace: Workspace, store: SnapshotStore, tmp_path: Path
) -> None:
    canary = tmp_path / "canary"
    root = workspace.root
    for place in (root, root / "vendor"):
        nested = Repository(place).init()
        nested.git("config", "core.fsmonitor", f"touch {canary}")
        nested.git("config", "filter.x.clean", f"touch {canary}; cat")
        nested.git("config", "filter.x.smudge", f"touch {canary}; cat")
        nested.git("config", "diff.x.textconv", f"touch {canary}; cat")
        nested.git("config", "diff.external", f"touch {canary}")
        hook = place / ".git/hooks/post-checkout"
        hook.write_text(f"#!/bin/sh\ntouch {canary}\n")
        hook.chmod(0o755)
    (root / ".gitattributes").write_bytes(b"* filter=x diff=x\n")
    (root / "vendor/code.py").write_bytes(b"v\n")
    (root / "src/.GIT").mkdir()
    (root / "src/.GIT/config").write_bytes(b"[core]\n")
    canary.unlink(missing_ok=True)  # planting it may have set it off
    node = workspace.capture(subject="s")
    assert store.changed_paths(store.base, node) == (".gitattributes", "vendor/code.py")
    patch = store.diff(store.base, node)
    assert "vendor/code.py" in patch
    store.apply_patch(store.base, patch)
    workspace.move(node)
    assert not [path for path in picture(root) if ".git" in path.lower().split("/")]
    workspace.move(store.base)
    assert snapshot_content(root) == store_content(store, store.base)
    assert not canary.exists()


def test_links_never_lead_out(workspace: Workspace, store: SnapshotStore, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.py").write_bytes(b"secret")
    root = workspace.root
    (root / "src/a.py").unlink()
    (root / "src/b.py").unlink()
    (root / "src/deep/er/c.txt").unlink()
    (root / "src/deep/er").rmdir()
    (root / "src/deep").rmdir()
    (root / "src").rmdir()
    (root / "src").symlink_to(outside)
    (root / "README.md").unlink()
    (root / "README.md").symlink_to(outside / "a.py")
    for path in ("src/a.py", "README.md"):
        with pytest.raises(InputError, match="links are not followed"):
            workspace.read(path)
        with pytest.raises(InputError, match="links are not followed"):
            workspace.write(path, b"overwritten")
        assert not workspace.exists(path)
    with pytest.raises(InputError, match="links are not followed"):
        workspace.listdir("src")
    node = workspace.capture(subject="s")
    assert b"secret" not in [store.read(node, entry.path) for entry in store.files(node)]
    workspace.move(store.base)
    assert (outside / "a.py").read_bytes() == b"secret"
    assert names_in(outside) == ["a.py"]
    assert snapshot_content(root) == store_content(store, store.base)


def test_a_hard_link_is_not_written_through(workspace: Workspace, store: SnapshotStore, tmp_path: Path) -> None:
    other = tmp_path / "other"
    os.link(workspace.root / "src/a.py", other)
    workspace.move(store.commit(store.base, {"src/a.py": Change(b"x = 2\n")}, subject="s"))
    workspace.write("src/a.py", b"x = 3\n")
    assert other.read_bytes() == b"x = 1\n"


def test_files_that_resist_removal_are_removed(workspace: Workspace, store: SnapshotStore) -> None:
    root = workspace.root
    (root / "locked/inner").mkdir(parents=True)
    (root / "locked/inner/file").write_bytes(b"x")
    (root / "locked/inner").chmod(0)
    (root / "locked").chmod(0o500)
    (root / "src/a.py").chmod(0o6777)
    (root / "src").chmod(0o555)
    here = root
    for _ in range(19):
        here /= "d" * 200
        here.mkdir()
    here = os.open(root, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("e", dir_fd=here)
        inner = os.open("e", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    workspace.move(store.base)
    assert snapshot_content(root) == store_content(store, store.base)
    assert names_in(root) == sorted({path.split("/")[0] for path in store_content(store, store.base)})
    assert stat.S_IMODE((root / "src/a.py").stat().st_mode) == 0o644


def test_set_user_id_bits_are_scrubbed_by_a_capture(workspace: Workspace, store: SnapshotStore) -> None:
    shell = workspace.root / "shell"
    shell.write_bytes(b"#!/bin/sh\n")
    shell.chmod(0o6755)
    node = workspace.capture(subject="s")
    assert {entry.path: entry.mode for entry in store.files(node)}["shell"] == 0o100755
    assert stat.S_IMODE(shell.stat().st_mode) == 0o755


def test_a_huge_file_is_left_out_and_named(workspace: Workspace, store: SnapshotStore) -> None:
    with (workspace.root / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    assert workspace.capture(subject="s") == store.base
    assert workspace.skipped == ("sparse",)


def test_the_files_of_a_workspace_by_name(workspace: Workspace) -> None:
    workspace.write("new/file.py", b"1")
    workspace.write("run.sh", b"2")
    assert workspace.read("new/file.py") == b"1"
    assert workspace.listdir() == sorted(
        [".gitignore", "README.md", "data.bin", "link", "new/", "run.sh", "src/", "tests/"]
    )
    assert workspace.listdir("new") == ["file.py"]
    assert "new/file.py" in workspace.paths()
    assert os.access(workspace.root / "run.sh", os.X_OK)
    workspace.delete("new/file.py")
    for read in (workspace.read, workspace.delete):
        with pytest.raises(FileNotFoundError):
            read("new/file.py")
    with pytest.raises(FileNotFoundError):
        workspace.listdir("nowhere")
    for path in ("../x", "/etc/passwd", ".git/config", "a/../../x"):
        for call in (workspace.read, workspace.delete, workspace.listdir, workspace.exists):
            with pytest.raises(InputError):
                call(path)
        with pytest.raises(InputError):
            workspace.write(path, b"")
    with pytest.raises(InputError, match="not a regular file"):
        workspace.write("src", b"")
    with pytest.raises(InputError, match="not a folder"):
        workspace.write("README.md/x", b"")


def test_submodules_are_empty_folders_and_stay_in_the_tree(repository: Repository, tmp_path: Path) -> None:
    commit = repository.git("rev-parse", "HEAD")
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{commit},sub")
    repository.git("commit", "-q", "-m", "submodule")
    store = SnapshotStore.create(tmp_path / "g", repository.root)
    assert store.submodules == ("sub",)
    workspace = Workspace(store, tmp_path / "w")
    workspace.move(store.base)
    assert names_in(workspace.root / "sub") == []
    (workspace.root / "sub/file").write_bytes(b"x")
    assert workspace.capture(subject="s") == store.base
    workspace.write("src/a.py", b"x = 5\n")
    assert store.changed_paths(store.base, workspace.capture(subject="s")) == ("src/a.py",)
    workspace.move(store.base)
    assert names_in(workspace.root / "sub") == []
