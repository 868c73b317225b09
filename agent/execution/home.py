"""What a repository's code runs with: the interpreter, what else is mounted, variables, build products."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from agent.folders import cache_folder
from environments.base import Mount
from environments.provision.prepared import WORKSPACES, Provider
from environments.registry import create
from environments.tasks import Task
from environments.workspaces import Shelf
from environments.workspaces.products import Products
from tools.files import FileReader
from tools.testing.detect import detect
from tools.testing.runners.probed import ProbeRunner
from tools.testing.types import TestRunner

ENVIRONMENTS = "environments"


@dataclass(frozen=True)
class Home:
    """Where code of a repository is at home.

    Attributes:
        python: the interpreter, as the sandbox sees it.
        mount: where the workspace is seen.
        mounts: what else is, read-only.
        env: variables that tests and commands need.
        products: what an installation left in the work tree.
        test: the command that runs the tests, when the task names none.
        image: for docker.
        shelf: where workspaces with the same products are found and left.
    """

    python: str
    mount: str
    mounts: tuple[Mount, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    products: Products | None = None
    test: str = ""
    image: str = ""
    shelf: Shelf | None = None

    def runner(self, files: FileReader, command: str) -> TestRunner:
        """How the repository's tests run here.

        Args:
            files: of the repository.
            command: that was asked for; may be empty.
        """
        found = detect(files, command=command or self.test or None, python=self.python)
        return replace(found, env={**self.env, **found.env}) if isinstance(found, ProbeRunner) and self.env else found


async def benchmark_home(task: Task, folder: Path, *, docker: bool, image: str = "") -> Home:
    """The environment that a benchmark's task names: its image, or a virtual environment, built if it is not there.

    Args:
        task: with `environment`.
        folder: of the run.
        docker: whether to run in its image.
        image: in place of the one that the benchmark publishes.

    Raises:
        Unavailable: it cannot be built here.
    """
    if docker:
        from environments.provision.images import Images

        provider: Provider = Images(environments_folder(), repositories=_repositories(), image=image)
    else:
        from environments.provision.native import Native

        provider = Native(environments_folder(), repositories=_repositories(), sandbox=create("bubblewrap"))
    made, prepared = await provider.prepared(task)
    products = await asyncio.to_thread(Products.shared, Path(prepared.products)) if prepared.products else None
    return Home(
        prepared.python,
        prepared.mount,
        prepared.all_mounts(folder / "empty"),
        prepared.env,
        products,
        prepared.test,
        prepared.image,
        None if prepared.image else Shelf(made / WORKSPACES),
    )


def _repositories() -> Path:
    return cache_folder() / "repositories"


def environments_folder() -> Path:
    """Where the environments of benchmarks lie, shared by all runs."""
    return cache_folder() / ENVIRONMENTS
