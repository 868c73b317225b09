import subprocess
from pathlib import Path

import pytest
from snapshot_helpers import Repository, store_content

from tools.errors import InputError
from tools.snapshots import Change, SnapshotFiles, SnapshotStore, patch_bytes


def test_base_is_one_parentless_commit_without_history_or_remotes(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"src/a.py": b"x = 2\n"}, "second")
    repository.git("tag", "v1")
    later = repository.commit({"fix.py": b"the fix\n"}, "the future fix")
    store = SnapshotStore.create(tmp_path / "g", repository.root, "v1")
    ours = Repository(store.git_dir)
    assert ours.git("rev-list", "--all").split() == [store.base]
    assert ours.git("for-each-ref", "--format=%(refname)") == "refs/heads/base"
    assert ours.git("remote") == ""
    assert ours.git("rev-parse", f"{store.base}^{{tree}}") == repository.git("rev-parse", "v1^{tree}")
    assert store.source_commit == repository.git("rev-parse", "v1") != later
    assert "fix.py" not in {entry.path for entry in store.files(store.base)}


def test_files_and_read_agree_with_git(store: SnapshotStore, repository: Repository) -> None:
    listed = repository.git("ls-tree", "-r", "-l", "HEAD").splitlines()
    assert len(listed) == len(store.files(store.base)) == 9
    for entry, line in zip(store.files(store.base), listed, strict=True):
        mode, _, blob, size, path = line.split()
        assert (entry.path, entry.mode, entry.blob, entry.size) == (path, int(mode, 8), blob, int(size))
    assert store.read(store.base, "src/deep/er/c.txt") == b"caf\xe9\r\n"
    assert store.read(store.base, "link") == b"src/a.py"
    with pytest.raises(InputError, match="not a file"):
        store.read(store.base, "src")


def test_commit_changes_adds_deletes_and_keeps_the_execute_bit(store: SnapshotStore) -> None:
    changes = {
        "src/b.py": Change(None),
        "run.sh": Change(b"#!/bin/bash\n"),
        "new/dir/file": Change(b"n", executable=True),
        "also": Change(b"README.md", link=True),
    }
    node = store.commit(store.base, changes, subject="a\nnode", trailers={"Kind": "patch", "Score": "0.5"})
    expected = store_content(store, store.base)
    del expected["src/b.py"]
    expected |= {"run.sh": (True, b"#!/bin/bash\n"), "new/dir/file": (True, b"n"), "also": (None, b"README.md")}
    assert store_content(store, node) == expected
    assert store.changed_paths(store.base, node) == ("also", "new/dir/file", "run.sh", "src/b.py")
    assert store.trailers(node) == {"Kind": "patch", "Score": "0.5"}
    Repository(store.git_dir).git("fsck", "--strict")
    assert (
        Repository(store.git_dir).git("log", "-1", "--format=%s|%(trailers:key=Kind,valueonly)", node) == "a node|patch"
    )


def test_equal_work_gives_equal_ids(repository: Repository, tmp_path: Path) -> None:
    made = [SnapshotStore.create(tmp_path / name, repository.root) for name in ("one", "two")]
    assert made[0].base == made[1].base
    ids = {store.commit(store.base, {"a": Change(b"1")}, subject="s", trailers={"K": "v"}) for store in made}
    assert len(ids) == 1


def test_a_file_becomes_a_folder_and_back(store: SnapshotStore) -> None:
    folder = store.commit(store.base, {"README.md": Change(None), "README.md/part": Change(b"p")}, subject="s")
    assert store.read(folder, "README.md/part") == b"p"
    back = store.commit(folder, {"README.md/part": Change(None), "README.md": Change(b"# Demo\n")}, subject="s")
    assert store_content(store, back) == store_content(store, store.base)
    for changes in ({"README.md/part": Change(b"p")}, {"src": Change(b"file")}):
        with pytest.raises(InputError, match="folder"):
            store.commit(store.base, changes, subject="s")


