"""`treewright show`: a run's tree, or one node of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tools.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from agent.store.folder import RunFolder
    from agent.store.records import NodeRecord
    from agent.store.store import RunStore

EXAMPLES = "Examples:\n\ntreewright show latest\n\ntreewright show latest 3f9c2a1"


def command(
    run: Annotated[str, typer.Argument(help="Folder of the run, its name, or `latest`.")] = "latest",
    node: Annotated[str, typer.Argument(help="Id of a node, or its beginning.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Draw all nodes, however many.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Show the tree of a run, or a node with its diff, tests and critique."""
    from rich.console import Console

    from agent.folders import find_folder
    from agent.store.folder import RUN
    from agent.store.store import Store

    folder = find_folder(run)
    console = Console()
    with Store.open(folder.store) as store:
        recorded = store.run(RUN)
        if node:
            _show_node(folder, find_node(recorded, node), console, json_output=json_output)
        else:
            _show_run(recorded, console, every=every, json_output=json_output)


def find_node(run: RunStore, prefix: str) -> NodeRecord:
    """The node whose id begins with `prefix`.

    Raises:
        InputError: there is none, or more than one.
    """
    found = [node for node in run.nodes() if node.id.startswith(prefix)]
    if len(found) != 1:
        raise InputError(f"{len(found)} nodes begin with {prefix!r}", hint="`treewright show RUN` lists them")
    return found[0]


def _show_run(run: RunStore, console: Console, *, every: bool, json_output: bool) -> None:
    from dataclasses import asdict

    from agent.cli.drawing import Row, draw
    from agent.cli.report import print_outcome
    from agent.cli.text import counted
    from agent.outcome import Outcome

    record, nodes, spend = run.record(), run.nodes(), run.spend()
    if json_output:
        console.print_json(
            data={"run": asdict(record), "nodes": [asdict(node) for node in nodes], "spend": asdict(spend)}
        )
        return
    chosen = str((record.outcome or {}).get("node", ""))
    rows = [
        Row(node.id, node.parent, node.kind, node.status, node.value, node.cost, node.title, node.id == chosen)
        for node in nodes
    ]
    console.print(draw(rows, width=console.width, every=every))
    console.print(
        f"{counted(len(nodes), 'node')}, {counted(spend.calls, 'call')} ({spend.failed} failed), "
        f"{spend.tokens} tokens, {spend.cached_share:.0%} of the prompts cached, ${spend.usd:.4f}",
        highlight=False,
    )
    if record.outcome:
        print_outcome(Outcome(**record.outcome), console)
    else:
        console.print(f"status: {record.status}")


def _show_node(folder: RunFolder, node: NodeRecord, console: Console, *, json_output: bool) -> None:
    from dataclasses import asdict

    from agent.cli.report import print_patch, print_prose
    from agent.cli.text import safe
    from tools.snapshots import SnapshotStore

    store = SnapshotStore.open(folder.git)
    try:
        patch = store.diff(store.base, node.snapshot) if node.snapshot else ""
    finally:
        store.close()
    if json_output:
        console.print_json(data=asdict(node) | {"patch": patch.encode(errors="replace").decode()})
        return

    def line(text: str, style: str = "") -> None:
        console.print(safe(text), style=style, markup=False, highlight=False, soft_wrap=True)

    value = f", value {node.value:.2f}" if node.value is not None else ""
    line(f"{node.kind} {node.id}{value}, {node.status}, ${node.cost:.4f}, {node.seconds:.1f} s", "bold")
    if node.title:
        line(node.title)
    if node.strategy:
        print_prose("strategy: ", node.strategy, console)
    for kind in ("targets", "controls", "distinguishing"):
        for test, status in ((node.evaluation or {}).get(kind) or {}).items():
            line(f"  {status}: {test}", "green" if status == "passed" else "red")
    if node.evaluation:
        line(f"  {node.evaluation['held']} regression tests hold, {len(node.evaluation['broken'])} break")
        for finding in node.evaluation["findings"]:
            line(f"  finding: {finding}")
    if node.critique:
        head = f"critic: {node.critique['verdict']} {node.critique['score']:.2f}: "
        print_prose(head, str(node.critique["reasons"]), console)
    if patch:
        line("")
        print_patch(patch, console)
