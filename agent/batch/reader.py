"""Reading a batch: for the viewer, for comparisons, for programs. Never writes, and may read while the batch runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from agent.batch.layout import BatchFolder
from agent.batch.ledger import Ledger, TaskRow, Totals
from agent.batch.manifest import Manifest, read_manifest
from agent.store.folder import RunFolder
from environments.tasks import Task
from tools.errors import InputError


class BatchReader:
    """One batch. Usage: `with BatchReader(path) as batch: for row in batch.rows(): ...`.

    Args:
        root: its folder.
        store: the URL of its database with the password, where there is one and no environment knows it.

    Raises:
        InputError: there is no batch in the folder, or its database holds another one or refuses to be read.
        InfrastructureError: the file is damaged, or the database cannot be reached.
    """

    def __init__(self, root: Path, store: str = "") -> None:
        self.folder = BatchFolder(root.resolve())
        self.manifest: Manifest = read_manifest(self.folder)
        known = self.manifest.store
        if not known and not self.folder.database.exists():
            raise InputError(f"no batch in {root}", hint="`treewright batch` makes one")
        self._ledger = Ledger((known and store) or known or self.folder.database)
        if known and self._ledger.owner() != self.manifest.owner:
            self.close()
            raise InputError(f"the batch of {root} is not in {known}", hint="was the database restored, or dropped?")

    def close(self) -> None:
        """Let go of the database."""
        self._ledger.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def rows(self) -> Iterator[TaskRow]:
        """All tasks in their order."""
        return self._ledger.rows()

    def row(self, id: str) -> TaskRow:
        """One task.

        Raises:
            InputError: there is none of that id.
        """
        return self._ledger.row(id)

    def task(self, id: str) -> Task:
        """A task as the solving side saw it.

        Raises:
            InputError: there is none of that id.
        """
        return self._ledger.task(id)

    def totals(self) -> Totals:
        """Tasks by status, and what they cost."""
        return self._ledger.totals()

    def run(self, id: str) -> RunFolder:
        """The run folder of a task; it does not exist when the task was never begun."""
        return self.folder.run(id)

    def evaluation(self) -> Mapping[str, Any] | None:
        """What `treewright evaluate` wrote; None when it was not run."""
        try:
            found: Mapping[str, Any] = json.loads(self.folder.evaluation.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise InputError(f"{self.folder.evaluation} cannot be read: {error}") from error
        return found


def is_batch(root: Path) -> bool:
    """Whether a folder holds a batch; its ledger may be elsewhere."""
    folder = BatchFolder(root)
    if not folder.manifest.is_file() or folder.database.is_file():
        return folder.manifest.is_file()
    try:
        return bool(read_manifest(folder).store)
    except InputError:
        return False
