"""The repository to be graded."""

from __future__ import annotations

import subprocess
from pathlib import Path

from patches import BASE, HIDDEN, Patch

from tools.snapshots import Change, SnapshotStore


class Shop:
    """The repository, with patches as a person would have them: as text."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "repository"
        for path, text in BASE.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(text)
        git = ("git", "-C", str(self.root), "-c", "user.name=a", "-c", "user.email=a@b")
        for words in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "base")):
            subprocess.run([*git, *words], check=True)
        self.store = SnapshotStore.create(folder / "store.git", self.root)
        self.hidden = self.patch(HIDDEN)

    def patch(self, changes: Patch) -> str:
        made = {path: change_to(content) for path, content in changes.items()}
        return self.store.diff(self.store.base, self.store.commit(self.store.base, made, subject="x"))


def change_to(content: str | bytes | None) -> Change:
    if isinstance(content, str) and content.startswith("-> "):
        return Change(content[3:].encode(), link=True)
    return Change(content.encode() if isinstance(content, str) else content)
