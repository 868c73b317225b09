"""Real bugs of released packages: a manifest says where one is, `prepare` makes it a repository with a failing test.

No third-party code is stored with the manifests: the buggy source and the upstream regression tests come from the
published releases when a case is prepared.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from environments.releases import Release, download, install, unpack
from tools.errors import InfrastructureError, InputError

# What every case's tests run with: all of pytest's requirements, so that nothing is resolved at run time.
PYTEST = ("pytest==8.3.5", "pluggy==1.5.0", "iniconfig==2.0.0", "packaging==24.2")


def _inside(path: str) -> str:
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts or ".git" in parts.parts or not path:
        raise ValueError(f"{path!r} must be a relative path inside the repository")
    return path


InnerPath = Annotated[str, AfterValidator(_inside)]


class ReleaseFile(BaseModel):
    """One file of a published version, with the digest that it must have."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    kind: Literal["sdist", "wheel"] = "sdist"


class Case(BaseModel):
    """The manifest of one historical bug.

    Attributes:
        name: unique among the cases; the manifest's file name.
        package: the distribution's name on the package index.
        description: what was wrong, one line.
        kind: the kind of bug, a short noun phrase.
        issue: what a user could have reported; the statement that models are given.
        buggy: the release with the bug.
        fixed: the first release without it.
        tests: the regression test files taken over from the fixed release.
        files: further files of ours, path -> text (for releases that ship no tests).
        drop: paths of the buggy release that are left out (test settings that need plug-ins we do not want).
        failing_tests: pytest ids that fail because of the bug.
        test_roots: files or folders that hold the tests to run.
        import_roots: folders that imports start from.
        fix_paths: the source files that the upstream fix changed.
        requirements: pinned packages that the tests need besides pytest.
        demo: whether `treewright demo` may show it; "default" marks the one shown first.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    package: str
    description: str
    kind: str
    issue: str
    buggy: ReleaseFile
    fixed: ReleaseFile
    tests: tuple[InnerPath, ...] = ()
    files: dict[InnerPath, str] = {}
    drop: tuple[InnerPath, ...] = ()
    failing_tests: tuple[str, ...] = Field(min_length=1)
    test_roots: tuple[InnerPath, ...] = Field(min_length=1)
    import_roots: tuple[InnerPath, ...] = (".",)
    fix_paths: tuple[InnerPath, ...] = Field(min_length=1)
    requirements: tuple[str, ...] = ()
    demo: Literal["", "yes", "default"] = ""


@dataclass(frozen=True)
class PreparedCase:
    """A case on disk, ready to be solved.

    Attributes:
        case: the manifest.
        repository: a git repository with one commit: the buggy source and its regression tests.
        failing_tests: the ids that fail there because of the bug.
        python: the interpreter of an environment with the tests' requirements; imports the package from `repository`.
        fixed_source: the unpacked fixed release, outside the repository; for judging only.
    """

    case: Case
    repository: Path
    failing_tests: tuple[str, ...]
    python: Path
    fixed_source: Path


def load_case(path: Path) -> Case:
    """The case of one TOML manifest.

    Raises:
        InputError: the file is missing, is not TOML, or does not describe a case.
    """
    try:
        return Case.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise InputError(f"{path} is not the manifest of a case: {error}") from error


def load_cases(folder: Path) -> tuple[Case, ...]:
    """All cases of a folder, by name.

    Raises:
        InputError: a manifest is wrong or two have one name.
    """
    cases = sorted((load_case(path) for path in sorted(folder.glob("*.toml"))), key=lambda case: case.name)
    names = [case.name for case in cases]
    if len(set(names)) != len(names):
        raise InputError(f"two manifests in {folder} have the same name")
    return tuple(cases)


def demo_case(cases: tuple[Case, ...], name: str | None = None) -> Case:
    """The demo of that name; without a name the default one.

    Raises:
        InputError: no such demo.
    """
    for case in cases:
        if (case.name == name and case.demo) or (name is None and case.demo == "default"):
            return case
    known = ", ".join(case.name for case in cases if case.demo)
    raise InputError(f"no demo named {name}", hint=f"one of: {known}")


async def prepare(case: Case, folder: Path, *, downloads: Path | None = None) -> PreparedCase:
    """Rebuilds a case under `folder`, from scratch.

    Args:
        case: what to rebuild.
        folder: gets `repository`, `venv` and `fixed`; what is there of these goes.
        downloads: keeps downloaded files between runs; `folder`/downloads when not given.

    Raises:
        InputError: a download does not have its recorded digest, or a named file is not in its release.
        InfrastructureError: pip, venv or git failed.
    """
    cache = downloads or folder / "downloads"
    repository, fixed, venv = folder / "repository", folder / "fixed", folder / "venv"
    for old in (repository, fixed, venv):
        shutil.rmtree(old, ignore_errors=True)
    archives = await asyncio.gather(*(download(_release(case, file), cache) for file in (case.buggy, case.fixed)))
    await asyncio.to_thread(unpack, archives[0], repository)
    await asyncio.to_thread(unpack, archives[1], fixed)
    await asyncio.to_thread(_add_tests, case, repository, fixed)
    python, _ = await asyncio.gather(_environment(case, venv, repository), _commit(case, repository))
    return PreparedCase(case, repository, case.failing_tests, python, fixed)


def _release(case: Case, file: ReleaseFile) -> Release:
    return Release(case.package, file.version, file.kind, file.sha256)


def _add_tests(case: Case, repository: Path, fixed: Path) -> None:
    for path in case.drop:
        target = repository / path
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink(missing_ok=True)
    for path in case.tests:
        source = fixed / path
        if not source.is_file():
            raise InputError(f"{case.name}: {case.package} {case.fixed.version} ships no {path}")
        _write(repository / path, source.read_bytes())
    for path, text in case.files.items():
        _write(repository / path, text.encode())


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


async def _environment(case: Case, venv: Path, repository: Path) -> Path:
    await _run(sys.executable, "-m", "venv", "--without-pip", str(venv))
    python = venv / "bin" / "python"
    await install((*PYTEST, *case.requirements), python)
    roots = [str((repository / root).resolve()) for root in case.import_roots]
    packages = next((venv / "lib").glob("python3*")) / "site-packages"
    # first on sys.path, like an editable install of a package that some requirement may also have brought
    hook = f"import sys; sys.path[:0] = [p for p in {roots!r} if p not in sys.path]\n"
    (packages / "case.pth").write_text(hook, encoding="utf-8")
    return python


async def _commit(case: Case, repository: Path) -> None:
    who = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in _IDENTITY.items()}
    environment = {**os.environ, **who, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        environment.pop(name, None)
    subject = f"{case.package} {case.buggy.version} with the regression tests of {case.fixed.version}"
    git = ("git", "-C", str(repository), "-c", "core.autocrlf=false", "-c", "core.hooksPath=/dev/null")
    await _run(*git, "init", "--quiet", "--initial-branch=main", "--template=", env=environment)
    await _run(*git, "add", "--all", "--force", env=environment)
    await _run(*git, "commit", "--quiet", "--message", subject, env=environment)


_IDENTITY = {"NAME": "Treewright", "EMAIL": "treewright@localhost", "DATE": "2000-01-01T00:00:00Z"}


async def _run(*argv: str, env: dict[str, str] | None = None) -> None:
    process = await asyncio.create_subprocess_exec(
        *argv,
        env=env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    if process.returncode:
        last = output.decode(errors="replace").strip().splitlines()[-1:]
        raise InfrastructureError(f"{' '.join(argv[:4])} … failed: {''.join(last)}")
