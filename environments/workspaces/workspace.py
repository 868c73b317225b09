"""One folder that holds a snapshot, moved between snapshots at the cost of what differs."""

from __future__ import annotations

import functools
import os
import stat
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from environments.workspaces.folder import Folder, Signature, signature
from environments.workspaces.memory import Known, Memory
from environments.workspaces.products import Products
from tools.errors import InfrastructureError, InputError
from tools.snapshots.commits import EPOCH
from tools.snapshots.ignore import IgnoreRules
from tools.snapshots.objects import blob_id
from tools.snapshots.paths import check_path, folders_of, is_git_name
from tools.snapshots.store import SnapshotStore
from tools.snapshots.trees import LINK, SUBMODULE, Entry
from tools.snapshots.uncommitted import MAX_FILE, mode_of
from tools.snapshots.walk import MAX_DEPTH, walk

_SECOND = 10**9
P = ParamSpec("P")
R = TypeVar("R")


def _exclusive(method: Callable[Concatenate[Workspace, P], R]) -> Callable[Concatenate[Workspace, P], R]:
    """One operation at a time; what the machine refuses becomes a failure of the machine."""

    @functools.wraps(method)
    def wrapped(self: Workspace, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with self._lock:
            try:
                return method(self, *args, **kwargs)
            except FileNotFoundError:
                raise
            except OSError as error:
                hint = "free some space, or remove files that belong to another user"
                raise InfrastructureError(f"{self.root}: {error}", hint=hint) from error

    return wrapped


class Workspace:
    """A folder with the files of a snapshot; also a `FileReader` of what is in it now.

    Nothing in the folder is trusted: links are not followed, `.git` is never read, what the base ignores is not
    captured. Files of the base have one old modification time; anything else gets a second of its own, so that a
    compiled file (whose check is source time in seconds, and size) is never taken for that of another content.

    Blocking; an operation waits for the one before it. No command may run in the folder during `move` or `capture`.

    Args:
        store: the snapshots.
        root: the folder; made when it is not there.
        products: build products that each move puts back.
        memory: what an earlier workspace knew of this folder, of any store and the same products; a file that has not
            been touched since is left as it is where the content is right.

    Attributes:
        root: the folder; the same through all moves.
        snapshot: what the folder was last moved to or captured as; empty before the first move.
        skipped: files that the last capture left out because they are too large.
    """

    def __init__(
        self, store: SnapshotStore, root: Path, products: Products | None = None, memory: Memory | None = None
    ) -> None:
        self.store = store
        self.root = root
        self.snapshot = ""
        self.skipped: tuple[str, ...] = ()
        self.products = products
        self._lock = threading.RLock()
        self._known = dict(memory.known) if memory else {}
        self._copied = dict(memory.copied) if memory else {}
        self._clock = 0
        self._base = store.entries(store.base)
        self._rules = _ignore_rules(store)
        root.mkdir(parents=True, exist_ok=True)

    @property
    def memory(self) -> Memory:
        """What is known of the folder, for a workspace after this one."""
        return Memory(dict(self._known), dict(self._copied))

    @_exclusive
    def move(self, snapshot: str) -> None:
        """Make the folder hold exactly `snapshot` and the build products.

        Raises:
            InputError: there is no such snapshot, or an object of it is missing.
            InfrastructureError: the disk is full, or files cannot be removed.
        """
        target = self.store.entries(snapshot)
        with Folder(self.root) as folder:
            folder.make("")
            kept, stale = self._compare(folder, target)
            for path in stale:
                folder.remove(path)
            self._write_missing(folder, {path: entry for path, entry in target.items() if path not in kept})
            self._restore_products(folder, target, kept)
        self._known = {path: known for path, known in self._known.items() if path in target}
        self.snapshot = snapshot

    @_exclusive
    def capture(self, *, subject: str, trailers: Mapping[str, str] | None = None) -> str:
        """Commit what changed since `snapshot` and return the new snapshot; nothing changed, the same one.

        New files count unless the base's .gitignore files, or what test runs usually leave, say otherwise; build
        products never do. A file of more than 64 MiB stays as it was in the snapshot and is listed in `skipped`.
        """
        if not self.snapshot:
            raise InputError("the workspace holds no snapshot yet")
        target = self.store.entries(self.snapshot)
        skipped: list[str] = []
        seen: set[str] = set()
        changes: dict[str, Entry | None] = {}
        stamp = self._tick()
        with Folder(self.root) as folder:
            for path, status in self._candidates(target):
                seen.add(path)
                if status.st_size > MAX_FILE and not stat.S_ISLNK(status.st_mode):
                    skipped.append(path)
                    continue
                entry = self._look(folder, path, status, target.get(path), stamp)
                if entry != target.get(path):
                    changes[path] = entry
        for path, entry in target.items():
            if path not in seen and entry.mode != SUBMODULE and path.count("/") < MAX_DEPTH:
                changes[path] = None
        self.skipped = tuple(skipped)
        tree = self.store.commit_of(self.snapshot).tree
        after = self.store.trees.update(tree, changes) if changes else tree
        if after != tree:
            self.snapshot = self.store.commit_tree(self.snapshot, after, subject=subject, trailers=trailers)
        return self.snapshot

    @_exclusive
    def record_products(self, folder: Path) -> Products:
        """Take everything untracked as build products, copied to `folder`."""
        self.products = Products.record(self.root, set(self._base), folder, self.store.base)
        with Folder(self.root) as here:
            statuses = {path: here.status(path) for path in self.products.files}
        self._copied = {path: signature(status) for path, status in statuses.items() if status}
        return self.products

    @_exclusive
    def read(self, path: str) -> bytes:
        """The bytes of a file.

        Raises:
            FileNotFoundError: there is no such file.
            InputError: the path is not one of the workspace, or goes through a link.
        """
        check_path(path)
        with Folder(self.root) as folder:
            self._refuse_links(folder, path)
            with folder.opened(path) as file:
                return file.read()

    @_exclusive
    def exists(self, path: str) -> bool:
        """Whether `path` is a regular file, reached through no link."""
        check_path(path)
        with Folder(self.root) as folder:
            status = folder.status(path)
        return status is not None and stat.S_ISREG(status.st_mode)

    @_exclusive
    def is_link(self, path: str) -> bool:
        """Whether `path`, or a folder on the way to it, is a symbolic link."""
        with Folder(self.root) as folder:
            for name in [*_above(check_path(path)), path]:
                status = folder.status(name)
                if status is None or stat.S_ISLNK(status.st_mode):
                    return status is not None
        return False

    @_exclusive
    def paths(self) -> Sequence[str]:
        """The files a capture would look at, links left out, sorted."""
        found = self._candidates(self.store.entries(self.snapshot) if self.snapshot else {})
        return sorted(path for path, status in found if stat.S_ISREG(status.st_mode))

    @_exclusive
    def listdir(self, path: str = "") -> list[str]:
        """Names in a folder ("" for the root), sorted; folders end with a slash, `.git` is left out.

        Raises:
            FileNotFoundError: there is no such folder.
        """
        if path:
            check_path(path)
        with Folder(self.root) as folder:
            if path:
                self._refuse_links(folder, path)
            try:
                names = folder.names(path)
            except NotADirectoryError as error:
                raise FileNotFoundError(path) from error
        return [f"{name}/" if stat.S_ISDIR(status.st_mode) else name for name, status in names if not is_git_name(name)]

    @_exclusive
    def write(self, path: str, data: bytes, *, executable: bool | None = None) -> None:
        """Write a file whole, with its parents; `executable` None keeps the bit.

        Raises:
            InputError: the path is not one of the workspace, goes through a link, or is a folder.
        """
        check_path(path)
        with Folder(self.root) as folder:
            self._refuse_links(folder, path, create=True)
            status = folder.status(path)
            if status is not None and not stat.S_ISREG(status.st_mode):
                raise InputError(f"{path!r} is not a regular file")
            keeps = status is not None and bool(status.st_mode & 0o100)
            mode = 0o755 if (keeps if executable is None else executable) else 0o644
            folder.write(path, data, mode=mode, mtime_ns=self._tick())

    @_exclusive
    def delete(self, path: str) -> None:
        """Remove a file or a link.

        Raises:
            FileNotFoundError: there is no such file.
        """
        check_path(path)
        with Folder(self.root) as folder:
            status = folder.status(path)
            if status is None or stat.S_ISDIR(status.st_mode):
                raise FileNotFoundError(path)
            folder.remove(path)

    def _compare(self, folder: Folder, target: Mapping[str, Entry]) -> tuple[set[str], list[str]]:
        """What is right as it stands, and what must go."""
        products = self.products
        needed = folders_of(target) | {path for path, entry in target.items() if entry.mode == SUBMODULE}
        made = products.folders if products else {}
        kept: set[str] = set()
        stale: list[str] = []

        def wanted(path: str, status: os.stat_result) -> bool:
            return path in needed or (path in made and path not in target)

        for path, status in walk(self.root, wanted, force=True):
            if stat.S_ISDIR(status.st_mode):
                if not wanted(path, status):
                    stale.append(path)
                elif status.st_mode & 0o7777 != made.get(path, 0o755):
                    folder.make(path, made.get(path, 0o755))
                continue
            if path not in needed and self._as_wanted(path, status, target.get(path)):
                kept.add(path)
            else:
                stale.append(path)
        return kept, stale

    def _as_wanted(self, path: str, status: os.stat_result, entry: Entry | None) -> bool:
        if stat.S_ISLNK(status.st_mode):
            return False  # cheaper to make anew than to compare
        if entry is None:
            return self._copied.get(path) == signature(status)
        if entry == self._base.get(path) and status.st_mtime_ns != EPOCH * _SECOND:
            return False
        known = self._known.get(path)
        return known is not None and known.entry == entry and known.signature == signature(status)

    def _write_missing(self, folder: Folder, missing: Mapping[str, Entry]) -> None:
        stamp = self._tick()
        for path in (path for path, entry in missing.items() if entry.mode == SUBMODULE):
            folder.make(path)
        paths = sorted(path for path, entry in missing.items() if entry.mode != SUBMODULE)
        contents = self.store.database.read_many([missing[path].blob for path in paths])
        for path, data in zip(paths, contents, strict=True):
            entry = missing[path]
            if entry.mode == LINK:
                written = folder.link(path, data)
            else:
                mtime_ns = EPOCH * _SECOND if self._base.get(path) == entry else stamp
                mode = 0o755 if entry.mode & 0o100 else 0o644
                written = folder.write(path, data, mode=mode, mtime_ns=mtime_ns)
            self._known[path] = Known(entry, written)

    def _restore_products(self, folder: Folder, target: Mapping[str, Entry], kept: set[str]) -> None:
        if self.products is None:
            return
        above = folders_of(target)

        def taken(path: str) -> bool:
            return path in target or any(name in target for name in _above(path))

        for path, mode in self.products.folders.items():
            if not taken(path):
                folder.make(path, mode)
        with Folder(self.products.root) as copies:
            for path, status in self.products.files.items():
                if path in kept or path in above or taken(path):
                    continue
                if stat.S_ISLNK(status.st_mode):
                    self._copied[path] = folder.link(path, copies.target(path))
                else:
                    with copies.opened(path) as file:
                        mode, mtime_ns = status.st_mode & 0o777, status.st_mtime_ns
                        self._copied[path] = folder.write(path, file, mode=mode, mtime_ns=mtime_ns)

    def _candidates(self, target: Mapping[str, Entry]) -> list[tuple[str, os.stat_result]]:
        """The files and links that may belong to a snapshot."""
        inner = folders_of(target)
        made = self.products.folders if self.products else {}
        products = self.products.files if self.products else {}

        def enter(path: str, status: os.stat_result) -> bool:
            if is_git_name(path.rpartition("/")[2]) or path in target:
                return path in target and target[path].mode != SUBMODULE
            return path in inner or not (path in made or self._rules.ignored(path, folder=True))

        found = []
        for path, status in walk(self.root, enter, force=True):
            if not (stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode)):
                continue
            if path in target:
                if target[path].mode != SUBMODULE:
                    found.append((path, status))
            elif not (path in products or is_git_name(path.rpartition("/")[2]) or self._rules.ignored(path)):
                found.append((path, status))
        return found

    def _look(self, folder: Folder, path: str, status: os.stat_result, before: Entry | None, stamp: int) -> Entry:
        """The entry of what is at `path` now; content that was not there before is stored."""
        known = self._known.get(path)
        if stat.S_ISLNK(status.st_mode):
            return Entry(LINK, self._store(folder.target(path), before))
        if known is not None and known.signature == signature(status):
            return known.entry
        with folder.opened(path) as file:
            data = file.read(MAX_FILE + 1)
            try:
                os.fchmod(file.fileno(), 0o755 if status.st_mode & 0o100 else 0o644)
                os.utime(file.fileno(), ns=(stamp, stamp))
                after: Signature | None = signature(os.fstat(file.fileno()))
            except PermissionError:
                after = None  # another user's file: it is read again each time
        mode = mode_of(status)
        if before is not None and before.mode not in (LINK, SUBMODULE) and not (before.mode ^ mode) & 0o100:
            mode = before.mode
        entry = Entry(mode, self._store(data, before))
        if after is None:
            self._known.pop(path, None)
        else:
            self._known[path] = Known(entry, after)
        return entry

    def _store(self, data: bytes, before: Entry | None) -> str:
        blob = blob_id(data)
        return blob if before is not None and before.blob == blob else self.store.database.write(data)

    def _refuse_links(self, folder: Folder, path: str, *, create: bool = False) -> None:
        for name in [*_above(path), path]:
            status = folder.status(name)
            if status is None:
                if create:
                    return
                raise FileNotFoundError(path)
            if stat.S_ISLNK(status.st_mode):
                raise InputError(f"{name!r} is a link to {os.fsdecode(folder.target(name))!r}; links are not followed")
            if name != path and not stat.S_ISDIR(status.st_mode):
                raise InputError(f"{name!r} is not a folder")

    def _tick(self) -> int:
        """A time in ns, whole seconds, that no earlier write of this workspace has."""
        self._clock = max(int(time.time()), self._clock + 1)
        return self._clock * _SECOND


def _above(path: str) -> list[str]:
    """The folders above a path, outermost first."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _ignore_rules(store: SnapshotStore) -> IgnoreRules:
    files = {}
    for entry in store.files(store.base):
        if entry.path.rpartition("/")[2] == ".gitignore" and entry.mode != LINK:
            files[entry.path.rpartition("/")[0]] = store.database.read(entry.blob)
    return IgnoreRules(files)
