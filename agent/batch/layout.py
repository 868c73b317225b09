"""Where a batch keeps what."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from agent.store.folder import RunFolder

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class BatchFolder:
    """The layout of a batch's output folder."""

    root: Path

    @property
    def manifest(self) -> Path:
        """What is run, with what (`manifest.json`)."""
        return self.root / "manifest.json"

    @property
    def database(self) -> Path:
        """The ledger: one row for each task (SQLite)."""
        return self.root / "batch.db"

    @property
    def predictions(self) -> Path:
        """The patches, in SWE-bench's format."""
        return self.root / "predictions.jsonl"

    @property
    def evaluation(self) -> Path:
        """What `treewright evaluate` found; only there when it was run."""
        return self.root / "evaluation.json"

    @property
    def report(self) -> Path:
        """The report, as Markdown; `report.html` beside it says the same."""
        return self.root / "report.md"

    @property
    def page(self) -> Path:
        """The report as one self-contained page."""
        return self.root / "report.html"

    @property
    def tasks(self) -> Path:
        """The run folders, one for each task that was started."""
        return self.root / "tasks"

    @property
    def lock(self) -> Path:
        """Who uses the folder."""
        return self.root / "lock"

    def run(self, task: str) -> RunFolder:
        """The run folder of a task; its name is the task's id where that is a good file name."""
        return RunFolder(self.tasks / folder_name(task))


def folder_name(task: str) -> str:
    """A file name for the task id, different for different ids, also where the case of letters does not count."""
    if _SAFE.fullmatch(task) and task == task.lower():
        return task
    slug = re.sub(r"[^a-z0-9._-]+", "-", task.lower()).strip("-.")[:60]
    return f"{slug or 'task'}-{hashlib.sha256(task.encode('utf-8', 'surrogatepass')).hexdigest()[:10]}"
