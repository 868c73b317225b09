"""Predictions in SWE-bench's format: one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from agent.batch.ledger import TaskRow
from agent.batch.manifest import replace_file


def prediction(row: TaskRow, name: str) -> dict[str, str]:
    """What the official harness reads for one task."""
    return {"instance_id": row.id, "model_name_or_path": name, "model_patch": row.patch}


def write_predictions(path: Path, rows: Iterable[TaskRow], name: str, *, abstentions: bool = False) -> int:
    """Write the patches of a batch; returns how many.

    A task that ended with no patch has no line: an empty or invented patch would count as an answer.

    Args:
        path: the file.
        rows: the tasks.
        name: of the system.
        abstentions: whether patches that their run does not believe in are written too.
    """
    wanted = {"solved-candidate", "abstained"} if abstentions else {"solved-candidate"}
    lines = [json.dumps(prediction(row, name)) + "\n" for row in rows if row.status in wanted and row.patch.strip()]
    replace_file(path, "".join(lines))
    return len(lines)
