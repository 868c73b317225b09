"""Running a command on a snapshot: its output, and the snapshot it leaves behind."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from agent import scope
from agent.execution.places import Places
from agent.store.records import ExecutionRecord
from agent.store.store import RunStore
from environments.base import Command, Limits

SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True)
class ShellResult:
    """What a command did.

    Attributes:
        snapshot: the repository afterwards; the one before when nothing changed.
        exit_code: its status.
        stopped: the limit it was killed for, or "".
        output: bounded.
    """

    snapshot: str
    exit_code: int
    stopped: str
    output: str


class Shell:
    """Runs shell commands; the state between them is the snapshot, nothing else.

    Args:
        places: where they run.
        journal: where the results are kept.
        limits: of one command.
        programs: folder put first on PATH, where the tests' interpreter lies; may be empty.
        env: variables that the repository's environment needs.
    """

    def __init__(
        self,
        places: Places,
        journal: RunStore,
        limits: Limits,
        *,
        programs: str,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._places = places
        self._journal = journal
        self._limits = limits
        self._env = {"PYTHONDONTWRITEBYTECODE": "1", **(env or {})}
        if programs:
            self._env["PATH"] = f"{programs}:{SYSTEM_PATH}"

    async def run(self, snapshot: str, text: str, *, ordinal: int) -> ShellResult:
        """Runs `text` in a workspace at `snapshot`, or finds it in the journal.

        Args:
            snapshot: where to start.
            text: for ``/bin/sh``.
            ordinal: how many equal commands on this snapshot came before in the current scope.
        """
        question = json.dumps([snapshot, text])
        fingerprint = hashlib.sha256(question.encode("utf-8", "surrogateescape")).hexdigest()
        where = scope.current()
        recorded = self._journal.lookup_execution(where, fingerprint, ordinal)
        if recorded is not None:
            return ShellResult(**recorded.result)
        async with self._places.at(snapshot) as place:
            outcome = await place.sandbox.run(Command.shell(text, env=self._env, limits=self._limits))
            after = await asyncio.to_thread(place.workspace.capture, subject="after a command")
        said = place.from_root(outcome.output)
        result = ShellResult(after, outcome.exit_code, outcome.stopped, said)
        await asyncio.to_thread(
            self._journal.record_execution,
            ExecutionRecord(
                where,
                fingerprint,
                ordinal,
                kind="shell",
                command={"command": text, "snapshot": snapshot},
                result=asdict(result),
                seconds=outcome.seconds,
            ),
        )
        return result
