"""Test runs that other runs of the same task made: remembered, and charged as if they had been made again.

Many designs on one task ask for the same tests on the same trees. A remembered result costs its run the seconds that it
took when it was made, so that a design gains no time over those that came before it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, Self

from agent.config import Settings
from agent.store.records import ExecutionRecord
from agent.store.store import RunStore, Store
from environments.tasks import Task


class Journal(Protocol):
    """Keeps the results of executions; `agent.store.store.RunStore` is one."""

    def lookup_execution(self, scope: str, fingerprint: str, ordinal: int) -> ExecutionRecord | None:
        """The finished command with this key, or None."""
        ...

    def record_execution(self, execution: ExecutionRecord) -> None:
        """Writes a finished command."""
        ...


class Memory:
    """A file of test runs, by task; safe to share between the runs of a process."""

    def __init__(self, path: Path) -> None:
        self._store = Store.open(path)

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def of(self, task: Task, settings: Settings, run: RunStore, charge: Callable[[float], None]) -> Journal:
        """The journal of a run that remembers: `charge` is told the seconds of what was not run again."""
        where = [task.repository, task.base, task.setup, task.test, task.python, task.environment]
        how = [settings.environment, settings.image]
        key = hashlib.sha256(json.dumps([where, how]).encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return _Remembering(run, self._store.create_run(key, task={"id": task.id}, config={}), charge)


class _Remembering:
    def __init__(self, run: RunStore, others: RunStore, charge: Callable[[float], None]) -> None:
        self._run = run
        self._others = others
        self._charge = charge

    def lookup_execution(self, scope: str, fingerprint: str, ordinal: int) -> ExecutionRecord | None:
        own = self._run.lookup_execution(scope, fingerprint, ordinal)
        if own is not None:
            return own
        found = self._others.lookup_execution(scope, fingerprint, ordinal)
        if found is not None:
            self._run.record_execution(found)
            self._charge(found.seconds)
        return found

    def record_execution(self, execution: ExecutionRecord) -> None:
        self._run.record_execution(execution)
        self._others.record_execution(execution)
