"""Workspaces that ended runs leave to later ones: writing thousands of files anew is most of what a start takes."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from pathlib import Path

from environments.workspaces.folder import remove_folder
from environments.workspaces.memory import Memory
from environments.workspaces.workspace import Workspace

MOST = 2
_TREE, _MEMORY, _UNFINISHED = "tree", "memory.json", ".new-"
_LEFT_OVER = 3600.0


class Shelf:
    """Up to `MOST` workspaces in a folder, all with the same build products. Blocking; processes may share it.

    What is taken is as its run left it. It is no secret for its next user and not trusted by it: moving the workspace
    to a snapshot removes and rewrites whatever is not known to be right.

    Args:
        root: the folder; made when something is put into it. On another file system than a run it is of no use to it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def take(self, place: Path) -> Memory | None:
        """Move a workspace to `place`, which must not exist, and say what was known of it; None when there is none."""
        place.parent.mkdir(parents=True, exist_ok=True)
        if not self.root.is_dir() or self.root.stat().st_dev != place.parent.stat().st_dev:
            return None
        for each in self._shelved():
            taken = self.root / f"{_UNFINISHED}{secrets.token_hex(8)}"
            try:
                os.utime(each)  # before it looks like what a killed process left, however long it has lain here
                each.rename(taken)  # whoever comes second finds nothing
            except OSError:
                continue
            try:
                memory = Memory.parse((taken / _MEMORY).read_text())
                (taken / _TREE).rename(place)
                return memory
            except (OSError, ValueError, TypeError, KeyError):
                continue  # a damaged record
            finally:
                with contextlib.suppress(OSError):
                    remove_folder(taken)
        return None

    def put(self, workspace: Workspace) -> bool:
        """Shelve a workspace that nothing runs in any more; False when it stays where it is, for want of room."""
        try:
            self.root.mkdir(exist_ok=True)
            self._sweep()
            if len(self._shelved()) >= MOST:
                return False
            unfinished = self.root / f"{_UNFINISHED}{secrets.token_hex(8)}"
            unfinished.mkdir()
            try:
                (unfinished / _MEMORY).write_text(workspace.memory.text())
                workspace.root.rename(unfinished / _TREE)
                unfinished.rename(self.root / secrets.token_hex(8))
            finally:
                remove_folder(unfinished)
        except OSError:
            return False
        return True

    def _shelved(self) -> list[Path]:
        if not self.root.is_dir():
            return []
        return sorted(each for each in self.root.iterdir() if not each.name.startswith("."))

    def _sweep(self) -> None:
        """Remove what a killed process had in its hands."""
        for each in self.root.glob(f"{_UNFINISHED}*"):
            if time.time() - each.stat().st_mtime > _LEFT_OVER:
                remove_folder(each)
