"""`treewright map`: the repository for a model, within a token budget."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = "Examples:\n\ntreewright map --repo .\n\ntreewright map --repo . --issue bug.md --budget 2000"


def command(
    *,
    repo: Annotated[Path, typer.Option(help="A git repository, bare or not.")] = Path(),
    base: Annotated[str, typer.Option(help="The commit to look at.")] = "HEAD",
    budget: Annotated[int, typer.Option(min=1, help="Tokens, of about four characters.")] = 4000,
    issue: Annotated[str | None, typer.Option(help="Put first what this issue is about; as for `localize`.")] = None,
    file: Annotated[str | None, typer.Option(help="Print the skeleton of this one file instead.")] = None,
    cache: Annotated[Path | None, typer.Option(help="Folder of the shared index.")] = None,
) -> None:
    """Print a map of the repository: signatures with line numbers, bodies elided, best first."""
    from environments.tasks import read_problem
    from tools.issues import parse_issue
    from tools.localization import Localizer

    text = read_problem(issue) if issue else None
    localizer = Localizer(repo, base, cache=cache)
    try:
        if file:
            typer.echo(localizer.skeleton(file))
            return
        parsed = parse_issue(text) if text else None
        ranking = localizer.rank(parsed, k=40) if parsed else None
        typer.echo(localizer.map(budget, ranking, parsed), nl=False)
    finally:
        localizer.close()
