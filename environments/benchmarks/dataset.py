"""Loading a dataset: rows in, tasks with their gold apart out."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from environments.benchmarks.choice import Choice
from environments.benchmarks.model import BenchmarkTask, Gold
from environments.benchmarks.own import as_task, is_own, read_folder
from environments.benchmarks.rows import SUFFIXES, Row, read_rows
from environments.provision.need import Need
from environments.repositories import locate
from environments.tasks import Task
from tools.errors import InputError
from tools.extensions import installed, load_extension


def _listed(value: object) -> object:
    """The lists are JSON inside of a string in the published files."""
    return json.loads(value) if isinstance(value, str) and value.strip() else value or []


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else str(value))]


class _Instance(BaseModel):
    """The official fields of a SWE-bench instance."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    instance_id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    repo: str = Field(pattern=r"^[\w.-]+/[\w.-]+$")
    base_commit: str = Field(pattern=r"^[0-9a-f]{7,40}$")
    problem_statement: str
    patch: Text = ""
    test_patch: Text = ""
    hints_text: Text = ""
    version: Text = ""
    created_at: Text = ""
    environment_setup_commit: Text = ""
    FAIL_TO_PASS: Names = ()
    PASS_TO_PASS: Names = ()


def load(
    dataset: str | Path,
    *,
    split: str = "",
    choice: Choice | None = None,
    mirrors: Path | None = None,
) -> tuple[BenchmarkTask, ...]:
    """The tasks of a dataset.

    Args:
        dataset: "swe-bench-lite", "swe-bench-verified", a name on the Hugging Face hub, a .json, .jsonl or .parquet
            file with SWE-bench's fields or with those of our own task files, a folder of the latter
            (`environments.benchmarks.own`), or a task source: a Python file with
            ``def tasks(split: str) -> Iterable[Task | BenchmarkTask]``, or the name of an installed extension.
        split: "test" when not given; a file is not divided unless its rows say so.
        choice: which of them; all when not given.
        mirrors: folder with bare repositories named OWNER__NAME.git, used in place of the network.

    Raises:
        InputError: the dataset is not there or not of the format, or the choice leaves nothing.
        InfrastructureError: the hub cannot be reached.
    """
    path = Path(dataset).expanduser()
    if path.is_dir() and path.suffix.lower() not in SUFFIXES and any(path.rglob("*.toml")):
        tasks = read_folder(path)
    elif path.suffix.lower() == ".py" or str(dataset) in installed("tasks"):
        tasks = _from_source(str(dataset), split)
    else:
        rows = read_rows(str(dataset), split)
        tasks = tuple(as_task(row, path) if is_own(row) else _task(row) for row in rows)
    twice, count = next(iter(Counter(each.id for each in tasks).most_common(1)), ("", 0))
    if count > 1:
        raise InputError(f"the dataset has two tasks {twice!r}")
    return tuple(_mirrored(each, mirrors) for each in (choice or Choice()).of(tasks))


def _mirrored(each: BenchmarkTask, mirrors: Path | None) -> BenchmarkTask:
    """A task of a published dataset with its mirror in place of the URL; what was not chosen needs none."""
    if mirrors is None or each.task.repository != locate(each.project, None):
        return each
    return replace(each, task=replace(each.task, repository=locate(each.project, mirrors)))


def _from_source(name: str, split: str) -> tuple[BenchmarkTask, ...]:
    made = load_extension(name, "tasks")
    if not callable(made):
        raise InputError(f"`tasks` of {name} is no function of a split")
    tasks = tuple(each if isinstance(each, BenchmarkTask) else BenchmarkTask(each, Gold()) for each in made(split))
    odd = next((each.task for each in tasks if not isinstance(each.task, Task) or not each.task.id), None)
    if odd is not None:
        raise InputError(f"{name} gives {odd!r}, which is no task with an id")
    return tasks


def _task(row: Row) -> BenchmarkTask:
    try:
        found = _Instance.model_validate(row)
    except (ValidationError, json.JSONDecodeError) as error:
        raise InputError(f"{_name(row)} is not an instance of SWE-bench: {_first(error)}") from error
    task = Task(
        id=found.instance_id,
        repository=locate(found.repo, None),
        base=found.base_commit,
        problem=found.problem_statement,
        environment=str(Need(found.repo, found.version, found.environment_setup_commit)) if found.version else "",
    )
    gold = Gold(found.patch, found.test_patch, found.FAIL_TO_PASS, found.PASS_TO_PASS, found.hints_text)
    return BenchmarkTask(task, gold, found.repo, found.version, found.created_at)


def _name(row: Row) -> str:
    name: Any = row.get("instance_id")
    return str(name)[:100] if name else "a row"


def _first(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(error)
