"""Running a batch in the foreground: view, signals, summary, exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import typer

from agent.batch.layout import BatchFolder
from agent.batch.run import Options, Summary, run_batch
from agent.cli.batch_view import shown
from agent.cli.interrupts import INTERRUPTED, until_done
from agent.cli.text import counted, safe
from agent.config import Settings
from environments.tasks import Task


def run_and_report(
    tasks: Sequence[Task], settings: Settings, folder: BatchFolder, options: Options, *, json_output: bool, quiet: bool
) -> int:
    """Runs the batch in view of the person; the code to exit with."""
    from rich.console import Console

    console = Console(stderr=True)
    if settings.environment == "local":
        console.print("[bold red]No isolation: commands run with your rights on this machine.[/]")
    with shown(console, quiet=quiet, events=json_output) as watcher:
        summary = until_done(run_batch(tasks, settings, folder, options, watcher=watcher), watcher.told)
    if summary is None:
        sys.stderr.write("interrupted; everything that finished is saved. The same command goes on from here.\n")
        return INTERRUPTED
    if json_output:
        typer.echo(json.dumps({"event": "summary", **described(summary)}))
    elif not quiet:
        for line in told(summary, folder):
            typer.echo(safe(line))
    if summary.finish.reason:
        sys.stderr.write(f"error: {safe(summary.finish.reason)}\n")
        if summary.finish.hint:
            sys.stderr.write(f"  try: {safe(summary.finish.hint)}\n")
    return summary.exit_code


def described(summary: Summary) -> dict[str, object]:
    """A summary as JSON."""
    totals = summary.totals
    return {
        "tasks": totals.tasks,
        "counts": dict(totals.counts),
        "usd": totals.usd,
        "calls": totals.calls,
        "tokens": totals.tokens,
        "predictions": summary.predictions,
        "stopped": summary.finish.reason,
        "exit_code": summary.exit_code,
    }


def told(summary: Summary, folder: BatchFolder) -> list[str]:
    """A summary for a person."""
    totals = summary.totals
    counts = ", ".join(f"{count} {status}" for status, count in sorted(totals.counts.items()))
    return [
        f"{counted(totals.tasks, 'task')}: {counts}",
        f"{counted(totals.calls, 'call')}, {totals.tokens} tokens, ${totals.usd:.4f}",
        f"{counted(summary.predictions, 'prediction')} in {folder.predictions}",
    ]
