"""Environments by name, and what doctor is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from environments import registry
from environments.enforced import enforced
from environments.local import Local
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
    assert {name for name, check in found.items() if not check.ok} == {"docker"}
    assert list(found)[:2] == ["git", "bubblewrap"]
    assert {"privileges", "system calls", "network", "files", "home folder", "process limit", "memory limit"} <= set(
        found
    )
    assert "no isolation" in found["local"].detail
    assert "side channels" in found["not enforced"].detail
    assert "does not answer" in found["docker"].detail


async def test_what_is_missing_or_too_old_comes_with_a_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    monkeypatch.setenv("PATH", str(tmp_path))
    found = await registry.checks()
    missing = [check for check in found if not check.ok]
    assert [check.name for check in missing] == ["git", "bubblewrap", "docker"]
    assert all(check.remedy for check in missing)
    old = tmp_path / "git"
    old.write_text("#!/bin/sh\necho git version 2.9.5\n")
    old.chmod(0o755)
    git = (await registry.checks())[0]
    assert (git.ok, git.detail, git.remedy) == (False, "git version 2.9.5", "install git 2.31 or later")


async def test_what_is_not_enforced_is_said(tmp_path: Path) -> None:
    """Asked from inside a sandbox that is none."""
    found = await enforced(await Local().open(tmp_path))
    broken = {check.name for check in found if not check.ok}
    assert {"system calls", "processes of others"} <= broken
    if os.geteuid() == 0:
        assert {"privileges", "files"} <= broken
    assert not Path("/usr/treewright-check").exists()
    assert all(check.remedy for check in found if not check.ok)
