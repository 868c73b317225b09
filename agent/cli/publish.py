"""`treewright publish`: a finished run as a draft pull request, or as a comment on its issue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from agent.forge.publish import Publication

EXAMPLES = "Examples:\n\ntreewright publish latest --open-pr --dry-run\n\ntreewright publish runs/my-run --comment"


def command(
    run: Annotated[str, typer.Argument(help="Folder of the run, its name, or `latest`.")] = "latest",
    open_pr: Annotated[bool, typer.Option("--open-pr", help="Push a branch and open a draft pull request.")] = False,
    comment: Annotated[bool, typer.Option("--comment", help="Post the outcome under the issue.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done; send nothing.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Offer what a run found to where its issue came from. Nothing is sent without --open-pr or --comment."""
    import json
    from dataclasses import asdict

    from agent.folders import find_folder
    from agent.forge.publish_run import publish_run

    made = publish_run(find_folder(run), pull_request=open_pr, comment=comment, dry_run=dry_run)
    if json_output:
        typer.echo(json.dumps(asdict(made), indent=1))
    else:
        report(made, dry_run=dry_run)


def report(made: Publication, *, dry_run: bool) -> None:
    """Says what was done, or shows exactly what would be."""
    from agent.cli.text import safe

    if not dry_run:
        typer.echo(f"{made.kind}: {safe(made.url)}", err=True)
        return
    typer.echo(f"Would be sent, and is not (--dry-run): a {made.kind} to {safe(made.where)}")
    if made.branch:
        number = ", with a number if there is one of that name" if made.forked else ""
        typer.echo(f"branch {made.branch} to {safe(made.pushed_to)}{number}, with one commit:")
        typer.echo(f"\n{safe(made.commit)}\n{safe(made.patch)}\ntitle: {safe(made.title)}")
    typer.echo(f"\n{safe(made.body)}")
