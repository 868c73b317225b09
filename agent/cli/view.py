"""`treewright view`: runs, batches and archives in a browser, live."""

from __future__ import annotations

from typing import Annotated

import typer

EXAMPLES = "Examples:\n\ntreewright view\n\ntreewright view results/my-batch --port 7580 --no-browser"


def command(
    what: Annotated[
        str, typer.Argument(help="A run, a batch, an archive, a folder of them, or `latest`; all your runs if empty.")
    ] = "",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address, open nothing.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print the address as JSON.")] = False,
) -> None:
    """Serve pages of what is there, on this machine only, until ctrl-C."""
    import json

    from agent.viewer.serve import find_root, serve

    def ready(address: str) -> None:
        typer.echo(json.dumps({"url": address}) if json_output else f"{address}\nctrl-C ends it")
        if not no_browser and not json_output:
            typer.launch(address)

    serve(find_root(what), port=port, ready=ready)
