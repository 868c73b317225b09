"""The states of a repository as commits in the run's own object store."""

from tools.snapshots.patches import patch_bytes
from tools.snapshots.reader import SnapshotFiles
from tools.snapshots.store import Change, SnapshotStore, TreeEntry

__all__ = ["Change", "SnapshotFiles", "SnapshotStore", "TreeEntry", "patch_bytes"]
