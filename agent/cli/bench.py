"""`treewright bench`: offline benchmarks that need no model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(help="Offline benchmarks: no model, no network.", no_args_is_help=True)


@app.callback()
def main() -> None:
    """Offline benchmarks: no model, no network."""


@app.command()
def selection(
    pool: Annotated[Path, typer.Option(help="A recorded pool (.jsonl or .jsonl.gz).")],
    draws: Annotated[int | None, typer.Option(min=1, help="Samples per task; all when not given.")] = None,
    repeats: Annotated[int, typer.Option(min=1, help="Different subsets of that size.")] = 1,
    wrong_patch_cost: Annotated[
        float, typer.Option(min=0.0, help="What a wrong answer costs, where a right one is worth 1.")
    ] = 0.0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, with the choice and probability per task.")
    ] = False,
) -> None:
    """Choose a solution per task of a recorded pool, say how sure that is, and only then compare with the truth."""
    from agent.bench.selection import benchmark

    found = benchmark(pool, draws=draws, repeats=repeats, wrong_cost=wrong_patch_cost)
    typer.echo(json.dumps(found, indent=1) if as_json else _summary(found["metrics"]))


def _summary(metrics: dict[str, Any]) -> str:
    rows = [("posterior", metrics["selected_accuracy"]), *metrics["rules"].items(), ("oracle", metrics["oracle"])]
    lines = [f"{name.replace('_', ' '):<18}{100 * value:6.1f} %" for name, value in rows]
    low, high = metrics["selected_accuracy_wilson"]
    lines.append(f"\n{metrics['choices']} choices; posterior's 95 % interval {100 * low:.1f} to {100 * high:.1f} %")
    lines.append(f"most confident quarter {100 * metrics['most_confident_quarter']:.1f} % right")
    lines.append(f"answered {100 * metrics['answered']:.1f} % of the tasks")
    lines.append(f"ECE {metrics['ece']:.3f}, Brier score {metrics['brier']:.3f}")
    gap, low, high = metrics["aurc_difference"]
    lines.append(
        f"AURC {metrics['aurc']:.3f}, square root {metrics['aurc_square_root']:.3f}"
        f" (difference {gap:+.3f}, 95 % {low:+.3f} to {high:+.3f})"
    )
    return "\n".join(lines)
