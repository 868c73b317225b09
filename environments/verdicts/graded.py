"""The tree that is graded: the base, the sources of a patch, the hidden tests."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from environments.verdicts.rules import Rules
from tools.errors import InputError
from tools.snapshots import Change, SnapshotStore, patch_bytes
from tools.snapshots.patches import check_patch, paths_of
from tools.snapshots.paths import folders_of
from tools.snapshots.trees import Entry

FUZZ = 5


@dataclass(frozen=True)
class Graded:
    """A snapshot to run hidden tests on.

    Attributes:
        snapshot: its id.
        kept: paths of the patch that count.
        left_out: the other ones, with the reason.
        hidden: paths of the hidden tests.
        fuzzy: the patch applied only with some lines of context ignored.
    """

    snapshot: str
    kept: tuple[str, ...]
    left_out: Mapping[str, str]
    hidden: tuple[str, ...]
    fuzzy: bool = False


class Unapplied(InputError):
    """A patch that does not apply to the base."""


def grade_tree(
    store: SnapshotStore,
    patch: str,
    test_patch: str,
    *,
    installed: Collection[str] = (),
    products: Collection[str] = (),
    run: Collection[str] = (),
) -> Graded:
    """Makes the tree. Blocking.

    Args:
        store: whose base both patches are for.
        patch: to be graded; may be empty.
        test_patch: the hidden tests; may be empty.
        installed: see `Rules`.
        products: see `Rules`.
        run: test files that will run, those of `test_patch` need not be named.

    Raises:
        Unapplied: the patch does not apply, even with fuzz, or writes what it must not.
        InputError: the hidden tests do not apply to the base.
    """
    hidden = _hidden(store, test_patch)
    patched, fuzzy = (apply_fuzzily(store, patch)) if patch.strip() else (store.base, False)
    changes = {path: new for path, _, new in store.changed_entries(store.base, patched)}
    base = store.entries(store.base)
    tests = {path for path, entry in hidden.items() if entry is not None}
    rules = Rules(base.keys(), installed, products, {*run, *tests})
    kept, left_out = rules.sort_out({path: entry is not None for path, entry in changes.items()})
    wanted: dict[str, Entry | None] = {path: changes[path] for path in kept}
    for path in [path for path in kept if _collides(path, tests) or path in hidden]:
        del wanted[path]
        left_out[path] = "tests come from the base and the hidden tests"
    tree = store.trees.update(store.commit_of(store.base).tree, wanted)
    tree = store.trees.update(tree, hidden)
    snapshot = store.commit_tree(store.base, tree, subject="Graded")
    return Graded(snapshot, tuple(wanted), left_out, tuple(sorted(hidden)), fuzzy)


def _hidden(store: SnapshotStore, test_patch: str) -> dict[str, Entry | None]:
    if not test_patch.strip():
        return {}
    try:
        tested = store.apply_patch(store.base, test_patch, subject="Hidden tests")
    except InputError as error:
        raise InputError(f"the hidden tests cannot be put in place: {error}", hint="check --base") from error
    return {path: new for path, _, new in store.changed_entries(store.base, tested)}


def _collides(path: str, tests: Collection[str]) -> bool:
    """Whether a file of the patch is where the hidden tests need a folder, or the other way round."""
    return path in folders_of(tests) or bool(folders_of([path]) & set(tests))


def apply_fuzzily(store: SnapshotStore, patch: str) -> tuple[str, bool]:
    """Applies a patch to the base exactly, else by `patch --fuzz` as the official harness does; whole or not at all.

    Returns:
        The snapshot, and whether fuzz was needed.

    Raises:
        Unapplied: neither works, or it writes what it must not.
    """
    try:
        return store.apply_patch(store.base, patch, subject="Patched"), False
    except InputError as exact:
        try:
            check_patch(patch)
            changes = _with_fuzz(store, patch)
            return store.commit(store.base, changes, subject="Patched with fuzz"), True
        except InputError:
            raise Unapplied(str(exact)) from exact


def _with_fuzz(store: SnapshotStore, patch: str) -> dict[str, Change]:
    entries = store.entries(store.base)
    with tempfile.TemporaryDirectory(prefix="treewright-patch-") as name:
        root = Path(name, "tree")
        root.mkdir()
        paths = [path for path in paths_of(patch) if path in entries]
        for path in paths:
            if entries[path].mode not in (0o100644, 0o100755):
                raise InputError(f"{path!r} is no plain file")
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(store.read(store.base, path))
        options = ["patch", "--batch", f"--fuzz={FUZZ}", "-p1", "--no-backup-if-mismatch", "--reject-file=-"]
        for dry in (["--dry-run"], []):
            done = subprocess.run(
                [*options, *dry], input=patch_bytes(patch), cwd=root, capture_output=True, check=False, timeout=120
            )
            if done.returncode:
                raise InputError(done.stdout.decode("utf-8", "replace")[-500:])
        there = {
            str(path.relative_to(root)): path for path in root.rglob("*") if path.is_file() and not path.is_symlink()
        }
        changes = {path: Change(file.read_bytes()) for path, file in there.items()}
        return changes | {path: Change(None) for path in paths if path not in there}
