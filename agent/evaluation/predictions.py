"""Predictions: which patch a system proposes for which instance."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from environments.benchmarks import BenchmarkTask
from tools.errors import InputError

GOLD = "gold"


def read_predictions(where: str, tasks: Sequence[BenchmarkTask]) -> dict[str, str]:
    """Patch per instance; an instance that is not in it has none.

    Args:
        where: a .jsonl or .json file in the official format (instance_id, model_patch), the folder of a batch, or
            "gold" for the reference solutions.
        tasks: the instances; those of the file that are not among them are left out.

    Raises:
        InputError: it cannot be read, or names no instance of the dataset.
    """
    wanted = {each.id for each in tasks}
    if where == GOLD:
        return {each.id: each.gold.patch for each in tasks}
    path = Path(where).expanduser()
    if path.is_dir():
        path = path / "predictions.jsonl"
    try:
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
        rows = _rows(text, lines=path.suffix == ".jsonl")
        found = {str(row["instance_id"]): str(row.get("model_patch") or "") for row in rows}
    except (OSError, ValueError, KeyError, TypeError) as error:
        hint = "a .jsonl with instance_id and model_patch, the folder of a batch, or gold"
        raise InputError(f"cannot read predictions from {path}: {error}", hint=hint) from error
    if found and not wanted & found.keys():
        raise InputError(f"none of the instances of {path} is in the dataset", hint="check --dataset and --split")
    return {name: patch for name, patch in found.items() if name in wanted}


def _rows(text: str, *, lines: bool) -> list[dict[str, Any]]:
    if lines:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    data = json.loads(text)
    if isinstance(data, dict):  # keyed by instance
        return [{"instance_id": name, **row} for name, row in data.items()]
    return list(data)
