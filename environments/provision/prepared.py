"""A prepared environment: what its builder leaves for those who run tests in it."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from environments.base import Mount
from environments.tasks import Task
from environments.workspaces.folder import remove_folder
from tools.errors import InputError

RECORD = "environment.json"
FORMAT = 1
WORKSPACES = "workspaces"
"""The folder of an environment with the shelf of workspaces that its runs left."""


class Unavailable(InputError):
    """The environment of a task cannot be had here; no failure of whoever was to solve it."""


@dataclass(frozen=True)
class Prepared:
    """How commands run in the environment.

    Attributes:
        name: of the environment, also of its folder.
        project: of the benchmark, such as "django/django".
        version: of the project, as the benchmark has it.
        python: the interpreter, as the sandbox sees it.
        test: the command that runs the tests, without the tests.
        mount: where the workspace must be seen, because what is installed refers to it.
        mounts: read-only (host path, path inside).
        hidden: folders inside that are covered by an empty one: packages of the host.
        env: variables that the tests need.
        products: folder of what the installation left in the work tree; empty for none.
        image: id of the image to run in; empty for a sandbox of this machine.
        installed: top-level import names of what an image has; those of a virtual environment are looked up.
        seconds: it took to build.
        built: unix time.
    """

    name: str
    project: str
    version: str
    python: str
    test: str
    mount: str = "/testbed"
    mounts: tuple[tuple[str, str], ...] = ()
    hidden: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    products: str = ""
    image: str = ""
    seconds: float = 0.0
    built: float = 0.0
    installed: tuple[str, ...] = ()

    def all_mounts(self, empty: Path) -> tuple[Mount, ...]:
        """What a sandbox has to show, read-only.

        Args:
            empty: an empty folder of the host.
        """
        empty.mkdir(parents=True, exist_ok=True)
        shown = [Mount(Path(source), target) for source, target in self.mounts]
        return (*shown, *(Mount(empty, target) for target in self.hidden))


class Provider(Protocol):
    """Provides the environments of tasks, from what is there or by making it."""

    async def prepared(self, task: Task) -> tuple[Path, Prepared]:
        """The folder and the record of a task's environment.

        Processes that want the same environment wait for the one that makes it.

        Raises:
            Unavailable: it cannot be had here; with the reason.
        """
        ...


def write_prepared(folder: Path, prepared: Prepared) -> None:
    """Record a finished environment; without this file a folder is no environment."""
    text = json.dumps({"format": FORMAT, **asdict(replace(prepared, built=time.time()))}, indent=1)
    beside = folder / f".{RECORD}"
    beside.write_text(text)
    beside.rename(folder / RECORD)


def read_prepared(folder: Path) -> Prepared:
    """The environment of a folder.

    Raises:
        InputError: there is none, or it was made by another version.
    """
    try:
        data: dict[str, Any] = json.loads((folder / RECORD).read_text())
        if data.pop("format") != FORMAT:
            raise InputError(f"{folder} was made by another version of Treewright", hint="treewright env prune")
        data["mounts"] = tuple((source, target) for source, target in data["mounts"])
        data["hidden"] = tuple(data["hidden"])
        data["installed"] = tuple(data.get("installed", ()))
        return Prepared(**data)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{folder} is not a prepared environment ({error})", hint="treewright env build") from error


def list_prepared(cache: Path) -> list[tuple[Path, Prepared]]:
    """The environments below a cache, by name; unfinished ones are left out."""
    found = []
    for record in sorted(cache.glob(f"*/{RECORD}")):
        try:
            found.append((record.parent, read_prepared(record.parent)))
        except InputError:
            continue
    return found


def size_of(folder: Path) -> int:
    """Bytes on disk of a folder; files shared by hard links count once."""
    seen: set[tuple[int, int]] = set()
    total = 0
    for path in folder.rglob("*"):
        status = path.lstat()
        if (status.st_dev, status.st_ino) not in seen:
            seen.add((status.st_dev, status.st_ino))
            total += status.st_blocks * 512
    return total


def prune(cache: Path, *, names: tuple[str, ...] = (), everything: bool = False) -> list[str]:
    """Remove unfinished environments, those named, or all with what they share; returns the names.

    Raises:
        InputError: there is no environment of a name.
    """
    known = {folder.name: folder for folder in cache.glob("*/") if not folder.name.startswith(".")}
    if unknown := [name for name in names if name not in known]:
        raise InputError(f"no environment is called {unknown[0]}", hint="treewright env list")
    removed = []
    for name, folder in sorted(known.items()):
        unfinished = not (folder / RECORD).exists()
        if everything or name in names or (unfinished and not names):
            remove_folder(folder)
            removed.append(name)
    if everything:
        for shared in (".uv", ".empty"):
            shutil.rmtree(cache / shared, ignore_errors=True)
    return removed
