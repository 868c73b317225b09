"""Task files of our own: one TOML file per task (or one line of a JSONL file), with what grades it in a table apart.

id = "rounding"                       # the file's name when left out
repository = "../shop"                # a path, relative to the file, or a URL
base = "v1.2"
problem = "Totals are rounded down."  # or problem_file = "issue.md"
setup = "pip install -e ."
test = "pytest"
python = "3.11"
failing_tests = []                    # tests that the solver may see fail

[gold]
test_patch_file = "hidden.patch"      # or test_patch = '''...'''
patch_file = "fix.patch"
fail_to_pass = ["tests/test_total.py::test_rounding"]
pass_to_pass = ["tests/test_total.py::test_sum"]
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from environments.benchmarks.model import BenchmarkTask, Gold
from environments.repositories import is_url
from environments.tasks import Task
from tools.errors import InputError

MAX_BYTES = 16 * 2**20


class _Gold(BaseModel):
    model_config = ConfigDict(extra="forbid")
    patch: str = ""
    patch_file: str = ""
    test_patch: str = ""
    test_patch_file: str = ""
    fail_to_pass: tuple[str, ...] = ()
    pass_to_pass: tuple[str, ...] = ()


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: str = Field(default="", pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]*)?$")
    repository: str
    base: str = "HEAD"
    problem: str = ""
    problem_file: str = ""
    setup: str = ""
    test: str = ""
    python: str = ""
    failing_tests: tuple[str, ...] = ()
    project: str = ""
    version: str = ""
    gold: _Gold = _Gold()


def read_folder(folder: Path) -> tuple[BenchmarkTask, ...]:
    """The tasks of all `.toml` files below a folder, by path.

    Raises:
        InputError: a file is not of the format; says which and why.
    """
    return tuple(read_task(path) for path in sorted(folder.rglob("*.toml")))


def read_task(path: Path) -> BenchmarkTask:
    """The task of one file.

    Raises:
        InputError: it is not of the format, or a file it names is not there.
    """
    try:
        fields = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path} is not a task file: {error}", hint="mend it, or move it elsewhere") from error
    return as_task({"id": path.stem, **fields}, path)


def is_own(row: Mapping[str, object]) -> bool:
    """Whether a row of a file is one of ours and not one of SWE-bench's."""
    return "repository" in row


def as_task(fields: Mapping[str, object], path: Path) -> BenchmarkTask:
    """The task with the given fields.

    Args:
        fields: as in a task file; the id is among them.
        path: the file they come from: what they name is relative to it.

    Raises:
        InputError: they are not of the format, or a file they name is not there.
    """
    try:
        found = _File.model_validate(fields)
    except ValidationError as error:
        raise _explained(error, path) from error
    if not found.id:
        raise InputError(f"{path} has a task without an id", hint='add id = "NAME"')
    problem = found.problem or _beside(path, found.problem_file)
    if not problem.strip():
        raise InputError(f"{path} states no problem", hint="add problem or problem_file")
    repository = found.repository
    if not is_url(repository):
        repository = str((path.parent / Path(repository).expanduser()).resolve())
    task = Task(
        id=found.id,
        repository=repository,
        base=found.base,
        problem=problem,
        setup=found.setup,
        test=found.test,
        python=found.python,
        failing_tests=found.failing_tests,
    )
    gold = found.gold
    return BenchmarkTask(
        task,
        Gold(
            gold.patch or _beside(path, gold.patch_file),
            gold.test_patch or _beside(path, gold.test_patch_file),
            gold.fail_to_pass,
            gold.pass_to_pass,
        ),
        found.project,
        found.version,
    )


def _explained(error: ValidationError, path: Path) -> InputError:
    """The first thing that is wrong; a key that is not known before one that is missing, as it is often the cause."""
    first = min(error.errors(), key=lambda each: each["type"] != "extra_forbidden")
    *tables, key = map(str, first["loc"])
    known = sorted((_Gold if tables[:1] == ["gold"] else _File).model_fields)
    if first["type"] == "extra_forbidden":
        close = difflib.get_close_matches(key, known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(known)}"
        return InputError(f"{path} is not a task file: unknown key {'.'.join([*tables, key])!r}", hint=hint)
    if first["type"] == "missing":
        return InputError(f"{path} is not a task file: it has no {key!r}", hint=f"add {key} = ...")
    said = f"{'.'.join([*tables, key])}: {first['msg']}"
    return InputError(f"{path} is not a task file: {said}", hint=f"change {key}")


def _beside(path: Path, name: str) -> str:
    if not name:
        return ""
    target = path.parent / name
    try:
        if target.stat().st_size > MAX_BYTES:
            raise InputError(f"{target} is larger than 16 MiB")
        return target.read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise InputError(f"{path} names {name}, which cannot be read: {error}") from error
