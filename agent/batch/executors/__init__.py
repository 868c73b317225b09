"""Where the tasks of a batch run: in this process, in several, or on the machines of a Ray cluster."""

from __future__ import annotations

from typing import Protocol

from agent.batch.job import Job, JobResult
from agent.batch.watching import TaskProgress


class Executor(Protocol):
    """Runs jobs; several at a time."""

    async def run(self, job: Job, progress: TaskProgress) -> JobResult:
        """Runs a job to its result; may begin it anew when its worker is lost.

        Raises:
            asyncio.CancelledError: it was interrupted; the run's store has all that finished.
        """
        ...

    async def close(self) -> None:
        """Gives the workers back; nothing of the jobs runs on."""
        ...
