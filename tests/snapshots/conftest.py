from collections.abc import Callable
from pathlib import Path

import pytest
from snapshot_helpers import FILES, Repository

from tools.snapshots import SnapshotStore


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "user").init().write(FILES)
    (made.root / "run.sh").write_bytes(b"#!/bin/sh\n")
    (made.root / "run.sh").chmod(0o755)
    (made.root / "link").symlink_to("src/a.py")
    made.commit(message="first")
    return made


@pytest.fixture
def store(repository: Repository, tmp_path: Path) -> SnapshotStore:
    return SnapshotStore.create(tmp_path / "run" / "git", repository.root)


@pytest.fixture
def new_repository(tmp_path: Path) -> Callable[[str], Repository]:
    return lambda name: Repository(tmp_path / name).init()