@pytest.mark.parametrize("path", ["../x", "/x", "a/../b", ".git/config", "a/.GIT/hooks/x", "a//b", "", "a\\b", "git~1"])
def test_commit_refuses_paths(store: SnapshotStore, path: str) -> None:
    with pytest.raises(InputError):
        store.commit(store.base, {path: Change(b"x")}, subject="s")


def test_deleting_what_is_not_there_is_an_error(store: SnapshotStore) -> None:
    with pytest.raises(InputError, match="no such file"):
        store.commit(store.base, {"nothing": Change(None)}, subject="s")


def test_diff_is_applied_by_plain_git(store: SnapshotStore, repository: Repository) -> None:
    node = store.commit(
        store.base,
        {
            "src/deep/er/c.txt": Change(b"th\xe9\r\nno last newline \xff"),
            "data.bin": Change(bytes(range(255, -1, -1)) * 3),
            "run.sh": Change(None),
            "src/a.py": Change(b"x = 1\n", executable=True),
            "wei rd\n\tna\xe9me".encode("latin-1").decode("utf-8", "surrogateescape"): Change(b"w\n"),
            "-dash": Change(b""),
        },
        subject="s",
    )
    patch = store.diff(store.base, node)
    repository.git("apply", "--index", "-", stdin=patch_bytes(patch))
    assert repository.git("write-tree") == store.commit_of(node).tree
    assert store.diff(node, node) == ""
    again = store.apply_patch(store.base, patch)
    assert store.commit_of(again).tree == store.commit_of(node).tree


def test_repository_attributes_have_no_say_in_a_diff(new_repository, tmp_path: Path) -> None:
    user = new_repository("u")
    user.commit({".gitattributes": b"*.py -diff\n*.txt text eol=crlf diff=word\n", "a.py": b"x\n", "b.txt": b"b\n"})
    store = SnapshotStore.create(tmp_path / "g", user.root)
    node = store.commit(store.base, {"a.py": Change(b"y\n"), "b.txt": Change(b"c\n")}, subject="s")
    patch = store.diff(store.base, node)
    assert "-x\n+y\n" in patch
    assert "-b\n+c\n" in patch


def test_the_store_opens_again_and_keeps_names(store: SnapshotStore) -> None:
    node = store.commit(store.base, {"a": Change(b"1")}, subject="s")
    store.keep("n-1", node)
    store.close()
    opened = SnapshotStore.open(store.git_dir)
    assert (opened.base, opened.source, opened.source_commit) == (store.base, store.source, store.source_commit)
    assert opened.kept() == {"n-1": node}
    subprocess.run(["git", "--git-dir", store.git_dir, "gc", "-q", "--prune=now"], check=True)
    assert opened.read(node, "a") == b"1"
    for name in ("../x", "a/b", "", "x.lock", ".x"):
        with pytest.raises(InputError):
            opened.keep(name, node)
    with pytest.raises(InputError, match="not a store"):
        SnapshotStore.open(store.git_dir / "objects")
    with pytest.raises(InputError, match="already exists"):
        SnapshotStore.create(store.git_dir, store.source)


def test_wrong_snapshots_are_input_errors(store: SnapshotStore) -> None:
    tree = store.commit_of(store.base).tree
    for wrong in ("HEAD", "0" * 40, tree, f"{store.base}\n{store.base}"):
        with pytest.raises(InputError):
            store.files(wrong)
    assert store.read(store.base, "README.md") == b"# Demo\n"  # the reading process is in step again


def test_snapshot_files_reads_like_a_folder(store: SnapshotStore) -> None:
    node = store.commit(store.base, {"z.py": Change(b"z"), "src/a.py": Change(None)}, subject="s")
    files = SnapshotFiles(store, node)
    assert "z.py" in files.paths()
    assert "link" not in files.paths()
    assert not files.exists("src/a.py")
    assert files.read("z.py") == b"z"
    assert files.blob("README.md") == SnapshotFiles(store, store.base).blob("README.md")
    with pytest.raises(FileNotFoundError):
        files.read("src/a.py")
