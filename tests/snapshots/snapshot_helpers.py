import os
import stat
import subprocess
from pathlib import Path

from tools.snapshots import SnapshotStore

IDENTITY = {
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


MOST = 1 << 28
"""Larger files are sparse, and told by their size."""


class Repository:
    """A repository of a user, made with plain git."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)

    def git(self, *arguments: str, stdin: bytes = b"") -> str:
        command = ["git", *arguments]
        done = subprocess.run(
            command, cwd=self.root, env={**os.environ, **IDENTITY}, input=stdin, capture_output=True, check=True
        )
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def init(self) -> "Repository":
        self.git("init", "-q", "-b", "main")
        return self

    def write(self, files: dict[str, bytes]) -> "Repository":
        for name, data in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return self

    def commit(self, files: dict[str, bytes] | None = None, message: str = "change") -> str:
        self.write(files or {})
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")


def picture(root: Path) -> dict[str, tuple[int, bytes]]:
    """Every file and folder below `root`, `.git` included, with mode and content."""
    found = {}
    for folder, names, files in os.walk(root):
        for name in names + files:
            path = Path(folder) / name
            mode, content = path.lstat().st_mode, b""
            if stat.S_ISLNK(mode):
                content = os.fsencode(path.readlink())
            elif stat.S_ISREG(mode):
                size = path.lstat().st_size
                content = path.read_bytes() if size < MOST else b"%d bytes" % size
            found[str(path.relative_to(root))] = (mode, content)
    return found


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def snapshot_content(root: Path) -> dict[str, tuple[bool | None, bytes]]:
    """What a folder holds, as a snapshot would say it: execute bit (None for a link) and content."""
    return {
        path: (None if mode & 0o170000 == 0o120000 else bool(mode & 0o100), content)
        for path, (mode, content) in picture(root).items()
        if mode & 0o170000 != 0o040000
    }


def store_content(store: SnapshotStore, snapshot: str) -> dict[str, tuple[bool | None, bytes]]:
    return {
        entry.path: (None if entry.mode == 0o120000 else bool(entry.mode & 0o100), store.read(snapshot, entry.path))
        for entry in store.files(snapshot)
    }


FILES = {
    "README.md": b"# Demo\n",
    ".gitignore": b"build/\n*.log\n!keep.log\n",
    "src/a.py": b"x = 1\n",
    "src/b.py": b"def f():\n    return 1\n",
    "src/deep/er/c.txt": b"caf\xe9\r\n",
    "tests/test_a.py": b"def test_a():\n    pass\n",
    "data.bin": bytes(range(256)) * 4,
}
