"""The states of a repository as commits in the run's own object store."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.snapshots.listing import TreeEntry
    from tools.snapshots.patches import patch_bytes
    from tools.snapshots.reader import SnapshotFiles
    from tools.snapshots.store import Change, SnapshotStore

__all__ = ["Change", "SnapshotFiles", "SnapshotStore", "TreeEntry", "patch_bytes"]
_MODULES = {"SnapshotFiles": "reader", "TreeEntry": "listing", "patch_bytes": "patches"}


def __getattr__(name: str) -> object:
    """The names above, on first use: a process that only starts git, to index, does not load the store."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES.get(name, 'store')}"), name)
