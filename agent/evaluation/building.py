"""Building the environments of many tasks ahead of time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.execution.home import environments_folder
from agent.folders import cache_folder
from environments.benchmarks import BenchmarkTask
from environments.provision.native import Native
from environments.provision.prepared import Provider
from environments.provision.specs import read_overrides
from environments.registry import create
from tools.errors import InputError


@dataclass
class Built:
    """What came of one task's environment.

    Attributes:
        task: its id.
        name: of the environment; empty when it is unavailable.
        reason: why it is.
        seconds: it took, next to nothing when it was there.
    """

    task: str
    name: str
    reason: str
    seconds: float


def native(date: str = "", more: Path | None = None) -> Native:
    """Provides native environments from the shared cache.

    Args:
        date: resolve dependencies as of this day; the data file's when empty.
        more: a file that overrides our data file.
    """
    return Native(
        environments_folder(),
        repositories=cache_folder() / "repositories",
        sandbox=create("bubblewrap"),
        date=date,
        more=read_overrides(more) if more else None,
    )


def provider(environment: str, *, image: str = "", build: bool = False) -> Provider:
    """Provides the environments that patches are graded in.

    Args:
        environment: "docker" for images; everything else gets virtual environments.
        image: for docker, in place of those that the benchmark publishes.
        build: build images that cannot be fetched.
    """
    if environment != "docker":
        return native()
    from environments.provision.images import Images

    return Images(environments_folder(), repositories=cache_folder() / "repositories", image=image, build=build)


async def build_all(
    tasks: Sequence[BenchmarkTask], tell: Callable[[Built], None], provider: Provider, *, jobs: int = 1
) -> int:
    """Builds what is not there; returns how many tasks have no environment.

    Args:
        tasks: whose environments.
        tell: told of each.
        provider: builds them.
        jobs: builds at a time.
    """
    places = asyncio.Semaphore(jobs)
    missing = 0

    async def one(task: BenchmarkTask) -> None:
        nonlocal missing
        async with places:
            began = time.monotonic()
            name = reason = ""
            try:
                folder, _ = await provider.prepared(task.task)
                name = folder.name
            except InputError as error:
                reason, missing = str(error), missing + 1
            tell(Built(task.id, name, reason, round(time.monotonic() - began, 2)))

    async with asyncio.TaskGroup() as group:
        for task in tasks:
            group.create_task(one(task))
    return missing
