"""`treewright gc`: remove what crashed runs left behind."""

from __future__ import annotations

from typing import Annotated

import typer

EXAMPLES = "Examples:\n\ntreewright gc\n\ntreewright gc --workspaces"


def command(
    workspaces: Annotated[
        bool, typer.Option("--workspaces", help="Also the workspaces of runs that are not in use.")
    ] = False,
) -> None:
    """Remove containers whose owner is gone, and on request the workspaces of ended runs."""
    import asyncio

    from agent.folders import idle_runs
    from environments.docker import gc
    from environments.workspaces.folder import remove_folder
    from tools.errors import InfrastructureError

    try:
        for name in asyncio.run(gc()):
            typer.echo(f"removed container {name}")
    except InfrastructureError as error:
        typer.echo(f"containers not checked: {error}", err=True)
    if workspaces:
        for folder in idle_runs():
            if folder.workspaces.exists():
                remove_folder(folder.workspaces)
                typer.echo(f"removed {folder.workspaces}")
