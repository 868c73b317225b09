"""Building one native environment: every step that runs code of others runs in a sandbox."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from environments.base import GIB, Command, Environment, Limits, Mount, Sandbox
from environments.interpreters import Interpreter
from environments.provision.commands import test_command
from environments.provision.prepared import WORKSPACES, Prepared, Unavailable
from environments.provision.specs import Spec
from environments.repositories import is_data
from environments.workspaces import Shelf, Workspace
from environments.workspaces.folder import remove_folder
from tools.errors import InfrastructureError, extra
from tools.snapshots import SnapshotFiles, SnapshotStore
from tools.snapshots.command import GitFailed, run_git

STEP_SECONDS = 1800.0
MOUNT = Prepared("", "", "", "", "").mount
PASSED_ON = re.compile(r"UV_(?!CACHE|PYTHON|PROJECT|VENV|EXCLUDE)\w+|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE")
"""Variables of ours that the installer needs to reach its index."""
EXPANDED = r"""
grep -rlF '$Format:%d$' --include='*.py' . | while read -r file; do
    sed -i "s/[\$]Format:%d[\$]/ (tag: v$1)/; s/[\$]Format:%H[\$]/$(printf %040d 0)/" "$file"
done
"""
"""Tells versioneer the version as an archive of git's would, so that dependencies on the project itself resolve."""
COMPILER_SETTINGS = {"CFLAGS": "-g0 -O1", "NPY_NUM_BUILD_JOBS": "2", "MAKEFLAGS": "-j2"}


