"""The samples behind a scaling curve: the candidates of runs, or the answers of several batches on the same tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from agent.batch.reader import is_batch
from agent.batch.results import BatchState, load_batch
from agent.store.folder import RUN, RunFolder
from agent.store.records import NodeRecord
from agent.store.store import Store
from agent.work import Evaluation
from search.statistics.scaling import Samples
from tools.errors import InputError

CANDIDATES = ("patch", "repair")


@dataclass(frozen=True)
class Sampled:
    """The samples of tasks, and what they are.

    Attributes:
        tasks: the samples of each.
        unit: one sample is a candidate patch of a run, or what a whole batch answered.
        judged: what says whether one is right.
    """

    tasks: tuple[Samples, ...]
    unit: Literal["candidates", "batches"]
    judged: Literal["hidden tests", "the runs' own tests", "the runs' own word"]


def read_samples(folders: Sequence[Path]) -> Sampled:
    """The samples in a run's folder, in a batch's, or in those of several batches over the same tasks.

    Raises:
        InputError: there is none, or they do not go together.
    """
    if len(folders) > 1:
        return _of_batches([_batch(folder) for folder in folders])
    (folder,) = folders
    if not is_batch(folder):
        run = RunFolder(folder)
        if not run.store.exists():
            raise InputError(f"neither a run nor a batch in {folder}", hint="give what --out named")
        found = [of_run(run)]
    else:
        state = load_batch(folder)
        found = [of_run(RunFolder(folder / "tasks" / task.run)) for task in state.ended if task.run]
    if not any(task.right for task in found):
        raise InputError(f"no run in {folder} has a candidate patch", hint="give a finished one")
    return Sampled(tuple(found), "candidates", "the runs' own tests")


def of_run(run: RunFolder) -> Samples:
    """The candidates of one run in their order; right is what passes the run's own tests."""
    with Store.open(run.store) as store:
        nodes = [node for node in store.run(RUN).nodes() if node.kind in CANDIDATES and node.status != "failed"]
    values = tuple(-1.0 if node.value is None else node.value for node in nodes)
    return Samples(tuple(_proved(node) for node in nodes), values, tuple(node.cost for node in nodes))


def _proved(node: NodeRecord) -> bool:
    if node.evaluation is None:
        return False
    return Evaluation(**{**node.evaluation, "broken": tuple(node.evaluation.get("broken", ()))}).proved


def _of_batches(states: Sequence[BatchState]) -> Sampled:
    sides = [{task.row.id: task for task in state.ended} for state in states]
    common = [id for id in sides[0] if all(id in side for side in sides)]
    if not common:
        raise InputError("no task ended in all of these batches", hint="give batches over the same tasks")
    evaluated = {state.evaluated for state in states}
    if len(evaluated) > 1:
        raise InputError("some of these batches were evaluated and others not", hint="run `treewright evaluate` on all")
    tasks = []
    for id in common:
        answers = [side[id] for side in sides]
        sure = tuple(answer.row.confidence if answer.row.patch else -1.0 for answer in answers)
        tasks.append(Samples(tuple(each.right for each in answers), sure, tuple(each.row.usd for each in answers)))
    return Sampled(tuple(tasks), "batches", "hidden tests" if evaluated == {True} else "the runs' own word")


def _batch(folder: Path) -> BatchState:
    if not is_batch(folder):
        raise InputError(f"no batch in {folder}", hint="several folders must all be batches")
    return load_batch(folder)
