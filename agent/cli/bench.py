"""`treewright bench`: offline benchmarks that need no model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

SELECTION_EXAMPLES = (
    "Examples:\n\n"
    "treewright bench selection --pool pool.jsonl.gz --json\n\n"
    "treewright bench selection --pool pool.jsonl.gz --draws 20 --repeats 10 --wrong-patch-cost 1"
)
POLICY_EXAMPLES = (
    "Examples:\n\n"
    "treewright bench policies --simulate --seeds 20 --tasks 40\n\n"
    "treewright bench policies --simulate --workers 8 --contestant uct --contestant best_first\n\n"
    "treewright bench policies --pool pool.jsonl.gz --json"
)

GROUP_EXAMPLES = (
    "Examples:\n\ntreewright bench policies --simulate --seeds 20 --tasks 40\n\n"
    "treewright bench selection --pool pool.jsonl.gz --json"
)
app = typer.Typer(help="Offline benchmarks: no model, no network.", no_args_is_help=True, epilog=GROUP_EXAMPLES)


@app.callback()
def main() -> None:
    """Offline benchmarks: no model, no network."""


@app.command(epilog=SELECTION_EXAMPLES)
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


@app.command(epilog=POLICY_EXAMPLES)
def policies(
    *,
    simulate: Annotated[bool, typer.Option("--simulate", help="Simulated tasks.")] = False,
    pool: Annotated[Path | None, typer.Option(help="A recorded pool (.jsonl or .jsonl.gz) instead.")] = None,
    tasks: Annotated[int, typer.Option(min=1, help="Simulated tasks per seed.")] = 40,
    seeds: Annotated[int, typer.Option(min=1, help="Independent sets of tasks.")] = 20,
    calls: Annotated[int, typer.Option(min=8, help="Model calls per task.")] = 40,
    workers: Annotated[int, typer.Option(min=1, help="Expansions at a time; above 1, what that loses.")] = 1,
    rho: Annotated[float, typer.Option(min=0.0, max=1.0, help="Correlation of test errors.")] = 0.3,
    wrong: Annotated[float, typer.Option(min=0.0, max=1.0, help="Chance that a wrong candidate passes a test.")] = 0.4,
    contestant: Annotated[list[str] | None, typer.Option(help="Only these; repeatable.")] = None,
    repeats: Annotated[int, typer.Option(min=1, help="Subsets per size, for a pool.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with the curves.")] = False,
) -> None:
    """Compare search policies at equal spend: solved against model calls, with paired intervals."""
    from agent.bench.policies import Plan, replay, run, worker_loss
    from agent.bench.world import World
    from tools.errors import InputError

    if simulate == (pool is not None):
        raise InputError("what to compare the policies on?", hint="give either --simulate or --pool FILE")
    if pool is not None:
        found = replay(pool, repeats=repeats)
    else:
        plan = Plan(World(rho=rho, wrong=wrong), tasks, seeds, calls, 1, tuple(contestant or ()))
        found = run(plan) if workers == 1 else worker_loss(plan, workers)
    typer.echo(json.dumps(found, indent=1) if as_json else _policies(found))


def _policies(found: dict[str, Any]) -> str:
    if "workers" in found:
        rows = [
            f"{name:<36}{row['area_one']:8.3f}{row['area_many']:8.3f}{100 * row['loss']:8.1f} %{row['speedup']:8.1f}"
            for name, row in found["results"].items()
        ]
        return "\n".join([f"{'':<36}{'1':>8}{found['workers']:>8}{'loss':>10}{'faster':>8}", *rows])
    lines = [f"{'':<36}{'area':>7}{'solved':>8}{'oracle':>8}   area above {found['baseline']}"]
    for name, row in found["results"].items():
        gap, low, high = (100 * value for value in row["difference"])
        lines.append(
            f"{name:<36}{row['area']:7.3f}{row['selected_accuracy']:8.3f}{row['coverage']:8.3f}"
            f"   {gap:+5.1f} [{low:+5.1f}, {high:+5.1f}] points"
        )
    return "\n".join(lines)


def _summary(metrics: dict[str, Any]) -> str:
    rows = [("posterior", metrics["selected_accuracy"]), *metrics["rules"].items(), ("oracle", metrics["oracle"])]
    lines = [f"{name.replace('_', ' '):<18}{100 * value:6.1f} %" for name, value in rows]
    low, high = metrics["selected_accuracy_wilson"]
    lines.append(f"\n{metrics['choices']} choices; posterior's 95 % interval {100 * low:.1f} to {100 * high:.1f} %")
    lines.append(f"most confident quarter {100 * metrics['most_confident_quarter']:.1f} % right")
    lines.append(f"answered {100 * metrics['answered']:.1f} % of the tasks")
    usual, high = metrics["ece_of_perfect"]
    lines.append(
        f"ECE {metrics['ece']:.3f} in 10 bins of equal width (perfect probabilities: {usual:.3f} on average, "
        f"up to {high:.3f}), Brier score {metrics['brier']:.3f}"
    )
    gap, low, high = metrics["aurc_difference"]
    lines.append(
        f"AURC {metrics['aurc']:.3f}, square root {metrics['aurc_square_root']:.3f}"
        f" (difference {gap:+.3f}, 95 % {low:+.3f} to {high:+.3f})"
    )
    return "\n".join(lines)
