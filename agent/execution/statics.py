"""What can be said of a candidate without running it: new lint, leftovers, names that do not exist."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from difflib import SequenceMatcher

from agent.execution.memory import Journal
from agent.execution.places import Places
from agent.store.records import ExecutionRecord
from tools.checks import FindingKind, check_changes
from tools.checks.hallucinated import hallucinated
from tools.snapshots import SnapshotFiles, SnapshotStore

STATICS = "statics"
"""Under which the results are kept: they depend on the tree and the base alone."""


class Statics:
    """Static checks of the change from the base to a snapshot.

    Args:
        places: hold the checkouts.
        snapshots: the commits.
        journal: where slow results are kept.
    """

    def __init__(self, places: Places, snapshots: SnapshotStore, journal: Journal) -> None:
        self._places = places
        self._snapshots = snapshots
        self._journal = journal

    async def findings(self, snapshot: str, *, thorough: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """All findings against the change, one line each, and those of them that are about names that do not exist.

        Args:
            snapshot: the candidate.
            thorough: also what takes seconds: attributes and imports that nothing defines.
        """
        quick = await asyncio.to_thread(self._quick, snapshot)
        made_up = await self._made_up(snapshot) if thorough else ()
        undefined = tuple(line for kind, line in quick if kind is FindingKind.UNDEFINED_NAME)
        return (*made_up, *(line for _, line in quick)), (*made_up, *undefined)

    def _changes(self, snapshot: str) -> tuple[SnapshotFiles, Mapping[str, bytes | None]]:
        base, after = self._snapshots.base, SnapshotFiles(self._snapshots, snapshot)
        changed = self._snapshots.changed_paths(base, snapshot)
        changes = {path: after.read(path) if after.exists(path) else None for path in changed}
        return SnapshotFiles(self._snapshots, base), changes

    def _quick(self, snapshot: str) -> list[tuple[FindingKind, str]]:
        return [
            (finding.kind, f"{finding.path}:{finding.line}: {finding.message}")
            for finding in check_changes(*self._changes(snapshot))
        ]

    async def _made_up(self, snapshot: str) -> tuple[str, ...]:
        lines = await asyncio.to_thread(self._new_lines, snapshot)
        if not lines:
            return ()
        question = f"{self._snapshots.base} {self._snapshots.commit_of(snapshot).tree}"
        fingerprint = hashlib.sha256(question.encode()).hexdigest()
        recorded = self._journal.lookup_execution(STATICS, fingerprint, 0)
        if recorded is None:
            async with self._places.at(snapshot) as place:
                found = await asyncio.to_thread(hallucinated, place.workspace.root, lines)
            command, result = {"snapshot": snapshot}, {"undefined": list(found)}
            recorded = ExecutionRecord(STATICS, fingerprint, 0, kind="statics", command=command, result=result)
            self._journal.record_execution(recorded)
        return tuple(recorded.result["undefined"])

    def _new_lines(self, snapshot: str) -> dict[str, list[int]]:
        """Per changed Python file the lines that the base does not have, from 1."""
        base, changes = self._changes(snapshot)
        found = {}
        for path, after in changes.items():
            if path.endswith(".py") and after is not None:
                old = base.read(path).splitlines() if base.exists(path) else []
                codes = SequenceMatcher(None, old, after.splitlines(), autojunk=False).get_opcodes()
                new = [line for tag, _, _, start, end in codes if tag != "equal" for line in range(start + 1, end + 1)]
                if new:
                    found[path] = new
        return found
