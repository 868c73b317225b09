"""`treewright export`: the patch of a run or of one of its nodes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from tools.errors import InputError

EXAMPLES = "Examples:\n\ntreewright export latest | git apply\n\ntreewright export latest --node 3f9c2a1 -o fix.diff"


def command(
    run: Annotated[str, typer.Argument(help="Folder of the run, its name, or `latest`.")] = "latest",
    node: Annotated[str, typer.Option("--node", help="Another node than the chosen one.")] = "",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File; standard output if not given.")] = None,
) -> None:
    """Write the patch as plain `git apply` takes it."""
    from agent.cli.show import find_node
    from agent.folders import find_folder
    from agent.solve import RUN
    from agent.store.store import Store
    from tools.snapshots import SnapshotStore, patch_bytes

    folder = find_folder(run)
    with Store.open(folder.store) as store:
        recorded = store.run(RUN)
        chosen = node or str((recorded.record().outcome or {}).get("node", ""))
        if not chosen:
            raise InputError(
                "this run has no patch yet", hint="name a node with --node, or `treewright resume` the run"
            )
        found = find_node(recorded, chosen)
    snapshots = SnapshotStore.open(folder.git)
    try:
        patch = patch_bytes(snapshots.diff(snapshots.base, found.snapshot))
    finally:
        snapshots.close()
    if output is None:
        sys.stdout.buffer.write(patch)
    else:
        output.write_bytes(patch)
