"""Environments in Docker: the image that the benchmark publishes for a task, or one built from its specification.

An image has the repository at `/testbed`, where our workspace is mounted over it, so what its installation left there
is taken out once and put beside the base's files. That also hides the history that the image holds.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from environments.base import Command, Limits
from environments.docker import Docker, connect
from environments.locking import alone
from environments.provision.commands import test_command
from environments.provision.harness import build_image
from environments.provision.need import OFFICIAL_PYTHON, Need, built_image, official_image
from environments.provision.prepared import RECORD, Prepared, Unavailable, read_prepared, write_prepared
from environments.provision.specs import spec_of
from environments.repositories import is_data, obtain
from environments.tasks import Task
from environments.verdicts.rules import installed_names
from environments.workspaces.products import Products
from tools.errors import InfrastructureError, TreewrightError
from tools.snapshots import SnapshotFiles, SnapshotStore

if TYPE_CHECKING:
    from docker import DockerClient

MOUNT = Prepared("", "", "", "", "").mount
LIST_PACKAGES = """
import json, os, sys
print(json.dumps([name for path in sys.path if "site-packages" in path and os.path.isdir(path)
                  for name in os.listdir(path)]))
"""


class Images:
    """Provides images.

    Args:
        cache: folder of what is taken out of images, shared by all runs.
        repositories: folder of cloned repositories, for tasks that name a URL.
        image: use this one for every task.
        pull: fetch an image that is not on this machine.
        build: build one that cannot be fetched, with the swebench package; needs the network.
    """

    def __init__(
        self, cache: Path, *, repositories: Path, image: str = "", pull: bool = True, build: bool = False
    ) -> None:
        self._cache = cache.absolute()
        self._repositories = repositories
        self._image = image
        self._pull = pull
        self._build = build
        self._failed: dict[str, str] = {}

    async def prepared(self, task: Task) -> tuple[Path, Prepared]:
        """See `environments.provision.prepared.Provider`."""
        if task.id in self._failed:
            raise Unavailable(self._failed[task.id])
        try:
            client = await asyncio.to_thread(connect)
            identity = await self._find(client, task)
            folder = self._cache / f"image-{identity.removeprefix('sha256:')[:12]}-{task.base[:12]}"
            async with alone(self._cache / ".locks" / folder.name):
                if not (folder / RECORD).exists():
                    await self._take_out(client, identity, folder, task)
            return folder, read_prepared(folder)
        except TreewrightError as error:
            self._failed[task.id] = str(error)
            if isinstance(error, Unavailable):
                raise
            raise Unavailable(str(error), hint=error.hint) from error

    async def _find(self, client: DockerClient, task: Task) -> str:
        """The id of the task's image."""
        names = [self._image] if self._image else [official_image(task.id), built_image(task.id)]
        for name in names:
            if identity := await asyncio.to_thread(_identity, client, name):
                return identity
        reasons = [f"there is no image {names[0]}"]
        if self._pull and (identity := await asyncio.to_thread(_pulled, client, names[0], reasons)):
            return identity
        if self._build and not self._image:
            await build_image(task, self._cache / ".images")
            if identity := await asyncio.to_thread(_identity, client, names[1]):
                return identity
        raise Unavailable("; ".join(reasons), hint=f"docker pull {names[0]}")

    async def _take_out(self, client: DockerClient, identity: str, folder: Path, task: Task) -> None:
        """Makes the record of an image for a base commit."""
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        folder.mkdir(parents=True)
        need = Need.parse(task.environment)
        source = await obtain(task.repository, self._repositories, base=task.base)
        git_dir = folder / "store.git"
        store = await asyncio.to_thread(SnapshotStore.create, git_dir, source, task.base, may_lack=is_data)
        try:
            tracked = {entry.path for entry in store.files(store.base)}
            await asyncio.to_thread(_products, client, identity, tracked, folder)
            test, env = await self._command(need, SnapshotFiles(store, store.base), source, task)
        finally:
            store.close()
            await asyncio.to_thread(shutil.rmtree, git_dir, ignore_errors=True)
        record = Prepared(
            folder.name,
            need.project,
            need.version,
            OFFICIAL_PYTHON,
            test,
            env=env,
            products=str(folder / "products"),
            image=identity,
            installed=await _installed(identity),
        )
        write_prepared(folder, record)

    async def _command(self, need: Need, files: SnapshotFiles, source: Path, task: Task) -> tuple[str, dict[str, str]]:
        try:
            spec = await asyncio.to_thread(spec_of, need, str(source), task.base)
        except Unavailable:  # an image of one's own: the command is detected
            return "", {}
        test, env = test_command(spec, files)
        return test, {**env, **spec.env}


def _identity(client: DockerClient, name: str) -> str:
    import docker

    try:
        return str(client.images.get(name).id)
    except docker.errors.ImageNotFound:
        return ""
    except docker.errors.APIError as error:
        raise InfrastructureError(f"cannot look for the image {name}: {error.explanation}") from error


def _pulled(client: DockerClient, name: str, reasons: list[str]) -> str:
    import docker
    import requests

    try:
        return str(client.images.pull(name).id)
    except (docker.errors.DockerException, requests.RequestException) as error:
        said = getattr(error, "explanation", None) or str(error)
        reasons.append(f"it cannot be pulled: {said}")
        return ""


def _products(client: DockerClient, identity: str, tracked: set[str], folder: Path) -> None:
    """Everything at `/testbed` that the base does not have."""
    container = client.containers.create(identity, command=["true"], network_mode="none")
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            parts, _ = container.get_archive(MOUNT)
            for part in parts:
                file.write(part)
            file.seek(0)
            Products.unpack(file, MOUNT.lstrip("/"), tracked, folder / "products")
    finally:
        container.remove(force=True, v=True)


async def _installed(identity: str) -> tuple[str, ...]:
    """Import names of what the image's Python has."""
    with tempfile.TemporaryDirectory(prefix="treewright-image-") as name:
        sandbox = await Docker(identity).open(Path(name))
        try:
            command = Command((OFFICIAL_PYTHON, "-c", LIST_PACKAGES), limits=Limits(60.0))
            result = await sandbox.run(command)
        finally:
            await sandbox.close()
    if not result.ok:
        raise Unavailable(f"the image has no {OFFICIAL_PYTHON}: {result.output.strip()[-300:]}")
    return tuple(sorted(installed_names(json.loads(result.output.strip().splitlines()[-1]))))
