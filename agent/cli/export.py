"""`treewright export`: the patch of a run or of one of its nodes, or the whole run as one page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = "Examples:\n\ntreewright export latest | git apply\n\ntreewright export latest --html -o run.html"


def command(
    run: Annotated[str, typer.Argument(help="Folder of the run, its name, or `latest`.")] = "latest",
    node: Annotated[str, typer.Option("--node", help="Another node than the chosen one.")] = "",
    html: Annotated[bool, typer.Option("--html", help="The whole run as one page that needs no server.")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File; standard output if not given.")] = None,
) -> None:
    """Write the patch as plain `git apply` takes it, or with --html the run as one self-contained page."""
    from agent.folders import find_folder

    data = _page(find_folder(run).root) if html else _patch(run, node)
    if output is None:
        sys.stdout.buffer.write(data)
    else:
        output.write_bytes(data)


def _page(folder: Path) -> bytes:
    from agent.viewer.serve import require

    require()
    from agent.store.folder import RunFolder
    from agent.viewer.runs import RunReader
    from agent.viewer.static import export_run

    return export_run(RunReader(RunFolder(folder))).encode()


def _patch(run: str, node: str) -> bytes:
    from agent.cli.apply import patch_of
    from agent.folders import find_folder
    from tools.snapshots import patch_bytes

    return patch_bytes(patch_of(find_folder(run), node))
