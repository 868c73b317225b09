"""How an environment is made: the table of the swebench package, with our overrides."""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
import shlex
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from environments.provision.need import Need
from environments.provision.package import constants
from environments.provision.prepared import Unavailable
from tools.errors import InputError
from tools.snapshots.command import GitFailed, run_git
from tools.snapshots.paths import path_problem

_COMMENT = re.compile(r"(^|\s)#.*$")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SKIPPED_STEPS = ("apt-get", "wget", "curl", "tar ", "mkdir", "QHULL", "echo ", "locale-gen")


@dataclass(frozen=True)
class Spec:
    """One environment, before it is built.

    Attributes:
        project: such as "django/django".
        version: as the benchmark has it.
        python: version of the interpreter.
        seed: packages that are there from the start.
        packages: groups of requirements, installed one after the other.
        before: shell commands that change the work tree before it is installed.
        extras: of the project itself, such as "test,dev".
        test: the command that runs tests.
        configured: take the command from the repository's tox.ini instead.
        date: dependencies are resolved as of this day.
        env: variables of the tests.
        build_env: variables of the build.
    """

    project: str
    version: str
    python: str
    seed: tuple[str, ...]
    packages: tuple[tuple[str, ...], ...]
    before: tuple[str, ...]
    extras: str
    test: str
    configured: bool
    date: str
    env: dict[str, str] = field(default_factory=dict)
    build_env: dict[str, str] = field(default_factory=dict)

    def key(self, extra: str = "") -> str:
        """A short hash of all of it, and of `extra`."""
        text = json.dumps([asdict(self), extra], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:10]


Tables = Mapping[str, Mapping[str, Any]]


@cache
def overrides() -> dict[str, dict[str, Any]]:
    """The data file beside this module."""
    text = resources.files("environments.provision").joinpath("overrides.toml").read_text()
    return tomllib.loads(text)


def read_overrides(path: Path) -> dict[str, dict[str, Any]]:
    """A data file of the same form.

    Raises:
        InputError: it is not there or not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"cannot read the overrides {path}: {error}") from error


def spec_of(need: Need, repository: str, base: str, *, date: str = "", more: Tables | None = None) -> Spec:
    """The specification of an environment.

    Args:
        need: what the table has.
        repository: git repository to read requirement files from.
        base: the commit that will be worked on.
        date: in place of the day in the data file.
        more: tables as in the data file, which win over it; a project that swebench does not know needs all of
            python, packages and test_cmd there.

    Raises:
        Unavailable: the table does not have it, or a requirement file is missing.
        InputError: the package swebench is not installed.
    """
    given = more or {}  # a project's table in it takes the place of ours for all versions
    tables = {**{name: table for name, table in overrides().items() if name.partition("@")[0] not in given}, **given}
    ours = {**tables.get(need.project, {}), **tables.get(f"{need.project}@{need.version}", {})}
    found = (
        ours
        if {"python", "test_cmd"} <= ours.keys()
        else constants().MAP_REPO_VERSION_TO_SPECS.get(need.project, {}).get(need.version)
    )
    if found is None:
        raise Unavailable(f"no specification of {need.project or 'the project'} {need.version}".rstrip())
    default = {**overrides()["default"], **given.get("default", {})}
    drop = {_plain(name) for name in ours.get("drop", ())}
    packages = [_listed(found.get("packages", ""), ours, need, (repository, base)), *_ours(found, ours)]
    kept = [tuple(each for each in group if _plain(each) not in drop) for group in packages]
    return Spec(
        need.project,
        need.version,
        str(ours.get("python", found["python"])),
        tuple(default["seed"]),
        tuple(group for group in kept if group),
        (*(step for step in found.get("pre_install", ()) if not _is_skipped(step)), *ours.get("before", ())),
        _extras(str(found.get("install", ""))),
        str(ours.get("test", found["test_cmd"])),
        bool(ours.get("configured", False)),
        date or str(ours.get("date", default["date"])),
        dict(ours.get("env", {})),
        dict(ours.get("build_env", {})),
    )


def _ours(found: Mapping[str, Any], ours: Mapping[str, Any]) -> list[tuple[str, ...]]:
    tox = ("tox", "tox-current-env")
    pinned = tuple(each for each in found.get("pip_packages", ()) if _plain(each) not in tox)
    return [pinned, () if found is ours else tuple(ours.get("packages", ()))]


def _listed(text: str | Sequence[str], ours: Mapping[str, Any], need: Need, where: tuple[str, str]) -> tuple[str, ...]:
    if text == "environment.yml" or ("conda" in ours and text != "requirements.txt"):
        return tuple(ours.get("conda", ()))
    if text == "requirements.txt":
        repository, base = where
        commit = need.setup_commit or base
        for path in constants().MAP_REPO_TO_REQS_PATHS.get(need.project, ()):
            if (content := _at(repository, commit, path)) is not None:
                return tuple(_requirements(repository, commit, path, content))
        raise Unavailable(f"{need.project} has no requirement file at {commit[:12]}")
    return tuple(shlex.split(text)) if isinstance(text, str) else tuple(text)


def _requirements(repository: str, commit: str, path: str, content: str) -> list[str]:
    """The requirements of a file and of those it refers to; the project itself and options are left out."""
    found: list[str] = []
    for raw in content.splitlines():
        line = _COMMENT.sub("", raw).strip()
        if line.startswith(("-r ", "-r", "--requirement ")) and not line.startswith("--re="):
            name = line.split(None, 1)[1] if " " in line else line[2:]
            beside = _beside(path, name)
            inner = None if path_problem(beside) else _at(repository, commit, beside)
            if inner is not None:
                found += _requirements(repository, commit, beside, inner)
        elif line and not line.startswith(("-", ".")) and _NAME.match(line):
            found.append(_replaced(line))
    return found


def _replaced(requirement: str) -> str:
    """Packages that were taken from the index have others in their place."""
    return "types-setuptools" if _plain(requirement) == "types-pkg-resources" else requirement


def _beside(path: str, name: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), name))


def _at(repository: str, commit: str, path: str) -> str | None:
    try:
        return run_git("show", f"{commit}:{path}", folder=Path(repository)).decode("utf-8", "replace")
    except GitFailed:
        return None


def _plain(requirement: str) -> str:
    found = _NAME.match(requirement)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else requirement


def _extras(install: str) -> str:
    found = re.search(r"-e\s+['\"]?\.\[([\w,-]+)\]", install)
    return found[1] if found else ""


def _is_skipped(step: str) -> bool:
    return any(word in step for word in _SKIPPED_STEPS)
