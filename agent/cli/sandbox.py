"""`treewright sandbox exec`: one command in the sandbox that runs tests and agents.

What the command printed goes out as it came when standard output is a pipe or a file; a terminal gets it with
control characters written out, so that a program under test cannot steer it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = (
    "Examples:\n\ntreewright sandbox exec --workdir . -- python3 -m pytest -q\n\n"
    "treewright sandbox exec --workdir . --memory 512 --timeout 5 -- sh -c 'id; ls /'"
)

app = typer.Typer(help="Probe the sandbox.", no_args_is_help=True, epilog=EXAMPLES)


@app.command("exec", epilog=EXAMPLES)
def execute(
    *,
    argv: Annotated[list[str], typer.Argument(metavar="CMD...", help="Program and arguments, after --.")],
    workdir: Annotated[Path, typer.Option("--workdir", help="The workspace: the only writable folder.")],
    environment: Annotated[str, typer.Option("--environment", help="bubblewrap, docker or local.")] = "bubblewrap",
    image: Annotated[str, typer.Option("--image", help="Image, for docker; the configured one if empty.")] = "",
    timeout: Annotated[float, typer.Option("--timeout", help="Seconds.")] = 60.0,
    memory: Annotated[str, typer.Option("--memory", metavar="SIZE", help="Of the whole process tree.")] = "2G",
    pids: Annotated[int, typer.Option("--pids", help="Processes and threads.")] = 256,
    disk: Annotated[str, typer.Option("--disk", metavar="SIZE", help="May be added to the workspace.")] = "1G",
    output: Annotated[str, typer.Option("--output", metavar="SIZE", help="Of output that is kept.")] = "1M",
    stdin: Annotated[bool, typer.Option("--stdin", help="Give it our standard input, read to its end.")] = False,
    network: Annotated[bool, typer.Option("--network", help="With the network.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Run a command in a sandbox, on the code path of tests and agents; ends with the command's status.

    A SIZE is in MiB, or has a unit: 512, 64K, 2G. A command that a limit stops ends with 137 and says which one. A
    sandbox that cannot be had is an error (2 or 3) with one line of what to do, never something weaker.
    """
    import asyncio
    import json
    from dataclasses import asdict

    from environments.base import Command, Limits, parse_size
    from environments.execute import run_once
    from environments.registry import create

    limits = Limits(timeout, parse_size(memory), pids, parse_size(disk), parse_size(output))
    command = Command(tuple(argv), limits=limits, network=network, stdin=sys.stdin.buffer.read() if stdin else b"")
    place = create(environment, image=image or _configured_image(environment))
    if environment == "local":
        sys.stderr.write("no isolation: the command runs with your rights on this machine\n")
    result = asyncio.run(run_once(place, workdir, command))
    if json_output:
        typer.echo(json.dumps(asdict(result), indent=1))
    else:
        _show(result.output)
        if result.stopped:
            sys.stderr.write(f"stopped: {result.stopped} limit\n")
    raise typer.Exit(result.exit_code)


def _show(output: str) -> None:
    from agent.cli.text import safe

    text = safe(output) if sys.stdout.isatty() else output
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    sys.stdout.buffer.flush()


def _configured_image(environment: str) -> str | None:
    from agent.config import resolve

    return resolve({}).settings.image or None if environment == "docker" else None
