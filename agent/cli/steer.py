"""`treewright steer`: a person's word to a run that goes on, or that will be resumed."""

from __future__ import annotations

from typing import Annotated

import typer

EXAMPLES = (
    "Examples:\n\n"
    "treewright steer latest child 3f9c2a1 --text 'look at the cache key, not at the lock'\n\n"
    "treewright steer latest pause"
)


def command(
    run: Annotated[str, typer.Argument(help="Folder of the run, its name, or `latest`.")] = "latest",
    order: Annotated[
        str,
        typer.Argument(
            help="comment, good, bad, child, pin, unpin, prune, restore, pause, continue, stop; empty lists them."
        ),
    ] = "",
    node: Annotated[str, typer.Argument(help="Id of a node, or its beginning.")] = "",
    text: Annotated[str, typer.Option("--text", "-t", help="The comment, the hint or the reason.")] = "",
    json_output: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Comment, judge, ask for a child, pin, prune, pause or stop; kept in the run's store and obeyed by its search."""
    import json
    from dataclasses import asdict

    from agent.cli.text import one_line
    from agent.folders import find_folder
    from agent.store.folder import RUN
    from agent.store.steering import orders
    from agent.store.store import Store
    from agent.viewer.steer import steer

    folder = find_folder(run)
    if order:
        record, said = steer(folder, order, node, text)
        typer.echo(json.dumps(asdict(record) | {"said": said}) if json_output else said)
        return
    with Store.open(folder.store) as store:
        given = orders(store.run(RUN))
    if json_output:
        typer.echo(json.dumps([asdict(each) for each in given], indent=1))
        return
    for each in given:
        state = "waits" if each.applied is None else one_line(each.note, 40)
        line = f"{each.seq:>3}  {each.command:<9} {each.node[:7]:<8} {state:<20} {one_line(each.text, 34)}"
        typer.echo(line.rstrip())
    if not given:
        typer.echo("nobody steered this run")
