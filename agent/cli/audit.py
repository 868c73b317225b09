"""`treewright audit`: whether a run peeked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from agent.audit import Finding
    from environments.benchmarks import BenchmarkTask

EXAMPLES = "Examples:\n\ntreewright audit latest\n\ntreewright audit runs/lite --dataset swe-bench-lite --json"


def command(
    run: Annotated[str, typer.Argument(help="Folder of a run or of a batch, a run's name, or `latest`.")] = "latest",
    *,
    dataset: Annotated[str, typer.Option("--dataset", "-d", help="To look for names of the hidden tests.")] = "",
    split: Annotated[str, typer.Option("--split", help="Of the dataset.")] = "",
    mirrors: Annotated[Path | None, typer.Option("--mirrors", help="Folder of OWNER__NAME.git.")] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Look for peeking: at history, the network, another release, the hidden tests. Exit code 1 when there is some."""
    import json

    from agent.batch.reader import BatchReader, is_batch
    from agent.cli.text import safe
    from agent.folders import find_folder
    from environments.benchmarks import load

    gold = {each.id: each for each in load(dataset, split=split, mirrors=mirrors)} if dataset else {}
    folders = {}
    if is_batch(Path(run)):
        with BatchReader(Path(run)) as batch:
            folders = {row.id: batch.run(row.id) for row in batch.rows()}
    else:
        folder = find_folder(run)
        folders = {folder.root.name: folder}
    found = {name: _audited(folder.store, gold) for name, folder in folders.items() if folder.store.exists()}
    if json_output:
        typer.echo(json.dumps({name: [vars(each) for each in findings] for name, findings in found.items()}, indent=1))
    else:
        for name, findings in found.items():
            for each in findings:
                got = {True: "got something", False: "got nothing", None: "said"}[each.got]
                typer.echo(safe(f"{name}  {each.kind}  {each.where}  ({got})  {each.text}"))
        typer.echo(f"{sum(map(len, found.values()))} findings in {len(found)} runs")
    raise typer.Exit(1 if any(found.values()) else 0)


def _audited(store: Path, gold: dict[str, BenchmarkTask]) -> list[Finding]:
    from agent.audit import audit
    from agent.store.folder import RUN
    from agent.store.store import Store

    with Store.open(store) as opened:
        run = opened.run(RUN)
        return audit(run, gold.get(str(run.record().task.get("id"))))
