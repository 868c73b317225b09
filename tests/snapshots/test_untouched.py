"""The user's repository is as it was, byte for byte, and nothing it configures ever runs."""

import os
from pathlib import Path

import pytest
from snapshot_helpers import FILES, Repository, picture, snapshot_content, store_content

from environments.workspaces import Workspace
from tools.errors import InputError
from tools.snapshots import Change, SnapshotStore, patch_bytes


def work(source: Path, folder: Path, *, include_uncommitted: bool) -> SnapshotStore:
    """All that a run does with a repository."""
    store = SnapshotStore.create(folder / "g", source, include_uncommitted=include_uncommitted)
    workspace = Workspace(store, folder / "w")
    workspace.move(store.base)
    workspace.write("src/a.py", b"x = 2\n")
    node = workspace.capture(subject="s")
    patch = store.diff(store.base, node)
    store.apply_patch(store.base, patch)
    store.keep("n", node)
    workspace.move(store.commit(node, {"tests/test_a.py": Change(None)}, subject="s"))
    store.close()
    return store


def make_dirty(repository: Repository) -> None:
    repository.write({"src/a.py": b"x = 100\n", "staged.txt": b"s", "untracked/new.txt": b"u", "x.log": b"ignored"})
    repository.git("add", "staged.txt")
    (repository.root / "src/b.py").unlink()
    (repository.root / "run.sh").chmod(0o644)


@pytest.mark.parametrize("include_uncommitted", [False, True])
def test_a_dirty_repository_is_untouched(repository: Repository, tmp_path: Path, include_uncommitted: bool) -> None:
    make_dirty(repository)
    before = picture(repository.root)
    times = {path: path.stat().st_mtime_ns for path in repository.root.rglob("*") if path.is_file()}
    store = work(repository.root, tmp_path / "run", include_uncommitted=include_uncommitted)
    assert picture(repository.root) == before
    assert {path: path.stat().st_mtime_ns for path in times} == times
    assert store.dirty
    assert store.uncommitted == ("run.sh", "src/a.py", "src/b.py", "staged.txt", "untracked/new.txt")
    if include_uncommitted:
        expected = {
            path: value
            for path, value in snapshot_content(repository.root).items()
            if not path.startswith(".git/") and path != "x.log"
        }
        assert store_content(store, store.base) == expected
    else:
        tree = Repository(store.git_dir).git("rev-parse", f"{store.base}^{{tree}}")
        assert tree == repository.git("rev-parse", "HEAD^{tree}")


def test_a_clean_repository_is_not_dirty(repository: Repository, tmp_path: Path) -> None:
    repository.write({"x.log": b"ignored", "build/out": b"ignored"})
    (repository.root / "README.md").touch()
    store = SnapshotStore.create(tmp_path / "g", repository.root, include_uncommitted=True)
    assert not store.dirty
    assert store.commit_of(store.base).tree == repository.git("rev-parse", "HEAD^{tree}")


def test_uncommitted_changes_need_a_work_tree_at_its_head(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"a": b"1"})
    with pytest.raises(InputError, match="at its HEAD"):
        SnapshotStore.create(tmp_path / "g", repository.root, "HEAD~1", include_uncommitted=True)
    repository.git("clone", "-q", "--bare", ".", str(tmp_path / "bare"))
    with pytest.raises(InputError, match="work tree"):
        SnapshotStore.create(tmp_path / "g", tmp_path / "bare", include_uncommitted=True)


def test_line_ends_and_filters_of_the_checkout_are_no_change(repository: Repository, tmp_path: Path) -> None:
    repository.commit(
        {".gitattributes": b"*.crlf text eol=crlf\n*.up filter=up\n", "a.crlf": b"1\n2\n", "b.up": b"low\n"}
    )
    repository.git("config", "filter.up.smudge", "tr a-z A-Z")
    repository.git("config", "filter.up.clean", "tr A-Z a-z")
    for name in ("a.crlf", "b.up"):
        (repository.root / name).unlink()
    repository.git("checkout", "-q", "--", ".")
    assert (repository.root / "a.crlf").read_bytes() == b"1\r\n2\r\n"
    assert (repository.root / "b.up").read_bytes() == b"LOW\n"
    index = repository.root / ".git/index"
    later = index.stat().st_mtime_ns + 10**9
    os.utime(index, ns=(later, later))
    store = SnapshotStore.create(tmp_path / "g", repository.root, include_uncommitted=True)
    assert store.uncommitted == ()


