"""A second net below tests that try to use up the machine: a control group around the test process itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from environments import cgroups
from environments.base import GIB

MOST_PROCESSES, MOST_MEMORY = 1000, 3 * GIB


def _move(folder: Path) -> None:
    (folder / "cgroup.procs").write_text(str(os.getpid()))


@pytest.fixture(scope="module")
def guard() -> Iterator[None]:
    """Should a limit of ours fail, the payload meets this one, and so do we."""
    found = cgroups.hierarchies()
    # below a group of version 2 that holds processes there can be no others; the payloads are bounded in themselves
    before = found.parents if found is not None and found.version == 1 else {}
    name = f"treewright-{os.getpid()}-guard"
    try:
        for controller, parent in before.items():
            folder = parent / name
            folder.mkdir()
            limit, value = (
                ("pids.max", MOST_PROCESSES) if controller == "pids" else ("memory.limit_in_bytes", MOST_MEMORY)
            )
            (folder / limit).write_text(str(value))
            _move(folder)
        cgroups.hierarchies.cache_clear()
        yield
    finally:
        for parent in before.values():
            _move(parent)
            inner = sorted((parent / name).glob("*/"))
            cgroups.ControlGroup((*inner, parent / name), 1, frozenset()).remove()
        cgroups.hierarchies.cache_clear()
