"""The run's own repository: one squashed base commit, one commit per node, nothing else."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tools.errors import InputError
from tools.snapshots import commits
from tools.snapshots.command import GitFailed, run_git
from tools.snapshots.commits import Commit
from tools.snapshots.listing import TreeEntry, list_tree
from tools.snapshots.objects import ObjectDatabase, is_object_id
from tools.snapshots.patches import check_patch, patch_bytes
from tools.snapshots.paths import check_path, link_escapes
from tools.snapshots.source import Source, find_source, quote
from tools.snapshots.trees import EXECUTABLE, FILE, FOLDER, LINK, SUBMODULE, Entry, Trees, decode_name
from tools.snapshots.uncommitted import WorkTree, mode_of

_RECORD = "treewright.json"
_VERSION = 1
_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n\tlogAllRefUpdates = false\n[gc]\n\tauto = 0\n"
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]|\.(?=[A-Za-z0-9_-]))*")


@dataclass(frozen=True)
class Change:
    """What becomes of one path.

    Attributes:
        content: the new bytes, for a link its target; None deletes the path.
        executable: the execute bit; None keeps the one the file has.
        link: the path becomes a symbolic link.
    """

    content: bytes | None
    executable: bool | None = None
    link: bool = False


class SnapshotStore:
    """Snapshots of one repository as commits in a bare repository that borrows the user's objects.

    Open one with `create` or `open`. Blocking; safe to share between threads.

    Attributes:
        git_dir: the bare repository.
        source: the root of the user's work tree, or the user's bare repository.
        source_commit: the user's commit that the base was made of.
        base: the squashed base commit.
        uncommitted: paths of the user's work tree that differed from its HEAD when the store was made.
        skipped: files too large to be taken with the uncommitted changes.
        missing: files that are empty in the base, since the source lacks their content.
    """

    def __init__(self, git_dir: Path, record: Mapping[str, object]) -> None:
        self.git_dir = git_dir
        self.source = Path(str(record["source"]))
        self.source_commit = str(record["source_commit"])
        self.base = str(record["base"])
        self.uncommitted = _texts(record["uncommitted"])
        self.skipped = _texts(record["skipped"])
        self.missing = _texts(record.get("missing", []))
        self.database = ObjectDatabase(git_dir)
        self.trees = Trees(self.database)
        self._commits = lru_cache(maxsize=1 << 14)(self._read_commit)
        self._listing = lru_cache(maxsize=4)(self._list)
        self._base_listing: dict[str, TreeEntry] | None = None
        self._base_entries: dict[str, Entry] | None = None

    @property
    def dirty(self) -> bool:
        """Whether the user's work tree differed from its HEAD when the store was made."""
        return bool(self.uncommitted)

    @classmethod
    def create(
        cls,
        git_dir: Path,
        source: Path,
        base: str = "HEAD",
        *,
        include_uncommitted: bool = False,
        may_lack: Callable[[str], bool] | None = None,
    ) -> SnapshotStore:
        """Make the run's repository; it appears whole or not at all.

        Args:
            git_dir: where; must not exist.
            source: the user's repository: a work tree (a folder in it will do), a linked work tree, or a bare one.
            base: the revision to start from.
            include_uncommitted: take the work tree as it is: changed, deleted and untracked files that are not ignored.
            may_lack: the paths that become empty files when a bare `source` lacks their content, as a mirror does that
                was cloned with `--filter=blob:limit=...`; None: nothing may be missing.

        Raises:
            InputError: `source` or `base` cannot be used, with the reason.
        """
        git_dir = Path(git_dir).absolute()
        found = find_source(Path(source), base)
        if git_dir.exists():
            raise InputError(f"{git_dir} already exists", hint="choose another folder, or resume the run")
        git_dir.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=f".{git_dir.name}-", dir=git_dir.parent))
        try:
            record = _fill(building, found, base, include_uncommitted, may_lack)
            building.chmod(0o755)
            building.rename(git_dir)
        finally:
            shutil.rmtree(building, ignore_errors=True)
        return cls(git_dir, record)

    @classmethod
    def open(cls, git_dir: Path) -> SnapshotStore:
        """Open what `create` made.

        Raises:
            InputError: it is no snapshot store, or was made by a later version.
        """
        git_dir = Path(git_dir).absolute()
        try:
            record = json.loads((git_dir / _RECORD).read_text())
            if record["version"] != _VERSION:
                raise InputError(f"{git_dir} was made by another version of Treewright", hint="use that version")
            return cls(git_dir, record)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{git_dir} is not a store of snapshots ({error})", hint="start a new run") from error

    def close(self) -> None:
        """End the helper process."""
        self.database.close()

    def commit_of(self, snapshot: str) -> Commit:
        """The commit behind a snapshot.

        Raises:
            InputError: there is no such snapshot.
        """
        if not is_object_id(snapshot):
            raise InputError(f"{snapshot!r} is not the id of a snapshot")
        return self._commits(snapshot)

    def trailers(self, snapshot: str) -> dict[str, str]:
        """The trailers a snapshot was committed with."""
        return self.commit_of(snapshot).trailers

    def entries(self, snapshot: str) -> dict[str, Entry]:
        """Path to mode and blob, submodules included; a new dictionary each time."""
        if self._base_entries is None:
            self._base_entries = {path: Entry(item.mode, item.blob) for path, item in self._base_files().items()}
        found = dict(self._base_entries)
        for path, _, new in self.changed_entries(self.base, snapshot):
            if new is None:
                found.pop(path, None)
            else:
                found[path] = new
        return found

    def files(self, snapshot: str) -> tuple[TreeEntry, ...]:
        """The files and links of a snapshot, sorted by path; submodules are left out (`submodules`)."""
        listed = self._listing(snapshot).values()
        return tuple(sorted(item for item in listed if item.mode != SUBMODULE))

    @property
    def submodules(self) -> tuple[str, ...]:
        """Paths of the base's submodules; a workspace holds them as empty folders."""
        return tuple(sorted(path for path, item in self._base_files().items() if item.mode == SUBMODULE))

    def read(self, snapshot: str, path: str) -> bytes:
        """The bytes of a file, or the target of a link.

        Raises:
            InputError: there is no such file.
        """
        entry = self.trees.find(self.commit_of(snapshot).tree, path)
        if entry is None or entry.mode in (FOLDER, SUBMODULE):
            raise InputError(f"{path!r} is not a file of this snapshot")
        return self.database.read(entry.blob)

    def commit(
        self, parent: str, changes: Mapping[str, Change], *, subject: str, trailers: Mapping[str, str] | None = None
    ) -> str:
        """Commit `changes` on top of a snapshot, with no workspace; none at all makes a commit with the same tree.

        Raises:
            InputError: a path must not be written, is deleted but not there, or would be both file and folder.
        """
        tree = self.commit_of(parent).tree
        entries: dict[str, Entry | None] = {}
        for path, change in changes.items():
            old = self.trees.find(tree, path)
            if old is None:
                check_path(path)
            entries[path] = self._entry(path, change, old)
        return self.commit_tree(parent, self.trees.update(tree, entries), subject=subject, trailers=trailers)

    def commit_tree(self, parent: str, tree: str, *, subject: str, trailers: Mapping[str, str] | None = None) -> str:
        """Commit a tree of this store on top of a snapshot."""
        time = self.commit_of(parent).time + 1
        data = commits.format_commit(tree, parents=(parent,), time=time, subject=subject, trailers=trailers or {})
        return self.database.write(data, "commit")

    def diff(self, old: str, new: str) -> str:
        """The patch from one snapshot to another, as plain `git apply` takes it.

        Binary files are carried, renames are not guessed, attributes and configuration play no part. Bytes that are
        no UTF-8 are lone surrogates: write `patch_bytes(patch)` to a file.
        """
        trees = (self.commit_of(old).tree, self.commit_of(new).tree)
        options = ("--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "--no-indent-heuristic")
        form = ("-p", "-r", "--binary", "--full-index", "--src-prefix=a/", "--dst-prefix=b/", "--diff-algorithm=myers")
        out = run_git("diff-tree", *form, *options, "--end-of-options", *trees, git_dir=self.git_dir)
        return out.decode("utf-8", "surrogateescape")

    def changed_paths(self, old: str, new: str) -> tuple[str, ...]:
        """Paths whose content, mode or kind differs, sorted."""
        return tuple(sorted(path for path, _, _ in self.changed_entries(old, new)))

    def changed_entries(self, old: str, new: str) -> list[tuple[str, Entry | None, Entry | None]]:
        """Paths that differ, with the entry in each snapshot."""
        return list(self.trees.diff(self.commit_of(old).tree, self.commit_of(new).tree))

    def apply_patch(
        self,
        parent: str,
        patch: str,
        *,
        subject: str = "Apply a patch",
        trailers: Mapping[str, str] | None = None,
    ) -> str:
        """Commit what a patch makes of a snapshot; it applies whole, without fuzz, or not at all.

        Raises:
            InputError: it does not apply, or would write what it must not; the message says which.
        """
        check_patch(patch)
        tree = self.commit_of(parent).tree
        with tempfile.TemporaryDirectory(prefix="index-", dir=self.git_dir) as folder:
            variables = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            run_git("read-tree", tree, git_dir=self.git_dir, variables=variables)
            try:
                apply = ("apply", "--cached", "--whitespace=nowarn", "-")
                run_git(*apply, git_dir=self.git_dir, stdin=patch_bytes(patch), variables=variables)
            except GitFailed as error:
                reason = str(error).replace("error: ", "").replace("\n", "; ")
                raise InputError(f"the patch does not apply: {reason}") from error
            after = run_git("write-tree", "--missing-ok", git_dir=self.git_dir, variables=variables).decode().strip()
        for path, old, new in self.trees.diff(tree, after):
            self._check_patched(path, old, new)
        return self.commit_tree(parent, after, subject=subject, trailers=trailers)

    def keep(self, name: str, snapshot: str) -> None:
        """Name a snapshot, so that no clean-up of the repository takes it away: `refs/nodes/NAME`.

        Raises:
            InputError: the name is not made of letters, digits, `_`, `-` and inner dots.
        """
        if not _NAME.fullmatch(name) or name.endswith(".lock"):
            raise InputError(f"{name!r} cannot name a snapshot")
        self.commit_of(snapshot)
        _write(self.git_dir / "refs" / "nodes" / name, f"{snapshot}\n")

    def kept(self) -> dict[str, str]:
        """Names given with `keep`, with their snapshots."""
        refs = sorted((self.git_dir / "refs" / "nodes").iterdir())
        return {ref.name: ref.read_text().strip() for ref in refs if not ref.name.startswith(".")}

    def _read_commit(self, snapshot: str) -> Commit:
        return commits.parse_commit(self.database.read(snapshot, "commit"))

    def _base_files(self) -> dict[str, TreeEntry]:
        if self._base_listing is None:
            self._base_listing, _ = list_tree(self.git_dir, self.commit_of(self.base).tree)
        return self._base_listing

    def _list(self, snapshot: str) -> dict[str, TreeEntry]:
        listed = dict(self._base_files())
        for path, _, new in self.changed_entries(self.base, snapshot):
            listed.pop(path, None)
            if new is not None:
                size = 0 if new.mode == SUBMODULE else len(self.database.read(new.blob))
                listed[path] = TreeEntry(path, new.mode, new.blob, size)
        return listed

    def _entry(self, path: str, change: Change, old: Entry | None) -> Entry | None:
        if old is not None and old.mode in (FOLDER, SUBMODULE) and change.content is None:
            raise InputError(f"cannot delete {path!r}: it is not a file")
        if change.content is None:
            if old is None:
                raise InputError(f"cannot delete {path!r}: there is no such file")
            return None
        blob = self.database.write(change.content)
        if change.link:
            return Entry(LINK, blob)
        kept = old is not None and old.mode not in (LINK, FOLDER) and bool(old.mode & 0o100)
        executable = kept if change.executable is None else change.executable
        return Entry(EXECUTABLE if executable else FILE, blob)

    def _check_patched(self, path: str, old: Entry | None, new: Entry | None) -> None:
        if old is None:
            check_path(path)
        if SUBMODULE in (old.mode if old else 0, new.mode if new else 0):
            raise InputError(f"the patch changes the submodule {path!r}, which is not allowed")
        if new is not None and new.mode == LINK:
            target = decode_name(self.database.read(new.blob))
            if link_escapes(path, target):
                raise InputError(f"the patch makes {path!r} a link to {target!r}, out of the repository")


def _fill(
    git_dir: Path, source: Source, base: str, include_uncommitted: bool, may_lack: Callable[[str], bool] | None
) -> dict[str, object]:
    if include_uncommitted and (source.bare or source.commit != find_source(source.folder, "HEAD").commit):
        raise InputError("uncommitted changes go with a work tree at its HEAD", hint=f"leave out --base {base}")
    for name in ("objects/info", "objects/pack", "refs/heads", "refs/nodes"):
        (git_dir / name).mkdir(parents=True)
    (git_dir / "HEAD").write_text("ref: refs/heads/base\n")
    (git_dir / "config").write_text(_CONFIG)
    borrowed = "".join(f"{quote(str(folder))}\n" for folder in source.objects)
    (git_dir / "objects" / "info" / "alternates").write_text(borrowed)
    database = ObjectDatabase(git_dir)
    try:
        tree = commits.parse_commit(database.read(source.commit, "commit")).tree
        listed, missing = list_tree(git_dir, tree, may_lack if source.bare else None)
        if missing:
            tree = Trees(database).update(tree, {path: Entry(FILE, database.write(b"")) for path in missing})
        uncommitted: list[str] = []
        skipped: list[str] = []
        if not source.bare:
            work = WorkTree(source, {path: Entry(item.mode, item.blob) for path, item in listed.items()})
            differing = dict(work.changes())
            uncommitted, skipped = sorted(differing), sorted(work.skipped)
            if include_uncommitted:
                changes: dict[str, Entry | None] = {}
                for path, status in differing.items():
                    entry = status and Entry(mode_of(status), database.write(work.read(path, status)))
                    changes[path] = entry
                tree = Trees(database).update(tree, changes)
        root = database.write(commits.format_commit(tree, subject="Base", trailers={}), "commit")
    finally:
        database.close()
    _write(git_dir / "refs" / "heads" / "base", f"{root}\n")
    record: dict[str, object] = {
        "version": _VERSION,
        "source": str(source.folder),
        "source_commit": source.commit,
        "base": root,
        "uncommitted": uncommitted,
        "skipped": skipped,
        "missing": missing,
    }
    _write(git_dir / _RECORD, json.dumps(record, indent=1))
    return record


def _write(path: Path, text: str) -> None:
    """Replace a small file at once."""
    beside = path.with_name(f".{path.name}-{os.getpid()}")
    beside.write_text(text)
    beside.replace(path)


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError("a list was expected")
    return tuple(str(item) for item in value)
