"""The fitted posteriors that come with the program."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from search.selection.posterior import Posterior


def load(task: str | None = None) -> Posterior:
    """The posterior for function-level tasks.

    Args:
        task: the name of a benchmark task. One that the calibration used gets the model that was fitted without it, so
            a benchmark on the very tasks of the calibration never meets a model that saw the task. Any other task, and
            None, gets the model of all.
    """
    models = _read()
    return Posterior(**models["without"].get(task, models["all"]))


def calibration_tasks() -> tuple[str, ...]:
    """The benchmark tasks that were used."""
    return tuple(sorted(_read()["without"]))


@cache
def _read() -> dict[str, Any]:
    text = resources.files("search.selection").joinpath("calibrated.json").read_text()
    found: dict[str, Any] = json.loads(text)
    return found
