"""One task of a batch, wherever it runs: from a job to a result, both plain data."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from agent.batch.ledger import TASK
from agent.batch.status import Ending
from agent.config import Settings
from agent.model.errors import AccessDenied, ModelError
from agent.model.gate import SharedBudgetExhausted
from agent.outcome import Outcome
from agent.progress import Progress
from agent.shared import Shared
from agent.solve import solve
from agent.store.folder import RunFolder
from agent.store.lock import FolderInUse
from environments.tasks import Task
from tools.errors import BudgetExhausted, InfrastructureError, InputError, TreewrightError

ENDINGS: Mapping[str, Ending] = {"solved": "solved-candidate", "abstained": "abstained", "budget": "failed-agent"}


@dataclass(frozen=True)
class Job:
    """What an executor is given.

    Attributes:
        task: what is to be solved.
        settings: how.
        folder: of the run; what it holds already is gone on with.
    """

    task: Task
    settings: Settings
    folder: Path


def plain_job(job: Job) -> dict[str, Any]:
    """A job as JSON can hold it."""
    settings = job.settings.model_dump(mode="json")
    return {"task": asdict(job.task), "settings": settings, "folder": str(job.folder)}


def read_job(plain: Mapping[str, Any]) -> Job:
    """The job that `plain_job` wrote."""
    return Job(TASK.validate_python(plain["task"]), Settings.model_validate(plain["settings"]), Path(plain["folder"]))


@dataclass(frozen=True)
class JobResult:
    """What it gives back.

    Attributes:
        status: how the task ended; None when it did not, because nothing can go on until a person acts.
        reason: why.
        hint: what to do.
        outcome: `agent.outcome.Outcome` as JSON; None when the run had none.
        exit_code: of the batch, when the task did not end.
    """

    status: Ending | None
    reason: str = ""
    hint: str = ""
    outcome: Mapping[str, Any] | None = None
    exit_code: int = 3


async def run_job(job: Job, progress: Progress | None = None, *, shared: Shared | None = None) -> JobResult:
    """Solves the job's task; every failure comes back as a result.

    Raises:
        asyncio.CancelledError: it was interrupted; the run's store has all that finished.
    """
    try:
        outcome = await solve(job.task, job.settings, RunFolder(job.folder), progress, shared=shared)
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise
    except Exception as error:  # noqa: BLE001 -- a design is anybody's code: what it raises ends its own task only
        return failure(error, _outcome_of(job.folder), sandboxed=job.settings.sandboxed)
    return JobResult(ENDINGS[outcome.status], outcome.reason, outcome=outcome.model_dump(mode="json"))


def failure(error: Exception, outcome: Mapping[str, Any] | None = None, *, sandboxed: bool = False) -> JobResult:
    """What an exception says about the task: whose failure it is.

    What a sandboxed design raises comes back in an outcome: an exception of unknown kind is then this side's.
    """
    reason, hint = str(error) or type(error).__name__, getattr(error, "hint", "")
    status: Ending | None
    match error:
        case (
            AccessDenied() | SharedBudgetExhausted()
        ):  # the next task would meet the same: nothing is known about this one
            return JobResult(None, reason, hint, exit_code=getattr(error, "exit_code", 3))
        case FolderInUse() | InfrastructureError() | OSError():
            status = "failed-infra"
        case InputError():
            status = "unavailable"
        case BudgetExhausted() | ModelError():
            status = "failed-agent"
        case TreewrightError():
            status = "failed-infra"
        case _ if sandboxed:
            status, reason = "failed-infra", f"{type(error).__name__}: {reason}"
        case _:
            status, reason = "failed-agent", f"the design broke: {type(error).__name__}: {reason}"
    return JobResult(status, reason, hint, outcome)


def _outcome_of(folder: Path) -> Mapping[str, Any] | None:
    """What a failed run wrote down before it raised, for its spending."""
    try:
        return Outcome.from_json(RunFolder(folder).outcome.read_text()).model_dump(mode="json")
    except (OSError, ValueError):
        return None
