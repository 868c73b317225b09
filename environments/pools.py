"""Recorded pools: many samples per function-level task, with their outcomes on generated tests.

One JSON object per line, gzipped or not: `task`, `entry_point`, `prompt`, `solutions` ({code, passes}), `draws`,
`tests` ({code, count}) and, apart from all this, `gold`. What solves sees `PoolTask`, which has no gold.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError, model_validator

from tools.errors import InputError


class _Solution(BaseModel):
    code: str
    passes: str


class _Test(BaseModel):
    code: str
    count: int = 1


class _Line(BaseModel):
    task: str
    entry_point: str
    prompt: str
    solutions: list[_Solution]
    draws: list[int]
    tests: list[_Test]

    @model_validator(mode="after")
    def _fits(self) -> _Line:
        if not self.draws or not all(0 <= index < len(self.solutions) for index in self.draws):
            raise ValueError("draws must be indices into solutions, at least one")
        if any(len(solution.passes) != len(self.tests) for solution in self.solutions):
            raise ValueError("passes needs one character per test")
        return self


class _Gold(BaseModel):
    correct: list[bool]


@dataclass(frozen=True, slots=True)
class PoolTask:
    """The public part of one task.

    Attributes:
        task: its identity.
        entry_point: the function to write.
        prompt: signature and docstring.
        solutions: distinct completions of the prompt.
        passes: per solution, per test, whether it passes.
        draws: the samples in the order they were drawn, as indices into `solutions`.
        tests: distinct generated asserts.
        counts: how often each was generated.
    """

    task: str
    entry_point: str
    prompt: str
    solutions: tuple[str, ...]
    passes: tuple[tuple[bool, ...], ...]
    draws: tuple[int, ...]
    tests: tuple[str, ...]
    counts: tuple[int, ...]


def read_pool(path: Path) -> tuple[PoolTask, ...]:
    """The tasks of a pool, without gold.

    Raises:
        InputError: there is no such file, or a line is not of the format; with the line number.
    """
    tasks = []
    for number, row in _rows(path):
        try:
            line = _Line.model_validate(row)
        except ValidationError as error:
            raise InputError(f"{path}:{number}: {error.errors()[0]['msg']}", hint="see the pool format") from error
        tasks.append(
            PoolTask(
                line.task,
                line.entry_point,
                line.prompt,
                tuple(solution.code for solution in line.solutions),
                tuple(tuple(mark == "1" for mark in solution.passes) for solution in line.solutions),
                tuple(line.draws),
                tuple(test.code for test in line.tests),
                tuple(test.count for test in line.tests),
            )
        )
    return tuple(tasks)


def read_gold(path: Path) -> dict[str, tuple[bool, ...]]:
    """Per task, which of its solutions are right. Only for scoring choices that have been made.

    Raises:
        InputError: a line has no gold part.
    """
    gold = {}
    for number, row in _rows(path):
        try:
            gold[str(row.get("task"))] = tuple(_Gold.model_validate(row.get("gold")).correct)
        except ValidationError as error:
            raise InputError(f"{path}:{number}: no gold part: {error.errors()[0]['msg']}") from error
    return gold


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw).decode()
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the pool {path}: {error}") from error
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise InputError(f"{path}:{number}: not JSON: {error.msg}") from error
        if not isinstance(row, dict):
            raise InputError(f"{path}:{number}: not an object")
        yield number, row
