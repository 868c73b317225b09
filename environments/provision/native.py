"""Environments without Docker: a virtual environment per version of a project, used inside a sandbox."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from environments.base import Environment
from environments.interpreters import Interpreter, find_python
from environments.locking import alone
from environments.provision.building import Build
from environments.provision.need import Need
from environments.provision.prepared import RECORD, Prepared, Unavailable, read_prepared, write_prepared
from environments.provision.specs import Spec, Tables, overrides, read_overrides, spec_of
from environments.repositories import obtain
from environments.tasks import Task
from environments.workspaces.folder import remove_folder
from tools.errors import InputError, TreewrightError
from tools.snapshots.command import run_git

PACKAGING = ("setup.py", "setup.cfg", "pyproject.toml", "MANIFEST.in")
"""Files of the root that say what an installation does; commits that agree on them share one."""
VERSION_LINE = re.compile(rb"(?im)^\s*(?:\w*_)?version\s*=\s*[\"']?[\w.+-]+[\"']?,?\s*$")
"""The project's own version; a new one is no new environment."""
SYSTEM_PACKAGES = (
    "/usr/lib/python3/dist-packages",
    "/usr/local/lib/python3*/dist-packages",
    "/usr/share/python-wheels",
)


class Native:
    """Provides virtual environments.

    Args:
        cache: folder of the environments, shared by all runs.
        repositories: folder of cloned repositories, for tasks that name a URL.
        sandbox: what builds run in.
        date: resolve dependencies as of this day instead of the one in the data file.
        more: tables that win over the data file, see `spec_of`; those of `overrides.toml` in the cache when None.
    """

    def __init__(
        self, cache: Path, *, repositories: Path, sandbox: Environment, date: str = "", more: Tables | None = None
    ) -> None:
        self.cache = cache.absolute()
        self._repositories = repositories
        self._sandbox = sandbox
        self._date = date
        own = cache / "overrides.toml"
        self._more = read_overrides(own) if more is None and own.exists() else more
        self._failed: dict[str, str] = {}

    async def prepared(self, task: Task) -> tuple[Path, Prepared]:
        """See `Provider`; commits that are installed alike share an environment.

        What could not be built is not tried again by this object.
        """
        need, base = Need.parse(task.environment), task.base
        source = await obtain(task.repository, self._repositories, base=base)
        spec = await asyncio.to_thread(spec_of, need, str(source), base, date=self._date, more=self._more)
        name = await asyncio.to_thread(environment_name, spec, source, base)
        folder = self.cache / name
        if (folder / RECORD).exists():
            return folder, read_prepared(folder)
        if name in self._failed:
            raise Unavailable(self._failed[name])
        async with alone(self.cache / ".locks" / name):
            if (folder / RECORD).exists():
                return folder, read_prepared(folder)
            try:
                return folder, await self._build(folder, spec, source, base)
            except TreewrightError as error:
                self._failed[name] = str(error)
                if isinstance(error, Unavailable):
                    raise
                raise Unavailable(str(error), hint=error.hint) from error

    async def _build(self, folder: Path, spec: Spec, repository: Path, commit: str) -> Prepared:
        try:
            interpreter = await asyncio.to_thread(find_python, spec.python, folder)
        except InputError as error:
            raise Unavailable(f"{error}; {error.hint}") from error
        await asyncio.to_thread(remove_folder, folder)
        folder.mkdir(parents=True)
        build = Build(folder, spec, interpreter, self._sandbox, shared=self.cache)
        seconds, test, env = await build.run(repository, commit)
        places = tuple((folder / "venv" / "lib").glob("python3*/site-packages"))
        packages = Need(spec.project, spec.version).packages
        if found := [name for place in places for name in packages if (place / name / "__init__.py").exists()]:
            raise Unavailable(f"a release of the project itself was installed beside the tree: {found[0]}")
        python = await asyncio.to_thread(find_python, folder / "venv", folder)
        prepared = Prepared(
            folder.name,
            spec.project,
            spec.version,
            str(python.path),
            test,
            mounts=tuple((str(mount.source), mount.target) for mount in python.mounts),
            hidden=(*hidden_folders(interpreter), *vendored(places, packages)),
            env=env,
            products=str(folder / "products"),
            seconds=round(seconds, 1),
        )
        write_prepared(folder, prepared)
        return prepared


def hidden_folders(interpreter: Interpreter) -> tuple[str, ...]:
    """Packages of the machine that no virtual environment sees, but that a solver might read: other releases."""
    major, minor, _ = interpreter.version
    base = interpreter.prefix / "lib" / f"python{major}.{minor}"
    places = [base / "site-packages", base / "ensurepip" / "_bundled"]
    for pattern in SYSTEM_PACKAGES:
        places += sorted(Path("/").glob(pattern.lstrip("/")))
    return tuple(dict.fromkeys(str(place.resolve()) for place in places if place.is_dir()))


def vendored(places: Sequence[Path], packages: Sequence[str]) -> tuple[str, ...]:
    """Copies of the project that an installed package carries: pip has one of requests, which would be a later one."""
    return tuple(
        str(path)
        for place in places
        for name in packages
        for path in sorted(place.glob(f"*/_vendor/{name}"))
        if path.is_dir()
    )


def environment_name(spec: Spec, repository: Path, commit: str) -> str:
    """The name of the environment of a commit: equal for commits that are installed alike."""
    digest = hashlib.sha256()
    if overrides().get(spec.project, {}).get("compiled"):
        digest.update(commit.encode())
    else:
        listed = run_git("ls-tree", "--name-only", commit, "--", *PACKAGING, folder=repository).decode().split()
        for path in listed:
            content = run_git("show", f"{commit}:{path}", folder=repository)
            digest.update(path.encode() + b"\0" + VERSION_LINE.sub(b"", content))
    plain = spec.project.replace("/", "__")
    return f"{plain}-{spec.version}-py{spec.python}-{spec.key(digest.hexdigest())}"