class Build:
    """The build of one environment in its folder.

    Args:
        folder: of the environment, empty.
        spec: what to build.
        interpreter: that the virtual environment is made of.
        sandbox: makes the sandbox.
        shared: folder with the installer's own cache.
    """

    def __init__(
        self, folder: Path, spec: Spec, interpreter: Interpreter, sandbox: Environment, *, shared: Path
    ) -> None:
        self._folder = folder
        self._spec = spec
        self._interpreter = interpreter
        self._environment = sandbox
        self._uv_cache = shared / ".uv"
        self._venv = folder / "venv"
        self._log = folder / "build.log"

    async def run(self, repository: Path, commit: str) -> tuple[float, str, dict[str, str]]:
        """Builds it.

        Returns:
            Seconds, the test command, and the variables of the tests.

        Raises:
            Unavailable: a step failed; with the end of its output.
        """
        began = time.monotonic()
        git_dir = self._folder / "store.git"
        store = await asyncio.to_thread(SnapshotStore.create, git_dir, repository, commit, may_lack=is_data)
        try:
            workspace = Workspace(store, self._folder / "tree")
            await asyncio.to_thread(workspace.move, store.base)
            test, env = test_command(self._spec, SnapshotFiles(store, store.base))
            sandbox = await self._sandbox(workspace.root)
            try:
                await self._install(sandbox, await asyncio.to_thread(_version, repository, commit, self._spec))
            finally:
                await sandbox.close()
            await asyncio.to_thread(workspace.record_products, self._folder / "products")
            await asyncio.to_thread(Shelf(self._folder / WORKSPACES).put, workspace)
        finally:
            store.close()
            await asyncio.to_thread(remove_folder, self._folder / "tree")
            await asyncio.to_thread(shutil.rmtree, git_dir, ignore_errors=True)
        return time.monotonic() - began, test, {**env, **self._spec.env}

    async def _sandbox(self, tree: Path) -> Sandbox:
        for folder in (self._venv, self._uv_cache):
            folder.mkdir(parents=True, exist_ok=True)
        uv = Path(find_uv())
        mounts = [
            *self._interpreter.mounts,
            Mount(self._venv, str(self._venv), writable=True),
            Mount(self._uv_cache, str(self._uv_cache), writable=True),
            Mount(uv.parent, "/opt/uv"),
        ]
        return await self._environment.open(tree, mount=MOUNT, mounts=mounts)

    async def _install(self, sandbox: Sandbox, version: str) -> None:
        python = f"{self._venv}/bin/python"
        await self._step(
            sandbox,
            ("/opt/uv/uv", "venv", "--allow-existing", "--python", str(self._interpreter.path), str(self._venv)),
        )
        install = ("/opt/uv/uv", "pip", "install", "--python", python)
        for group in (self._spec.seed, *self._spec.packages):
            if group:
                await self._step(sandbox, (*install, *group))
        for text in self._spec.before:
            await self._step(sandbox, ("/bin/sh", "-c", text))
        if version:
            await self._step(sandbox, ("/bin/sh", "-c", EXPANDED, "sh", version))
        pretended = {"SETUPTOOLS_SCM_PRETEND_VERSION": version} if version else {}
        target = f".[{self._spec.extras}]" if self._spec.extras else "."
        editable = ("-C", "editable_mode=compat", "-e", target)
        legacy = self._interpreter.version < (3, 7)
        done = not legacy and (
            await self._tried(sandbox, (*install, *editable), pretended)
            # the project may pin a build tool that knows no editable installs
            or await self._tried(sandbox, (*install, "--no-build-isolation", *editable), pretended)
        )
        if not done:
            await self._step(sandbox, ("/bin/sh", "-c", self._develop(python)), env=pretended)
        # late, a dependency's SyntaxWarning would meet the tests' -W error
        compiled = (python, "-m", "compileall", "-q", "-j", "1", f"{self._venv}/lib")
        await self._run(sandbox, compiled, {})

    def _develop(self, python: str) -> str:
        """Installing in place as it was done before PEP 660, with the dependencies resolved as for all others."""
        extras = "".join(f" --extra {name}" for name in self._spec.extras.split(",") if name)
        return (
            "set -e; f=setup.py; [ -f $f ] || f=pyproject.toml; "
            f"/opt/uv/uv pip compile -q --python {python}{extras} $f -o /tmp/needed.txt; "
            # a dependency may ask for a release of the project itself
            f"name=$({python} setup.py -q --name | tail -n 1); "
            'grep -iv "^$name==" /tmp/needed.txt > /tmp/others.txt || true; '
            f"/opt/uv/uv pip install --python {python} -r /tmp/others.txt; {python} setup.py -q develop --no-deps"
        )

    async def _tried(self, sandbox: Sandbox, argv: Sequence[str], env: dict[str, str]) -> bool:
        result, _ = await self._run(sandbox, argv, env)
        return result

    async def _step(self, sandbox: Sandbox, argv: Sequence[str], *, env: dict[str, str] | None = None) -> None:
        done, output = await self._run(sandbox, argv, env or {})
        if not done:
            lines = [line for line in output.splitlines() if line.strip()]
            tail = "\n".join(lines[-12:])
            raise Unavailable(f"the step `{' '.join(argv)[:200]}` failed:\n{tail}", hint=f"the log is {self._log}")

    async def _run(self, sandbox: Sandbox, argv: Sequence[str], env: dict[str, str]) -> tuple[bool, str]:
        variables = {
            **{name: value for name, value in os.environ.items() if PASSED_ON.fullmatch(name)},
            "PATH": f"{self._venv}/bin:/usr/local/bin:/usr/bin:/bin",
            "VIRTUAL_ENV": str(self._venv),
            "UV_CACHE_DIR": str(self._uv_cache),
            "UV_EXCLUDE_NEWER": self._spec.date,
            "UV_LINK_MODE": "copy",
            "UV_NO_PROGRESS": "1",
            "UV_PYTHON_DOWNLOADS": "never",
            **COMPILER_SETTINGS,
            **self._spec.build_env,
            **env,
        }
        limits = Limits(STEP_SECONDS, memory=6 * GIB, processes=512, disk=6 * GIB)
        result = await sandbox.run(Command(tuple(argv), env=variables, limits=limits, network=True))
        with self._log.open("a", errors="replace") as log:
            log.write(f"$ {' '.join(argv)}\n{result.output}\n[{result.exit_code} {result.stopped}]\n")
        return result.ok, result.output + (f"\nstopped: {result.stopped} limit" if result.stopped else "")


def find_uv() -> str:
    """The installer: the one beside our own interpreter, or on PATH.

    Raises:
        InfrastructureError: it is not installed.
    """
    beside = Path(sys.executable).parent / "uv"
    found = str(beside) if beside.exists() else shutil.which("uv")
    if not found:
        raise InfrastructureError("uv is not installed", hint=extra("swebench"))
    return str(Path(found).resolve())


def _version(repository: Path, commit: str, spec: Spec) -> str:
    """What setuptools-scm is told, as there is no history in the tree: the last tag, or the benchmark's version."""
    try:
        told = run_git("describe", "--tags", "--abbrev=0", commit, folder=repository).decode().strip()
    except GitFailed:
        told = spec.version
    found = re.search(r"\d+(\.\d+)*", told)
    return found[0] if found else ""
