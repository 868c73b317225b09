"""`treewright scaling`: what more samples buy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from agent.batch.samples import Sampled
    from search.statistics.scaling import Scaling

EXAMPLES = (
    "Examples:\n\n"
    "treewright scaling runs/codetree --plot scaling.html\n\n"
    "treewright scaling runs/seed1 runs/seed2 runs/seed3 --json"
)


def command(
    folders: Annotated[list[Path], typer.Argument(help="A run, a batch, or several batches over the same tasks.")],
    plot: Annotated[Path | None, typer.Option("--plot", help="Write the curves as a page (viewer extra).")] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Coverage and selected accuracy against samples and dollars, with the fit exp(a k^b) and 95 % bands."""
    import json

    from agent.batch.samples import read_samples
    from search.statistics.scaling import scaling

    found = read_samples(folders)
    curve = scaling(found.tasks, exchangeable=found.unit == "batches")
    if plot is not None:
        from agent.viewer.scaling import write_plot

        write_plot(plot, curve)
    if json_output:
        typer.echo(json.dumps(as_json(found, curve), indent=1))
    else:
        _print(found, curve)


def as_json(found: Sampled, curve: Scaling) -> dict[str, Any]:
    """The curve as plain data."""
    from dataclasses import asdict

    fit = curve.fit
    return {
        "tasks": len(found.tasks),
        "sample": found.unit,
        "judged_by": found.judged,
        "points": [asdict(point) for point in curve.points],
        "fit": None if fit is None else {"a": fit.a, "b": fit.b, "bands": [[k, asdict(i)] for k, i in fit.bands]},
    }


def _print(found: Sampled, curve: Scaling) -> None:
    typer.echo(f"{len(found.tasks)} tasks; a sample is one of the {found.unit}; right by {found.judged}")
    typer.echo(f"{'k':>5} {'$/task':>9}  {'coverage':<24} selected")
    for point in curve.points:
        coverage = f"{point.coverage:6.1%} [{point.coverage_band.low:.1%}, {point.coverage_band.high:.1%}]"
        selected = f"{point.selected:6.1%} [{point.selected_band.low:.1%}, {point.selected_band.high:.1%}]"
        typer.echo(f"{point.k:>5} {point.usd:>9.4f}  {coverage:<24} {selected}")
    if curve.fit is None:
        typer.echo("no fit: it needs two numbers of samples with a coverage strictly between 0 and 1")
    else:
        typer.echo(f"coverage = exp({curve.fit.a:.3f} k^{curve.fit.b:.3f})")