def test_sparse_files_nested_repositories_and_own_excludes(repository: Repository, tmp_path: Path) -> None:
    repository.git("update-index", "--skip-worktree", "data.bin")
    (repository.root / "data.bin").unlink()
    Repository(repository.root / "nested").init().commit({"f": b"1"})
    (repository.root / ".git/info/exclude").write_text("mine\n")
    repository.write({"mine": b"1"})
    with (repository.root / "huge").open("wb") as file:
        file.truncate(1 << 40)
    store = SnapshotStore.create(tmp_path / "g", repository.root, include_uncommitted=True)
    assert store.uncommitted == ()
    assert store.skipped == ("huge",)
    assert store.read(store.base, "data.bin") == FILES["data.bin"]


def test_a_hostile_repository_runs_nothing(repository: Repository, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    script = tmp_path / "fire"
    script.write_text(f'#!/bin/sh\necho "$0 $*" >> {canary}\ncat\n')
    script.chmod(0o755)
    repository.commit({".gitattributes": b"* filter=evil diff=evil merge=evil text=auto\n"})
    make_dirty(repository)
    hooks = repository.root / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for name in (
        "post-checkout",
        "pre-commit",
        "post-index-change",
        "reference-transaction",
        "pre-auto-gc",
        "post-commit",
    ):
        (hooks / name).write_bytes(script.read_bytes())
        (hooks / name).chmod(0o755)
    evil = {
        "core.fsmonitor": script,
        "core.hooksPath": hooks,
        "core.pager": script,
        "core.editor": script,
        "core.sshCommand": script,
        "core.alternateRefsCommand": script,
        "core.gitProxy": script,
        "core.askPass": script,
        "credential.helper": f"!{script}",
        "diff.external": script,
        "diff.evil.textconv": script,
        "diff.evil.command": script,
        "filter.evil.clean": script,
        "filter.evil.smudge": script,
        "filter.evil.process": script,
        "filter.evil.required": "true",
        "merge.evil.driver": script,
        "gpg.program": script,
        "uploadpack.packObjectsHook": script,
        "alias.rev-parse": f"!{script}",
        "alias.ls-files": f"!{script}",
        "alias.cat-file": f"!{script}",
        "include.path": "../evil.config",
        "extensions.partialClone": "origin",
        "remote.origin.url": f"ext::{script} x",
        "remote.origin.promisor": "true",
        "remote.origin.uploadpack": script,
        "remote.origin.vcs": "ext",
        "protocol.ext.allow": "always",
        "protocol.allow": "always",
        "log.showSignature": "true",
        "core.untrackedCache": "true",
        "core.splitIndex": "true",
    }
    repository.git("config", "core.repositoryFormatVersion", "1")
    config = repository.root / ".git/config"
    lines = []
    for key, value in evil.items():
        section, _, name = key.rpartition(".")
        first, _, rest = section.partition(".")
        lines.append(f'[{first} "{rest}"]' if rest else f"[{first}]")
        lines.append(f'\t{name} = "{value}"')
    config.write_text(config.read_text() + "\n".join(lines) + "\n")
    (repository.root / "evil.config").write_text(f"[core]\n\tfsmonitor = {script}\n")
    before = picture(repository.root)
    for include in (False, True):
        work(repository.root, tmp_path / f"run-{include}", include_uncommitted=include)
    with pytest.raises(InputError):
        SnapshotStore.create(tmp_path / "none", repository.root, "deadbeef" * 5)
    assert picture(repository.root) == before
    assert not canary.exists(), canary.read_text()


def test_the_canary_of_the_hostile_repository_can_sing(repository: Repository, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    repository.git("config", "core.fsmonitor", f"touch {canary}; false")
    repository.git("status")
    assert canary.exists()


def test_a_hostile_missing_object_fetches_nothing(repository: Repository, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    blob = repository.git("rev-parse", "HEAD:src/a.py")
    (repository.root / ".git/objects" / blob[:2] / blob[2:]).unlink()
    for key, value in {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.url": str(tmp_path / "other"),
        "remote.origin.uploadpack": f"touch {canary}; false",
        "remote.origin.promisor": "true",
    }.items():
        repository.git("config", key, value)
    Repository(tmp_path / "other").init()
    with pytest.raises(InputError, match="missing"):
        SnapshotStore.create(tmp_path / "g", repository.root)
    assert not canary.exists()


def test_a_patch_comes_back_to_a_work_tree_with_other_line_ends(repository: Repository, tmp_path: Path) -> None:
    repository.commit({".gitattributes": b"*.txt text eol=crlf\n", "t.txt": b"1\n2\n3\n"})
    (repository.root / "t.txt").unlink()
    repository.git("checkout", "-q", "--", ".")
    store = SnapshotStore.create(tmp_path / "g", repository.root)
    node = store.commit(store.base, {"t.txt": Change(b"1\n2\nthree\n")}, subject="s")
    repository.git("apply", "-", stdin=patch_bytes(store.diff(store.base, node)))
    assert (repository.root / "t.txt").read_bytes() == b"1\r\n2\r\nthree\r\n"
