"""The Python interface: what `treewright solve` does, as a function.

    >>> from agent.api import Settings, Task, solve
    >>> task = Task("share", repository, problem="share() gives away a cent too much", failing_tests=(failing,))
    >>> outcome = solve(task, Settings(max_seconds=120), out=folder)
    >>> outcome.status
    'solved'
    >>> outcome.proof.fixed == (failing,)
    True
    >>> print(*(line for line in outcome.patch.splitlines() if line.startswith("+ ")))
    +    return [total // people + (i < total % people) for i in range(people)]

Nothing is read from configuration files or variables here, but the keys of models: what is not given is the default.
The user's repository is not touched; `agent.application.apply_run` puts a patch into it.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from agent.config import Settings
from agent.folders import new_folder
from agent.outcome import Outcome, Proof, Spending
from agent.progress import Progress
from agent.solve import solve as solve_async
from agent.store.folder import RunFolder
from environments.tasks import Task
from tools.errors import BudgetExhausted, InfrastructureError, InputError, TreewrightError

__all__ = [
    "BudgetExhausted",
    "InfrastructureError",
    "InputError",
    "Outcome",
    "Progress",
    "Proof",
    "RunFolder",
    "Settings",
    "Spending",
    "Task",
    "TreewrightError",
    "solve",
    "solve_async",
]


def solve(
    task: Task, settings: Settings | None = None, *, out: Path | None = None, progress: Progress | None = None
) -> Outcome:
    """Solves one task, or goes on with the run that `out` holds.

    Args:
        task: a repository at a revision, and what is wrong with it.
        settings: model, design, limits; mechanical repair without a model by default.
        out: folder of the run, made if missing; by default a new one where `treewright show latest` finds it.
        progress: told what goes on; nobody is by default.

    Returns:
        solved, abstained or budget, with the patch and why it is believed.

    Raises:
        InputError: the task or the settings cannot be used.
        InfrastructureError: the machine, the model's service or the sandbox failed; the same call goes on.
    """
    folder = RunFolder(out.resolve()) if out else new_folder(task.id or Path(task.repository).name)
    return asyncio.run(solve_async(task, settings or Settings(), folder, progress))
