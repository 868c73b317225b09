"""The fitted posteriors that come with the program."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib import resources
from typing import Any

from search.selection.posterior import Posterior

FOLDS = 20


def fold_of(task: str) -> int:
    """The fold a benchmark task belongs to: a hash of its name, so that no list of tasks is needed."""
    return int(hashlib.sha256(f"selection/{task}".encode()).hexdigest(), 16) % FOLDS


def load(task: str | None = None) -> Posterior:
    """The posterior for function-level tasks.

    Args:
        task: the name of a benchmark task. It gets the model that was fitted without its fold, so a benchmark on the
            very tasks of the calibration never meets a model that saw the task. None: the model of all folds.
    """
    models = _read()
    row = models["all"] if task is None else models["without"][fold_of(task)]
    return Posterior(**row)


@cache
def _read() -> dict[str, Any]:
    text = resources.files("search.selection").joinpath("calibrated.json").read_text()
    found: dict[str, Any] = json.loads(text)
    return found
