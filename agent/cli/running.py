"""Running a task in the foreground: view, signals, delivery, exit code."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import typer

from agent.application import apply_run
from agent.cli.interrupts import INTERRUPTED, until_done
from agent.cli.live import shown
from agent.cli.report import print_outcome
from agent.cli.text import GONE
from agent.config import Settings
from agent.delivery import commit_to_branch
from agent.folders import new_folder, no_repository
from agent.outcome import Outcome
from agent.solve import solve
from agent.store.folder import RunFolder
from environments.tasks import Task
from tools.errors import TreewrightError


@dataclass(frozen=True)
class Delivery:
    """What to do with a solved patch: nothing, the work tree, a new branch, a pull request, a comment on the issue."""

    apply: bool = False
    branch: str = ""
    open_pr: bool = False
    comment: bool = False
    dry_run: bool = False


def start(
    task: Task, settings: Settings, out: Path | None, delivery: Delivery, *, json_output: bool, quiet: bool
) -> None:
    """Solves the task, prints the outcome, delivers the patch, and exits with the outcome's code."""
    folder = RunFolder(no_repository(out)) if out else new_folder(task.id or Path(task.repository).name)
    outcome = run_and_report(task, settings, folder, json_output=json_output, quiet=quiet)
    if outcome.status == "solved" or delivery.comment:
        _deliver(task, outcome, delivery, folder)
    elif delivery.open_pr:
        sys.stderr.write("no pull request: the patch is not proved; `treewright publish --comment` posts the outcome\n")
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
        outcome = until_done(solve(task, settings, folder, progress), lambda text: progress.phase(*text.split(": ", 1)))
    if outcome is None:
        again = f"treewright resume {shlex.quote(str(folder.root))}"
        sys.stderr.write(f"interrupted; everything that finished is saved. Go on with: {again}\n")
        raise typer.Exit(INTERRUPTED)
    with _whoever_reads():
        if json_output:
            typer.echo(outcome.to_json())
        else:
            print_outcome(outcome, Console())
    return outcome


@contextmanager
def _whoever_reads() -> Iterator[None]:
    """What is printed may be lost (`| head`); what was asked for, such as --apply, is done all the same."""
    try:
        yield
        sys.stdout.flush()
    except (OSError, SystemExit) as error:  # rich ends the program
        if isinstance(error, OSError) and error.errno not in GONE:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _deliver(task: Task, outcome: Outcome, delivery: Delivery, folder: RunFolder) -> None:
    if delivery.open_pr or delivery.comment:
        _publish(delivery, folder)
        return
    repository = Path(task.repository)
    if delivery.apply:
        made = apply_run(folder, repository.expanduser().resolve(), outcome.patch)
        undo = f"treewright undo {shlex.quote(str(folder.root))}"
        sys.stderr.write(f"applied to {made.repository}; `{undo}` takes it out again\n")
    elif delivery.branch:
        commit_to_branch(repository, delivery.branch, task.base, outcome.patch, _message(outcome))
        sys.stderr.write(f"committed to branch {delivery.branch}\n")


def _publish(delivery: Delivery, folder: RunFolder) -> None:
    from agent.cli.publish import report
    from agent.forge.publish_run import publish_run

    flag = "--open-pr" if delivery.open_pr else "--comment"
    try:
        made = publish_run(folder, pull_request=delivery.open_pr, comment=delivery.comment, dry_run=delivery.dry_run)
    except TreewrightError as error:
        again = f"treewright publish {shlex.quote(str(folder.root))} {flag}"
        error.hint = f"{error.hint}; then `{again}`: the run is kept" if error.hint else f"{again}: the run is kept"
        raise
    report(made, dry_run=delivery.dry_run)


def _message(outcome: Outcome) -> str:
    fixed = "\n".join(f"Fixes {test}" for test in outcome.proof.fixed)
    return f"Resolve the issue\n\n{fixed}\n\nProposed by treewright with confidence {outcome.confidence:.2f}.\n"
