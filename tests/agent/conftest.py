"""A small repository with a bug, and the command as a person starts it; the Docker daemon (tests/environments) too."""

from __future__ import annotations

import functools
import sys
from pathlib import Path

import money_project
import pytest
from money_project import ROOT, SOURCE_WITH_MEAN, TESTS_WITH_MEAN, Run

sys.path.append(str(ROOT / "tests" / "environments"))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """One commit: `money.py` with an off-by-one, and its tests, one of which fails."""
    return money_project.make_repository(tmp_path / "money", SOURCE_WITH_MEAN, TESTS_WITH_MEAN)


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment with a home folder of its own and no keys."""
    return money_project.environment(tmp_path / "home")


@pytest.fixture
def treewright(home: dict[str, str]) -> Run:
    """The command in a process of its own."""
    return functools.partial(money_project.treewright, home)
