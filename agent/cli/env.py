"""`treewright env`: the environments in which benchmark tasks run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tools.errors import InputError

BUILD_EXAMPLES = (
    "Examples:\n\ntreewright env build --dataset swe-bench-lite --split dev\n\n"
    "treewright env build --dataset tasks.jsonl --mirrors mirrors --ids pallets__flask-4045"
)
LIST_EXAMPLES = "Examples:\n\ntreewright env list\n\ntreewright env list --json"
PRUNE_EXAMPLES = "Examples:\n\ntreewright env prune\n\ntreewright env prune --all"
GROUP_EXAMPLES = "Examples:\n\ntreewright env build --dataset swe-bench-lite --split dev\n\ntreewright env list"
app = typer.Typer(help="Environments of benchmark tasks.", no_args_is_help=True, epilog=GROUP_EXAMPLES)


@app.command("build", epilog=BUILD_EXAMPLES)
def build(
    *,
    dataset: Annotated[str, typer.Option("--dataset", "-d", help="As for evaluate.")],
    split: Annotated[str, typer.Option("--split", help="Of the dataset.")] = "",
    mirrors: Annotated[Path | None, typer.Option("--mirrors", help="Folder of OWNER__NAME.git.")] = None,
    ids: Annotated[list[str] | None, typer.Option("--ids", help="Only this task; repeatable.")] = None,
    pattern: Annotated[str, typer.Option("--filter", help="Pattern that ids must match.")] = "",
    date: Annotated[str, typer.Option("--date", help="Resolve dependencies as of this day, YYYY-MM-DD.")] = "",
    overrides: Annotated[Path | None, typer.Option("--overrides", help="A file that wins over ours.")] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Builds at a time.")] = 1,
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON a line.")] = False,
) -> None:
    """Build the environments of tasks; those that are there are left as they are."""
    import asyncio
    import json

    from agent.cli.text import one_line
    from agent.evaluation.building import Built, build_all, native
    from environments.benchmarks import Choice, load

    def tell(built: Built) -> None:
        if json_output:
            typer.echo(json.dumps(vars(built)))
        else:
            typer.echo(f"{built.task:<36} {built.name or 'unavailable'} {one_line(built.reason, 100)}")

    tasks = load(dataset, split=split, choice=Choice(tuple(ids or ()), pattern), mirrors=mirrors)
    missing = asyncio.run(build_all(tasks, tell, native(date, overrides), jobs=jobs))
    raise typer.Exit(3 if missing else 0)


@app.command("list", epilog=LIST_EXAMPLES)
def listing(json_output: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False) -> None:
    """List the environments that are built, with their size on disk."""
    import json
    from dataclasses import asdict

    from agent.execution.home import environments_folder
    from environments.provision.prepared import list_prepared, size_of

    rows = [{**asdict(found), "bytes": size_of(folder)} for folder, found in list_prepared(environments_folder())]
    if json_output:
        typer.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        typer.echo(f"{row['name']:<56} {row['bytes'] / 2**20:8.0f} MiB  built in {row['seconds']:.0f} s")
    if not rows:
        typer.echo("no environments yet")


@app.command("prune", epilog=PRUNE_EXAMPLES)
def prune(
    names: Annotated[list[str] | None, typer.Argument(help="Which; unfinished ones when not given.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All, with the installer's cache.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Remove environments: those named, unfinished ones, or all."""
    import json

    from agent.execution.home import environments_folder
    from environments.provision.prepared import prune as remove

    if names and everything:
        raise InputError("names and --all exclude each other", hint="choose one")
    removed = remove(environments_folder(), names=tuple(names or ()), everything=everything)
    typer.echo(json.dumps(removed) if json_output else "\n".join(f"removed {name}" for name in removed) or "nothing")
