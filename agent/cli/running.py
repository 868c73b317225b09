"""Running a task in the foreground: view, signals, delivery, exit code."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import typer

from agent.cli.live import shown
from agent.cli.report import print_outcome
from agent.config import Settings
from agent.delivery import apply_patch, commit_to_branch
from agent.folders import new_folder
from agent.outcome import Outcome
from agent.progress import Progress
from agent.solve import solve
from agent.store.folder import RunFolder
from environments.tasks import Task

INTERRUPTED = 130


@dataclass(frozen=True)
class Delivery:
    """What to do with a solved patch: nothing, the work tree, or a new branch."""

    apply: bool = False
    branch: str = ""


def start(
    task: Task, settings: Settings, out: Path | None, delivery: Delivery, *, json_output: bool, quiet: bool
) -> None:
    """Solves the task, prints the outcome, delivers the patch, and exits with the outcome's code."""
    folder = RunFolder(out.resolve()) if out else new_folder(task.id or Path(task.repository).name)
    outcome = run_and_report(task, settings, folder, json_output=json_output, quiet=quiet)
    if outcome.status == "solved":
        _deliver(task, outcome, delivery)
    raise typer.Exit(outcome.exit_code)


def run_and_report(
    task: Task, settings: Settings, folder: RunFolder, *, json_output: bool = False, quiet: bool = False
) -> Outcome:
    """Solves the task in view of the person and prints the outcome.

    Raises:
        typer.Exit: it was interrupted.
    """
    from rich.console import Console

    console = Console(stderr=True)
    if not settings.model and not settings.replay and not quiet:
        console.print("No model is configured: mechanical repair, from failing tests alone.", highlight=False)
    if settings.environment == "local":
        console.print("[bold red]No isolation: commands run with your rights on this machine.[/]")
    with shown(console, quiet=quiet or (json_output and not console.is_terminal)) as progress:
        outcome = _until_done(task, settings, folder, progress)
    if outcome is None:
        again = f"treewright resume {shlex.quote(str(folder.root))}"
        sys.stderr.write(f"interrupted; everything that finished is saved. Go on with: {again}\n")
        raise typer.Exit(INTERRUPTED)
    if json_output:
        typer.echo(outcome.model_dump_json(indent=1))
    else:
        print_outcome(outcome, Console())
    return outcome


def _until_done(task: Task, settings: Settings, folder: RunFolder, progress: Progress) -> Outcome | None:
    """The outcome, or None when it was interrupted. A second signal ends the process at once."""

    async def main() -> Outcome | None:
        job = asyncio.ensure_future(solve(task, settings, folder, progress))
        asked = 0

        def stop() -> None:
            nonlocal asked
            asked += 1
            if asked > 1:
                os._exit(INTERRUPTED)
            progress.phase("stopping", "finishing what is being written; once more to stop now")
            job.cancel()

        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, stop)
        with contextlib.suppress(asyncio.CancelledError):
            return await job
        return None

    return asyncio.run(main())


def _deliver(task: Task, outcome: Outcome, delivery: Delivery) -> None:
    repository = Path(task.repository)
    if delivery.apply:
        apply_patch(repository, outcome.patch)
        sys.stderr.write(f"applied to {repository}\n")
    elif delivery.branch:
        commit_to_branch(repository, delivery.branch, task.base, outcome.patch, _message(outcome))
        sys.stderr.write(f"committed to branch {delivery.branch}\n")


def _message(outcome: Outcome) -> str:
    fixed = "\n".join(f"Fixes {test}" for test in outcome.proof.fixed)
    return f"Resolve the issue\n\n{fixed}\n\nProposed by treewright with confidence {outcome.confidence:.2f}.\n"
