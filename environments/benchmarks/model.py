"""A benchmark task in two halves: the one that is solved and the one that grades."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from environments.tasks import Task


@dataclass(frozen=True)
class Gold:
    """What grades a task. The solving side never receives it: it is no part of `Task`, of a run folder or of a prompt.

    Attributes:
        patch: the reference solution; may be empty.
        test_patch: the hidden tests, as a patch on the base.
        fail_to_pass: tests that a solution makes pass.
        pass_to_pass: tests that a solution must not break.
        hints: what was said about the issue later, which may give the solution away.
    """

    patch: str = field(default="", repr=False)
    test_patch: str = field(default="", repr=False)
    fail_to_pass: tuple[str, ...] = field(default=(), repr=False)
    pass_to_pass: tuple[str, ...] = field(default=(), repr=False)
    hints: str = field(default="", repr=False)


@dataclass(frozen=True)
class BenchmarkTask:
    """A task with its gold, for the code that hands out the one and keeps the other.

    Attributes:
        task: what the solving side gets.
        gold: what it never gets.
        project: the project's name as the benchmark has it, such as "django/django"; empty for others.
        version: of the project, as the benchmark has it: names the environment.
        created: when the issue was filed, as ISO 8601; may be empty.
    """

    task: Task
    gold: Gold
    project: str = ""
    version: str = ""
    created: str = ""

    @property
    def id(self) -> str:
        """The task's id."""
        return self.task.id


def fingerprint(tasks: Iterable[BenchmarkTask]) -> str:
    """A hash of what is asked and how it is graded, in order; where repositories lie plays no part."""
    digest = hashlib.sha256()
    for each in tasks:
        plain = asdict(each)
        del plain["task"]["repository"]
        digest.update(json.dumps(plain, sort_keys=True, default=str).encode() + b"\n")
    return digest.hexdigest()
