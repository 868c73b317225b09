"""Lends root's folders to a user without rights, for sandboxes in which root itself must not appear."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

LENT_TO = 65533  # belongs to nobody by convention (systemd's table of user numbers), unlike 65534 and 1000


class Borrowed:
    """The user that works in some folders: the first one's owner, or a user without rights when that is root.

    Args:
        roots: folders to write to; those that belong to root are handed over.

    Attributes:
        uid: the user's number.
        gid: the group's.
    """

    def __init__(self, roots: Sequence[Path]) -> None:
        owner = roots[0].stat()
        self.uid, self.gid = owner.st_uid, owner.st_gid
        if self.uid == 0:
            self.uid, self.gid = (LENT_TO, LENT_TO) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
        self._lent = [root for root in roots if os.geteuid() == 0 and root.stat().st_uid == 0]

    def take(self) -> None:
        """Hand over what belongs to root, also what root made since the last time."""
        for root in self._lent:
            _change(root, 0, self.uid, self.gid)

    def give_back(self) -> None:
        """Hand everything back to root."""
        for root in self._lent:
            _change(root, self.uid, 0, 0)


def _change(root: Path, before: int, uid: int, gid: int) -> None:
    """Change the owner of all entries that belong to ``before``, except below the root's ``.git``.

    Never follows a link: entries are named relative to an open folder, so that a folder swapped for a link by a
    command that runs meanwhile leads nowhere else.
    """
    for place, folders, files, descriptor in os.fwalk(root, follow_symlinks=False):
        if place == os.fspath(root) and ".git" in folders:
            folders.remove(".git")
        for name in (".", *folders, *files):
            with contextlib.suppress(FileNotFoundError):
                if os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_uid == before:
                    os.chown(name, uid, gid, dir_fd=descriptor, follow_symlinks=False)
