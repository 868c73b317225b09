"""`treewright resume`: go on with a run that was interrupted or killed."""

from __future__ import annotations

from typing import Annotated

import typer

EXAMPLES = "Examples:\n\ntreewright resume latest\n\ntreewright resume runs/my-run --json"


def command(
    run: Annotated[str, typer.Argument(help="Folder of the run, its name, or `latest`.")],
    json_output: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Go on with a run; what finished is neither paid nor run again."""
    from agent.cli.running import Delivery, start
    from agent.config import Settings
    from agent.folders import find_folder
    from agent.solve import RUN
    from agent.store.store import Store
    from environments.tasks import Task

    folder = find_folder(run)
    with Store.open(folder.store) as store:
        record = store.run(RUN).record()
    task = dict(record.task) | {"failing_tests": tuple(record.task["failing_tests"])}
    settings = Settings(**record.config)
    start(Task(**task), settings, folder.root, Delivery(), json_output=json_output, quiet=quiet)
