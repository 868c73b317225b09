"""A remote repository is cloned once, however many want it, and not asked again for a commit it has given."""

import asyncio
import subprocess
from pathlib import Path

import pytest

from environments.repositories import obtain
from tools.errors import InfrastructureError


def _repository(folder: Path) -> tuple[str, str]:
    folder.mkdir()
    git = ("git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b")
    for words in (("init", "-q"), ("commit", "-q", "--allow-empty", "-m", "first")):
        subprocess.run([*git, *words], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    return f"file://{folder}", head


async def test_many_at_once_share_one_clone(tmp_path: Path) -> None:
    url, head = _repository(tmp_path / "remote")
    found = await asyncio.gather(*(obtain(url, tmp_path / "cache", base=head) for _ in range(4)))
    assert len(set(found)) == 1
    assert sorted(path.suffix for path in (tmp_path / "cache").iterdir()) == ["", ".lock"]


async def test_a_known_commit_needs_no_network(tmp_path: Path) -> None:
    url, head = _repository(tmp_path / "remote")
    mirror = await obtain(url, tmp_path / "cache", base=head)
    (tmp_path / "remote").rename(tmp_path / "gone")
    assert await obtain(url, tmp_path / "cache", base=head) == mirror
    with pytest.raises(InfrastructureError, match="could not fetch"):
        await obtain(url, tmp_path / "cache", base="main")


async def test_what_a_killed_clone_left_does_not_stay(tmp_path: Path) -> None:
    url, head = _repository(tmp_path / "remote")
    mirror = await obtain(url, tmp_path / "cache", base=head)
    mirror.rename(mirror.with_suffix(".partial"))
    assert await obtain(url, tmp_path / "cache", base=head) == mirror
