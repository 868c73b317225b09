"""`treewright apply`, `undo` and `diff`: a run's patch into the work tree, out of it, and on the screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tools.errors import InputError

if TYPE_CHECKING:
    from agent.store.folder import RunFolder
    from agent.store.records import RunRecord

APPLY_EXAMPLES = "Examples:\n\ntreewright apply latest\n\ntreewright apply runs/my-run --commit"
UNDO_EXAMPLES = "Examples:\n\ntreewright undo latest\n\ntreewright undo runs/my-run"
DIFF_EXAMPLES = "Examples:\n\ntreewright diff latest\n\ntreewright diff latest 3f9c2a1"

Run = Annotated[str, typer.Argument(help="Folder of the run, its name, or `latest`.")]


def apply(
    run: Run = "latest",
    node: Annotated[str, typer.Option("--node", help="Another node than the chosen one.")] = "",
    repo: Annotated[Path | None, typer.Option("--repo", help="Another work tree than the run's own.")] = None,
    commit: Annotated[bool, typer.Option("--commit", help="Commit it, too.")] = False,
) -> None:
    """Put the patch into your work tree. Nothing is committed unless you say so; `treewright undo` takes it out."""
    from agent.application import apply_run
    from agent.folders import find_folder

    folder = find_folder(run)
    record = _record(folder)
    outcome = record.outcome or {}
    message = "Resolve the issue\n\nProposed by treewright.\n" if commit else ""
    repository = repo or Path(str(record.task["repository"]))
    made = apply_run(folder, repository.expanduser().resolve(), patch_of(folder, node), message=message)
    where = f"commit {made.commit[:12]} in {made.repository}" if made.commit else made.repository
    typer.echo(f"applied to {where}; `treewright undo {run}` takes it out again")
    if outcome.get("status") != "solved":
        typer.echo(f"note: the run ended {outcome.get('status', 'unfinished')}: the patch is not proved", err=True)


def undo(run: Run = "latest") -> None:
    """Take the patch out of the work tree again; your other changes stay."""
    from agent.application import undo_run
    from agent.folders import find_folder

    made = undo_run(find_folder(run))
    typer.echo(f"taken out of {made.repository}")


def diff(
    run: Run = "latest",
    node: Annotated[str, typer.Argument(help="A node; the chosen one if not given.")] = "",
) -> None:
    """Show the patch, coloured on a terminal and made safe for it; `export` writes it for programs."""
    from rich.console import Console
    from rich.syntax import Syntax

    from agent.cli.text import safe
    from agent.folders import find_folder

    text = safe(patch_of(find_folder(run), node))
    console = Console()
    if console.is_terminal:
        console.print(Syntax(text, "diff", background_color="default", word_wrap=True))
    else:
        typer.echo(text, nl=False)


def patch_of(folder: RunFolder, node: str = "") -> str:
    """The patch of a node of the run, by default of the chosen one.

    Raises:
        InputError: there is none.
    """
    from agent.cli.show import find_node
    from agent.store.folder import RUN
    from agent.store.store import Store
    from tools.snapshots import SnapshotStore

    with Store.open(folder.store) as store:
        recorded = store.run(RUN)
        chosen = node or str((recorded.record().outcome or {}).get("node", ""))
        if not chosen:
            hint = "name a node with --node, or `treewright resume` the run"
            raise InputError("this run has no patch yet", hint=hint)
        found = find_node(recorded, chosen)
    snapshots = SnapshotStore.open(folder.git)
    try:
        return snapshots.diff(snapshots.base, found.snapshot)
    finally:
        snapshots.close()


def _record(folder: RunFolder) -> RunRecord:
    from agent.store.folder import RUN
    from agent.store.store import Store

    with Store.open(folder.store) as store:
        return store.run(RUN).record()
