"""Small pieces of Python, run on candidates: what they show is behaviour, or whether a generated test passes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from agent.execution.memory import Journal
from agent.execution.places import Places
from agent.store.records import ExecutionRecord
from environments.base import Command, Limits
from tools.errors import InfrastructureError
from tools.snapshots import SnapshotStore

INSIDE = Path(__file__).with_name("snippets.py")
STARTING_SECONDS = 20.0
NOT_RUN = "not run"
PROBES = "probes"
"""Under which the results are kept: they depend on the tree and the snippets alone."""


class Prober:
    """Runs snippets on snapshots, each in a process of its own, and keeps the results by tree.

    Args:
        places: where they run.
        snapshots: the commits.
        journal: where the results are kept.
        python: the interpreter of the tests, as the sandbox sees it.
        limits: of one snapshot's snippets; the seconds are replaced.
    """

    def __init__(
        self, places: Places, snapshots: SnapshotStore, journal: Journal, *, python: str, limits: Limits
    ) -> None:
        self._places = places
        self._snapshots = snapshots
        self._journal = journal
        self._python = python
        self._limits = limits

    async def run(self, snapshot: str, snippets: Sequence[str], *, seconds: float) -> list[str]:
        """For each snippet ``value REPR`` of its last expression (``value None`` without one), or how it failed.

        Args:
            snapshot: the state of the repository; importable from its root.
            snippets: Python source.
            seconds: limit of each.
        """
        tree = self._snapshots.commit_of(snapshot).tree
        question = json.dumps([tree, list(snippets), seconds])
        fingerprint = hashlib.sha256(question.encode("utf-8", "surrogatepass")).hexdigest()
        recorded = self._journal.lookup_execution(PROBES, fingerprint, 0)
        if recorded is None:
            recorded = await self._execute(snapshot, snippets, seconds, fingerprint)
        shown: list[str] = recorded.result["shown"]
        return shown

    async def _execute(
        self, snapshot: str, snippets: Sequence[str], seconds: float, fingerprint: str
    ) -> ExecutionRecord:
        limits = Limits(
            STARTING_SECONDS + seconds * len(snippets),
            self._limits.memory,
            self._limits.processes,
            self._limits.disk,
        )
        command = Command(
            (self._python, "-c", INSIDE.read_text(encoding="utf-8")),
            env={"PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"},
            stdin=json.dumps({"snippets": list(snippets), "seconds": seconds}).encode("ascii"),
            limits=limits,
        )
        async with self._places.at(snapshot) as place:
            outcome = await place.sandbox.run(command)
        if outcome.stopped == "disk":
            raise InfrastructureError("running a snippet filled the disk limit", hint="free space or raise the limit")
        shown = _read(outcome.output, len(snippets))
        record = ExecutionRecord(
            PROBES,
            fingerprint,
            0,
            kind="probe",
            command={"snapshot": snapshot, "snippets": list(snippets)},
            result={"shown": shown},
            seconds=outcome.seconds,
        )
        self._journal.record_execution(record)
        return record


def _read(output: str, count: int) -> list[str]:
    """The last line that is a list of the right length; a candidate that breaks the run has shown nothing."""
    for line in reversed(output.splitlines()):
        try:
            shown = json.loads(line)
        except ValueError:
            continue
        if isinstance(shown, list) and len(shown) == count:
            return [str(each) for each in shown]
    return [NOT_RUN] * count
