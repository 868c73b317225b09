"""Finds the Python that a repository's tests run with, and what a sandbox must show for it to work.

Interpreters often live below the home folder, which a sandbox hides: pyenv and uv keep them there, and a virtual
environment is a few links to one. The mounts named here make them visible, read-only.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from environments.base import Mount
from tools.errors import InputError

_ASK = (
    "import json, sys;"
    "print(json.dumps([list(sys.version_info[:3]), getattr(sys, 'base_prefix', sys.prefix),"
    " getattr(sys, 'base_exec_prefix', sys.exec_prefix), sys.executable]))"
)
_VERSION = re.compile(r"\d+(\.\d+){0,2}\Z")
_PROGRAM = re.compile(r"python[0-9.]*\Z")
_SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/sbin")  # what every sandbox shows
_SHIMS = "shims"  # where pyenv keeps scripts that start an interpreter


@dataclass(frozen=True)
class Interpreter:
    """A Python.

    Attributes:
        path: the program, as it was found: the one of a virtual environment keeps its packages.
        version: major, minor, patch.
        prefix: where its packages are.
        mounts: read-only mounts a sandbox needs to run it, none for what the system folders hold.
    """

    path: Path
    version: tuple[int, int, int]
    prefix: Path
    mounts: tuple[Mount, ...]


def find_python(spec: str | Path | None, repository: Path) -> Interpreter:
    """The interpreter asked for; runs candidates to ask them, so call it in a thread.

    Args:
        spec: a version ("3", "3.8", "3.8.18"), a path to a program or to a virtual environment, or None for what
            the repository's own ``.venv`` or ``venv``, an active virtual environment, or PATH gives.
        repository: where to look for a virtual environment. A program that lies in it is not run, unless it is
            named: what it links to is asked.

    Raises:
        InputError: there is none; says which ones there are.
    """
    if spec is None:
        return _first(_defaults(repository.absolute()), "no python found")
    text = os.fspath(spec)
    if _VERSION.match(text):
        wanted = tuple(map(int, text.split(".")))
        asked = (_ask(path) for path in _candidates() if _may_be(path, wanted))
        fitting = (found for found in asked if found and found.version[: len(wanted)] == wanted)
        return _first(fitting, f"no python {text} found")
    path = repository.absolute() / Path(text).expanduser()
    if path.is_dir():
        path = path / "bin" / "python"
    return _first((_ask(path),), f"{path} is not a working python")


def _first(candidates: Iterable[Interpreter | None], problem: str) -> Interpreter:
    for found in candidates:
        if found is not None:
            return found
    versions = sorted({found.version for path in _candidates() if (found := _ask(path))})
    listing = ", ".join(".".join(map(str, version)) for version in versions)
    raise InputError(problem, hint=f"there are: {listing or 'none'}; or give the path of one")


def _defaults(repository: Path) -> Iterator[Interpreter | None]:
    for name in (".venv", "venv"):
        if (program := repository / name / "bin" / "python").exists():
            yield _ask_linked(program, repository)
    if active := os.environ.get("VIRTUAL_ENV"):
        yield _ask(Path(active) / "bin" / "python")
    for name in ("python3", "python"):
        if program_found := shutil.which(name):
            yield _ask(Path(program_found))


def _may_be(path: Path, wanted: Sequence[int]) -> bool:
    """Whether an interpreter may be of a version: its place and name tell, so that few are asked."""
    told = re.search(r"(\d+(?:\.\d+)+)", path.parent.parent.name) or re.search(r"python(\d+\.\d+)\Z", path.name)
    version = list(map(int, told[1].split("."))) if told else []
    common = min(len(version), len(wanted))
    return version[:common] == list(wanted[:common])


def _candidates() -> list[Path]:
    """Programs of PATH, of pyenv and of uv; newer versions first within each."""
    found: list[Path] = []
    for folder in map(Path, os.environ.get("PATH", os.defpath).split(os.pathsep)):
        if folder.is_dir() and folder.name != _SHIMS:
            found += [path for path in sorted(folder.glob("python*")) if _PROGRAM.match(path.name)]
    home = Path.home()
    for store in (
        Path(os.environ.get("PYENV_ROOT", home / ".pyenv")) / "versions",
        Path(os.environ.get("UV_PYTHON_INSTALL_DIR", home / ".local/share/uv/python")),
    ):
        versions = [folder for folder in store.glob("*") if folder.is_dir() and not folder.is_symlink()]
        found += [folder / "bin" / "python" for folder in sorted(versions, key=_version_key, reverse=True)]
    return [path for path in found if path.exists()]


def _version_key(folder: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", folder.name)]


def _ask_linked(program: Path, repository: Path) -> Interpreter | None:
    """Describe a virtual environment of the repository without running anything that lies in it."""
    target = program.resolve()
    if target.is_relative_to(repository.resolve()) or not _PROGRAM.match(target.name):
        return None
    return _ask(program, run=target)


def _ask(path: Path, *, run: Path | None = None) -> Interpreter | None:
    """What an interpreter says about itself, or None when it does not run.

    It is started isolated and without site, so that no start-up file of an environment is executed.

    Args:
        path: the program to describe.
        run: the program to run, if not the same.
    """
    said = _run(run or path, "-I") or _run(run or path, "-E", "-s")  # Python 2 knows no -I
    if said is None:
        return None
    version, base, exec_base, executable = said
    if path.parent.name == _SHIMS:
        path = Path(executable)
    path = Path(os.path.abspath(path))  # noqa: PTH100 -- links stay: they are what makes a virtual environment
    home = path.parent.parent if (path.parent.parent / "pyvenv.cfg").is_file() else None
    prefixes = [Path(base), Path(exec_base), *([home] if home else [])]
    mounts = _mounts(prefixes, path)
    return None if mounts is None else Interpreter(path, version, home or Path(base), mounts)


def _run(program: Path, *options: str) -> tuple[tuple[int, int, int], str, str, str] | None:
    env = {name: os.environ[name] for name in ("PATH", "HOME", "PYENV_ROOT", "PYENV_VERSION") if name in os.environ}
    try:
        done = subprocess.run(
            [program, *options, "-S", "-c", _ASK], check=True, capture_output=True, timeout=20, cwd="/", env=env
        )
        version, base, exec_base, executable = json.loads(done.stdout)
        return (int(version[0]), int(version[1]), int(version[2])), base, exec_base, executable
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def _mounts(prefixes: Sequence[Path], program: Path) -> tuple[Mount, ...] | None:
    """Binds for the prefixes, under every spelling that the program's links go through.

    None when a prefix holds the home folder: showing it would show everything.
    """
    spelled = {*prefixes}
    real = {prefix.resolve() for prefix in prefixes}
    hop = program
    while hop.is_symlink():
        hop = hop.parent / hop.readlink()
        if hop.parent.parent.resolve() in real:
            spelled.add(Path(os.path.abspath(hop.parent.parent)))  # noqa: PTH100 -- the spelling matters
    outside = sorted({*spelled, *real} - {path for path in {*spelled, *real} if _in_system(path)})
    if any(Path.home().resolve().is_relative_to(path.resolve()) for path in outside):
        return None
    targets = [path for path in outside if not any(path != top and path.is_relative_to(top) for top in outside)]
    return tuple(Mount(path.resolve(), str(path)) for path in targets)


def _in_system(path: Path) -> bool:
    return any(path.is_relative_to(top) for top in _SYSTEM)
