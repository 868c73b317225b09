"""`treewright resume`: go on with a run that was interrupted or killed."""

from __future__ import annotations

from typing import Annotated

import typer

from agent.cli import options

EXAMPLES = "Examples:\n\ntreewright resume latest\n\ntreewright resume runs/my-run --max-seconds 7200 --json"


def command(  # noqa: PLR0917
    run: Annotated[str, typer.Argument(help="Folder of the run, its name, or `latest`.")],
    max_cost: options.MaxCost = None,
    max_tokens: options.MaxTokens = None,
    max_nodes: options.MaxNodes = None,
    max_seconds: options.MaxSeconds = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Go on with a run, with more to spend if its budget ended; what finished is neither paid nor run again."""
    from agent.cli.running import Delivery, start
    from agent.config import changed
    from agent.folders import find_folder
    from agent.store.folder import RUN
    from agent.store.store import Store
    from environments.tasks import Task

    folder = find_folder(run)
    with Store.open(folder.store) as store:
        record = store.run(RUN).record()
    task = dict(record.task) | {"failing_tests": tuple(record.task["failing_tests"])}
    limits = {"max_cost": max_cost, "max_tokens": max_tokens, "max_nodes": max_nodes, "max_seconds": max_seconds}
    settings = changed(record.config, limits)
    start(Task(**task), settings, folder.root, Delivery(), json_output=json_output, quiet=quiet)
