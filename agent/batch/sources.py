"""Where the tasks of a batch come from; their gold stays behind here."""

from __future__ import annotations

from pathlib import Path

from environments.benchmarks import Choice, load
from environments.tasks import Task


def load_tasks(dataset: str, *, split: str, choice: Choice, mirrors: Path | None = None) -> tuple[Task, ...]:
    """The solving side's half of the tasks of a dataset; see `environments.benchmarks.load`.

    Raises:
        InputError: the dataset is not there or not of the format, or the choice leaves nothing.
        InfrastructureError: it cannot be fetched.
    """
    return tuple(each.task for each in load(dataset, split=split, choice=choice, mirrors=mirrors))
