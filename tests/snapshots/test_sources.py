"""Every kind of repository a person may name, and what cannot be one."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from snapshot_helpers import Repository, store_content

from tools.errors import InputError
from tools.snapshots import Change, SnapshotStore

New = Callable[[str], Repository]


def content(source: Path, folder: Path, base: str = "HEAD") -> dict[str, bytes]:
    store = SnapshotStore.create(folder / "g", source, base)
    try:
        return {path: data for path, (_, data) in store_content(store, store.base).items()}
    finally:
        store.close()


def test_a_linked_work_tree_and_a_folder_inside(new_repository: New, tmp_path: Path) -> None:
    main = new_repository("u")
    main.commit({"a/f": b"1"})
    main.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "linked"))
    Repository(tmp_path / "linked").commit({"a/f": b"2"})
    assert content(tmp_path / "linked" / "a", tmp_path / "1") == {"a/f": b"2"}
    assert content(main.root, tmp_path / "2") == {"a/f": b"1"}
    store = SnapshotStore.open(tmp_path / "1" / "g")
    assert store.source == tmp_path / "linked"


def test_bare_shallow_detached_and_borrowing(new_repository: New, tmp_path: Path) -> None:
    user = new_repository("u")
    first = user.commit({"f": b"1"})
    user.commit({"f": b"2"})
    user.git("clone", "-q", "--bare", str(user.root), str(tmp_path / "bare.git"))
    assert content(tmp_path / "bare.git", tmp_path / "1", first) == {"f": b"1"}
    user.git("clone", "-q", "--depth=1", f"file://{user.root}", str(tmp_path / "shallow"))
    assert content(tmp_path / "shallow", tmp_path / "2") == {"f": b"2"}
    user.git("clone", "-q", "--shared", str(user.root), str(tmp_path / "one"))
    user.git("clone", "-q", "--shared", str(tmp_path / "one"), str(tmp_path / "two"))
    alternates = tmp_path / "two/.git/objects/info/alternates"
    alternates.write_text("# borrowed\n../../../one/.git/objects\n")
    relative = tmp_path / "one/.git/objects/info/alternates"
    relative.write_text('"../../../\\165/.git/objects"\n')
    assert content(tmp_path / "two", tmp_path / "3") == {"f": b"2"}
    user.git("checkout", "-q", first)
    assert content(user.root, tmp_path / "4") == {"f": b"1"}


def test_a_folder_with_a_difficult_name(new_repository: New, tmp_path: Path) -> None:
    user = new_repository("#a \"b\"\\ é:\n'c'")
    user.commit({"f": b"1"})
    assert content(user.root, tmp_path / "1") == {"f": b"1"}


def test_packed_and_pointer_files_and_odd_modes(new_repository: New, tmp_path: Path) -> None:
    user = new_repository("u")
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    user.commit({"big": pointer, ".gitattributes": b"big filter=lfs diff=lfs merge=lfs -text\n", "old": b"o"})
    blob = user.git("rev-parse", "HEAD:old")
    tree = user.git("mktree", stdin=f"100664 blob {blob}\told\n".encode())
    assert tree
    user.git("gc", "-q")
    assert content(user.root, tmp_path / "1")["big"] == pointer


def test_an_empty_tree(new_repository: New, tmp_path: Path) -> None:
    user = new_repository("u")
    user.commit({})
    store = SnapshotStore.create(tmp_path / "g", user.root)
    assert store.files(store.base) == ()
    node = store.commit(store.base, {"a": Change(b"1")}, subject="s")
    emptied = store.commit(node, {"a": Change(None)}, subject="s")
    assert store.files(emptied) == ()
    assert store.diff(store.base, emptied) == ""


def test_a_stale_lock_is_not_minded(repository: Repository, tmp_path: Path) -> None:
    (repository.root / ".git/index.lock").write_bytes(b"")
    (repository.root / ".git/HEAD.lock").write_bytes(b"")
    assert SnapshotStore.create(tmp_path / "g", repository.root, include_uncommitted=True).base


def refused(source: Path, folder: Path, base: str = "HEAD") -> InputError:
    with pytest.raises(InputError) as caught:
        SnapshotStore.create(folder / "g", source, base)
    assert not list(folder.glob("g")) + list(folder.glob(".g-*"))
    return caught.value


def test_what_is_no_repository(tmp_path: Path, new_repository: New) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "file").write_bytes(b"")
    assert "not a git repository" in str(refused(tmp_path / "plain", tmp_path))
    assert "not a folder" in str(refused(tmp_path / "file", tmp_path))
    assert "not a folder" in str(refused(tmp_path / "nothing", tmp_path))
    empty = refused(new_repository("empty").root, tmp_path)
    assert "no commits" in str(empty)
    assert "git commit" in empty.hint


def test_sha256_objects_are_refused(tmp_path: Path) -> None:
    user = Repository(tmp_path / "u")
    user.git("init", "-q", "--object-format=sha256")
    user.commit({"f": b"1"})
    assert "SHA-256" in str(refused(user.root, tmp_path))


def test_an_unknown_revision_gets_a_suggestion(repository: Repository, tmp_path: Path) -> None:
    repository.git("branch", "release-1.2")
    error = refused(repository.root, tmp_path, "relase-1.2")
    assert "no revision 'relase-1.2'" in str(error)
    assert "release-1.2" in error.hint
    assert "main" in refused(repository.root, tmp_path, "mian").hint
    for wrong in ("--all", "", "HEAD\n", "HEAD:src", "HEAD~99"):
        refused(repository.root, tmp_path, wrong)
    repository.git("symbolic-ref", "HEAD", "refs/heads/unborn")
    assert "--base" in refused(repository.root, tmp_path).hint


def test_a_mirror_without_its_large_files(new_repository: New, tmp_path: Path) -> None:
    user = new_repository("u")
    user.git("config", "uploadpack.allowFilter", "true")
    files = {"src/a.py": b"1", "src/table.dat": os.urandom(5000), "src/b.py": b"#" * 5000}
    first = user.commit({path: files[path] for path in ("src/a.py", "src/table.dat")})
    second = user.commit(files)
    mirror = tmp_path / "mirror.git"
    user.git("clone", "-q", "--mirror", "--filter=blob:limit=1k", f"file://{user.root}", str(mirror))

    def no_source(path: str) -> bool:
        return not path.endswith(".py")

    assert "'src/table.dat' is missing" in str(refused(mirror, tmp_path, first))
    store = SnapshotStore.create(tmp_path / "1", mirror, first, may_lack=no_source)
    assert store.missing == ("src/table.dat",)
    assert {path: data for path, (_, data) in store_content(store, store.base).items()} == {
        "src/a.py": b"1",
        "src/table.dat": b"",
    }
    assert SnapshotStore.open(tmp_path / "1").missing == ("src/table.dat",)
    with pytest.raises(InputError, match=r"'src/b\.py' is missing"):
        SnapshotStore.create(tmp_path / "2", mirror, second, may_lack=no_source)
    name = user.git("rev-parse", "HEAD:src/table.dat")
    (user.root / ".git/objects" / name[:2] / name[2:]).unlink()
    with pytest.raises(InputError, match="missing"):  # a work tree is not a mirror
        SnapshotStore.create(tmp_path / "3", user.root, may_lack=no_source)


def test_damaged_and_missing_objects(new_repository: New, tmp_path: Path) -> None:
    user = new_repository("u")
    user.commit({"f": b"1", "d/g": os.urandom(5000)})

    def loose(revision: str) -> Path:
        name = user.git("rev-parse", revision)
        path = user.root / ".git/objects" / name[:2] / name[2:]
        path.chmod(0o644)
        return path

    blob = loose("HEAD:d/g")
    kept = blob.read_bytes()
    blob.unlink()
    assert "'d/g' is missing or damaged" in str(refused(user.root, tmp_path))
    blob.write_bytes(kept[:2000])
    store = SnapshotStore.create(tmp_path / "damaged", user.root)
    with pytest.raises(InputError, match="damaged"):
        store.read(store.base, "d/g")
    assert store.read(store.base, "f") == b"1"
    tree = loose("HEAD:d")
    tree.write_bytes(b"garbage")
    assert "cannot be listed" in str(refused(user.root, tmp_path))
    commit = loose("HEAD")
    commit.write_bytes(b"garbage")
    assert "git fsck" in refused(user.root, tmp_path).hint


@pytest.mark.parametrize("name", [".git", "..", ".GIT", "git~1"])
def test_a_tree_that_git_would_not_check_out(new_repository: New, tmp_path: Path, name: str) -> None:
    user = new_repository("u")
    user.commit({"f": b"1"})
    blob = user.git("rev-parse", "HEAD:f")
    inner = user.git("mktree", stdin=f"100644 blob {blob}\tconfig\n".encode())
    body = b"40000 " + name.encode() + b"\0" + bytes.fromhex(inner)
    tree = user.git("hash-object", "-t", "tree", "-w", "--stdin", "--literally", stdin=body)
    commit = user.git("commit-tree", tree, "-m", "evil")
    assert "the repository holds" in str(refused(user.root, tmp_path, commit))


def test_a_name_twice_in_a_tree(new_repository: New, tmp_path: Path) -> None:
    user = new_repository("u")
    user.commit({"f": b"/etc"})
    blob = user.git("rev-parse", "HEAD:f")
    inner = user.git("mktree", stdin=f"100644 blob {blob}\tpasswd\n".encode())
    body = b"120000 a\0" + bytes.fromhex(blob) + b"40000 a\0" + bytes.fromhex(inner)
    tree = user.git("hash-object", "-t", "tree", "-w", "--stdin", "--literally", stdin=body)
    commit = user.git("commit-tree", tree, "-m", "evil")
    assert "git fsck" in refused(user.root, tmp_path, commit).hint


def test_the_callers_git_variables_have_no_say(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Repository(tmp_path / "other").init()
    other.commit({"wrong": b""})
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"):
        monkeypatch.setenv(name, str(other.root / ".git"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'core.bare=true'")
    store = SnapshotStore.create(tmp_path / "g", repository.root)
    node = store.commit(store.base, {"src/a.py": Change(b"x = 2\n")}, subject="s")
    patch = store.diff(store.base, node)
    assert "+x = 2" in patch
    assert store.commit_of(store.apply_patch(store.base, patch)).tree == store.commit_of(node).tree


def test_a_repository_of_another_user(repository: Repository, tmp_path: Path) -> None:
    done = subprocess.run(["chown", "-R", "12345:12345", repository.root], check=False)
    if done.returncode:
        pytest.skip("only root can give files away")
    assert SnapshotStore.create(tmp_path / "g", repository.root).base
