"""`treewright sandbox exec`: one command in the sandbox that runs tests and agents."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = (
    "Examples:\n\ntreewright sandbox exec --workdir . -- python3 -m pytest -q\n\n"
    "treewright sandbox exec --workdir . --memory 512 --timeout 5 -- sh -c 'id; ls /'"
)
MIB = 1024 * 1024

app = typer.Typer(help="Probe the sandbox.", no_args_is_help=True)


@app.command("exec", epilog=EXAMPLES)
def execute(
    *,
    argv: Annotated[list[str], typer.Argument(metavar="CMD...", help="Program and arguments, after --.")],
    workdir: Annotated[Path, typer.Option("--workdir", help="The workspace: the only writable folder.")],
    environment: Annotated[str, typer.Option("--environment", help="bubblewrap, docker or local.")] = "bubblewrap",
    image: Annotated[str, typer.Option("--image", help="Image, for docker.")] = "",
    timeout: Annotated[float, typer.Option("--timeout", help="Seconds.")] = 60.0,
    memory: Annotated[int, typer.Option("--memory", help="MiB, of the whole process tree.")] = 2048,
    pids: Annotated[int, typer.Option("--pids", help="Processes and threads.")] = 256,
    disk: Annotated[int, typer.Option("--disk", help="MiB that may be added to the workspace.")] = 1024,
    output: Annotated[int, typer.Option("--output", help="KiB of output that are kept.")] = 1024,
    network: Annotated[bool, typer.Option("--network", help="With the network.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Run a command in a sandbox, on the code path of tests and agents; ends with the command's status."""
    import asyncio
    import json
    from dataclasses import asdict

    from environments.base import Command, Limits
    from environments.execute import run_once
    from environments.registry import create

    limits = Limits(seconds=timeout, memory=memory * MIB, processes=pids, disk=disk * MIB, output=output * 1024)
    command = Command(tuple(argv), limits=limits, network=network)
    result = asyncio.run(run_once(create(environment, image=image or None), workdir.resolve(), command))
    if json_output:
        typer.echo(json.dumps(asdict(result), indent=1))
    else:
        sys.stdout.write(result.output)
        if result.stopped:
            sys.stderr.write(f"stopped: {result.stopped} limit\n")
    raise typer.Exit(result.exit_code)
