"""`treewright compare`: two batches on the same tasks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tools.errors import InputError

if TYPE_CHECKING:
    from agent.batch.results import BatchState, Comparison
    from search.statistics.intervals import PairedDifference

EXAMPLES = (
    "Examples:\n\ntreewright compare runs/codetree runs/linear\n\ntreewright compare runs/codetree runs/linear --json"
)
SHOWN = 20


def command(
    a: Annotated[Path, typer.Argument(help="Folder of a batch.")],
    b: Annotated[Path, typer.Argument(help="Folder of another batch.")],
    json_output: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Compare two batches on the tasks that ended in both: solved, cost, and how good their probabilities are."""
    import json

    from agent.batch.reader import is_batch
    from agent.batch.results import compare, load_batch

    for folder in (a, b):
        if not is_batch(folder):
            raise InputError(f"no batch in {folder}", hint="give the folder that `treewright batch --out` made")
    found = compare(load_batch(a), load_batch(b))
    if not found.pairs:
        raise InputError("no task ended in both batches", hint="compare batches over the same tasks")
    if json_output:
        typer.echo(json.dumps(as_json(found), indent=1))
    else:
        _print(found)


def as_json(found: Comparison) -> dict[str, Any]:
    """The comparison as plain data."""
    return {
        "tasks": len(found.pairs),
        "both": found.both,
        "only_a": found.only_a,
        "only_b": found.only_b,
        "neither": found.neither,
        "mcnemar_p": found.p,
        "solved_difference": _difference(found.solved),
        "usd_difference": _difference(found.usd),
        "a": _side(found.a),
        "b": _side(found.b),
        "differ": [
            {"task": one.row.id, "a": one.status, "b": two.status} for one, two in found.pairs if one.right != two.right
        ],
    }


def _side(state: BatchState) -> dict[str, Any]:
    from dataclasses import asdict

    from agent.batch.results import confidences

    share, interval = state.rate
    quality = confidences(state)
    return {
        "name": state.name,
        "evaluated": state.evaluated,
        "ended": len(state.ended),
        "solved": state.solved,
        "share": share,
        "share_interval": [interval.low, interval.high],
        "usd": state.totals.usd,
        "confidences": asdict(quality) if quality else None,
    }


def _difference(found: PairedDifference | None) -> list[float] | None:
    return None if found is None else [found.difference, found.interval.low, found.interval.high]


def _print(found: Comparison) -> None:
    from agent.cli.text import one_line

    for letter, state in (("A", _side(found.a)), ("B", _side(found.b))):
        low, high = state["share_interval"]
        word = "resolved, by hidden tests" if state["evaluated"] else "solved, by the runs' own word"
        typer.echo(f"{letter} {one_line(state['name'], 40)}: {state['solved']} of {state['ended']} {word}")
        typer.echo(f"  {state['share']:.1%} [{low:.1%}, {high:.1%}], ${state['usd']:.2f}")
        if quality := state["confidences"]:
            errors = f"ECE {quality['ece']:.3f} (perfect ones: {quality['chance'][0]:.3f})"
            scores = f"AURC {quality['aurc']:.3f}, Brier {quality['brier']:.3f}, {errors}"
            typer.echo(f"  probabilities of {quality['tasks']} patches: {scores}")
    typer.echo(
        f"{len(found.pairs)} tasks ended in both: both {found.both}, only A {found.only_a}, only B {found.only_b}, "
        f"neither {found.neither}; McNemar p = {found.p:.3f}"
    )
    for name, unit, difference in (("solved", 100.0, found.solved), ("US dollars a task", 1.0, found.usd)):
        if difference is not None:
            low, high = difference.interval.low * unit, difference.interval.high * unit
            points = " points" if unit > 1 else ""
            typer.echo(f"A - B, {name}: {difference.difference * unit:+.2f} [{low:+.2f}, {high:+.2f}]{points}")
    if found.a.evaluated != found.b.evaluated:
        typer.echo("note: one was judged by hidden tests and the other was not: do not compare their solved shares")
    differ = [(one, two) for one, two in found.pairs if one.right != two.right]
    for one, two in differ[:SHOWN]:
        typer.echo(f"  {one_line(one.row.id, 44):<44} A {one.status:<16} B {two.status}")
    if len(differ) > SHOWN:
        typer.echo(f"  and {len(differ) - SHOWN} more; --json has all")
