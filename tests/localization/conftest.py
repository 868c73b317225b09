import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

Commits = list[tuple[str, Mapping[str, str | bytes]]]


def run_git(folder: Path, *arguments: str) -> str:
    environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    identity = ["-c", "user.name=A", "-c", "user.email=a@b.c"]
    return subprocess.run(
        ["git", *identity, *arguments], cwd=folder, env=environment, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def make_repository(tmp_path: Path) -> Callable[..., Path]:
    """A repository of commits: each a message and the files it writes."""

    def make(commits: Commits, name: str = "repo") -> Path:
        folder = tmp_path / name
        folder.mkdir()
        run_git(folder, "init", "-q", "-b", "main")
        for message, files in commits:
            for path, content in files.items():
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content if isinstance(content, bytes) else content.encode())
            run_git(folder, "add", "-A")
            run_git(folder, "commit", "-q", "--allow-empty", "-m", message)
        return folder

    return make
