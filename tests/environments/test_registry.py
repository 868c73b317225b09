"""Environments by name, and what doctor is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from environments import registry
from tools.errors import InfrastructureError, InputError


@pytest.mark.parametrize("name", registry.NAMES)
def test_every_name_makes_what_it_says(name: str) -> None:
    assert registry.create(name, image="some-image").name == name


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(InputError) as refusal:
        registry.create("none")
    assert "bubblewrap, docker, local" in refusal.value.hint


def test_nothing_weaker_takes_the_place_of_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InfrastructureError, match="bubblewrap is not installed") as refusal:
        registry.create("bubblewrap")
    assert "apt-get install bubblewrap" in refusal.value.hint


async def test_checks_say_what_holds_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    found = {check.name: check for check in await registry.checks()}
    assert list(found) == ["git", "bubblewrap", "limits", "docker"]
    assert [name for name, check in found.items() if check.ok] == ["git", "bubblewrap", "limits"]
    assert "processes" in found["limits"].detail
    assert "does not answer" in found["docker"].detail


async def test_what_is_missing_or_too_old_comes_with_a_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    monkeypatch.setenv("PATH", str(tmp_path))
    found = await registry.checks()
    assert [(check.name, check.ok) for check in found] == [("git", False), ("bubblewrap", False), ("docker", False)]
    assert all(check.remedy for check in found)
    old = tmp_path / "git"
    old.write_text("#!/bin/sh\necho git version 2.9.5\n")
    old.chmod(0o755)
    git = (await registry.checks())[0]
    assert (git.ok, git.detail, git.remedy) == (False, "git version 2.9.5", "install git 2.31 or later")
