"""Folders that hold snapshots, for commands to run in."""

from environments.workspaces.pool import WorkspacePool
from environments.workspaces.shelf import Shelf
from environments.workspaces.workspace import Workspace

__all__ = ["Shelf", "Workspace", "WorkspacePool"]
