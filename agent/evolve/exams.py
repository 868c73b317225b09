"""Exams: tasks with a judge, which stays on this side; and which part of them an evolution may look at."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from agent.outcome import Outcome
from environments.tasks import Task
from tools.errors import InputError


@dataclass(frozen=True)
class Verdict:
    """What a judge says of a run.

    Attributes:
        score: in [0, 1].
        detail: whatever else is worth keeping; shown to the meta agent for tasks of the search split.
    """

    score: float
    detail: Mapping[str, Any] = field(default_factory=dict)


class Judge(Protocol):
    """Scores what a run ended with; a design has no say in it."""

    async def __call__(self, outcome: Outcome) -> Verdict:
        """The verdict.

        Raises:
            InfrastructureError: it cannot be had.
        """
        ...


@dataclass(frozen=True)
class Exam:
    """A task, and who judges the answers."""

    task: Task
    judge: Judge

    @property
    def id(self) -> str:
        """Of the task."""
        return self.task.id


@dataclass(frozen=True)
class Exams:
    """All exams of an evolution.

    Attributes:
        search: what designs are developed on, in the order in which they meet them.
        held_out: what the champion is compared on, once, at the end.
        source: where they come from, for the plan.
    """

    search: tuple[Exam, ...]
    held_out: tuple[Exam, ...]
    source: Mapping[str, Any] = field(default_factory=dict)

    def find(self, task: str) -> Exam:
        """The exam of that id."""
        return next(exam for exam in (*self.search, *self.held_out) if exam.id == task)


class OwnTests:
    """Judges by what the run's own tests showed of the answer, as measured outside of the design."""

    async def __call__(self, outcome: Outcome) -> Verdict:
        """1 when the targets pass, nothing broke and the patch is believed; else 0."""
        proof = outcome.proof
        detail = {"fixed": len(proof.fixed), "unfixed": len(proof.unfixed), "broken": len(proof.broken)}
        return Verdict(float(outcome.status == "solved"), detail)


def split(
    exams: Sequence[Exam], *, held_out: float, seed: int, source: Mapping[str, Any] = {}, shuffle: bool = True
) -> Exams:
    """Parts exams by a hash of their ids, so that adding some moves no other to the other side of a threshold.

    Args:
        exams: all of them.
        held_out: share that is held out.
        seed: another seed, another split and order.
        source: see `Exams`.
        shuffle: False keeps the order, and the last ones are held out.

    Raises:
        InputError: one of the parts would be empty, or two tasks have one id.
    """
    if len({exam.id for exam in exams}) != len(exams):
        raise InputError("two tasks have the same id")

    def key(exam: Exam) -> str:
        return hashlib.sha256(f"{seed} {exam.id}".encode("utf-8", "surrogatepass")).hexdigest()

    ordered = sorted(exams, key=key) if shuffle else list(exams)
    count = min(len(ordered) - 1, max(1, round(len(ordered) * held_out)))
    if count < 1:
        found = "one task" if len(ordered) == 1 else "no tasks"
        raise InputError(
            f"{found}: some are searched on and some held out", hint="give at least two, with --dataset or --problems"
        )
    return Exams(tuple(ordered[:-count]), tuple(ordered[-count:]), source)


def problem_exams(file: Path, folder: Path, environment: str, *, ids: Sequence[str] = ()) -> tuple[Exam, ...]:
    """Function-level problems of a file, judged by their hidden tests; repositories are made below `folder`.

    Raises:
        InputError: the file cannot be read, or has no such problem.
    """
    from environments.functions.formats import read_problems
    from environments.functions.repository import as_task

    problems = {problem.statement.id: problem for problem in read_problems(file)}
    unknown = [id for id in ids if id not in problems]
    if unknown:
        raise InputError(f"{file} has no problem {unknown[0]}")
    chosen = [problems[id] for id in ids] if ids else list(problems.values())
    return tuple(Exam(as_task(each.statement, folder), _HiddenTests(each, environment)) for each in chosen)


class _HiddenTests:
    """Judges a patch by the hidden tests of a function-level problem, believed or not."""

    def __init__(self, problem: Any, environment: str) -> None:
        self._problem = problem
        self._environment = environment

    async def __call__(self, outcome: Outcome) -> Verdict:
        from environments.functions.grading import grade_patch
        from environments.registry import create

        if not outcome.patch:
            return Verdict(0.0, {"hidden": "no patch"})
        grade = await grade_patch(self._problem, outcome.patch, create(self._environment))
        said = grade.problem or f"{grade.right} of {len(grade.results)} hidden tests pass"
        return Verdict(float(grade.passed), {"hidden": said[:300]})


async def case_exams(folders: Sequence[Path], cache: Path, *, names: Sequence[str] = ()) -> tuple[Exam, ...]:
    """Bugs of released packages by their manifests (`environments.cases`), rebuilt below `cache` where they are not.

    Raises:
        InputError: a manifest is wrong, or there is no such case.
        InfrastructureError: a release cannot be had.
    """
    from environments.cases import load_cases, prepare

    cases = {case.name: case for folder in folders for case in load_cases(folder)}
    unknown = [name for name in names if name not in cases]
    if unknown:
        raise InputError(f"there is no case {unknown[0]}", hint=f"there are {', '.join(sorted(cases))}")
    exams = []
    for name in names or sorted(cases):
        case, folder = cases[name], cache / name
        ready = folder / "done"
        if not ready.exists():
            await prepare(case, folder, downloads=cache / "downloads")
            ready.touch()
        python = str(folder / "venv" / "bin" / "python")
        task = Task(
            name, str(folder / "repository"), problem=case.issue, test="pytest", python=python,
            failing_tests=case.failing_tests,
        )  # fmt: skip
        exams.append(Exam(task, OwnTests()))
    return tuple(exams)
