"""Draws what docs/search.md shows of selection.

Left: answers that are right against the number of samples, from what `treewright bench selection --json` wrote for each
number. Middle: risk against coverage with all samples. Right: what was observed against what was reported, on the
continuous scale and in the two levels that are reported.

Run: python benchmarks/selection_plots.py POOL RESULT.json ...
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from agent.bench.selection import Choice, choose
from environments.pools import read_gold
from search.statistics.calibration import reliability
from search.statistics.selective import risk_coverage

FOLDER = Path(__file__).parent.parent / "docs" / "images"


def accuracy(axes: Any, results: list[dict[str, Any]]) -> None:
    sizes = [result["draws"] for result in results]
    lines = {"posterior": [100 * result["metrics"]["selected_accuracy"] for result in results]}
    for rule in sorted(results[0]["metrics"]["rules"]):
        lines[rule.replace("_", " ")] = [100 * result["metrics"]["rules"][rule] for result in results]
    for name, values in lines.items():
        axes.plot(sizes, values, marker="o", label=name, linewidth=2 if name == "posterior" else 1)
    axes.set_xscale("log")
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.set(xlabel="samples", ylabel="right answers, %")
    axes.legend(fontsize=7)


def risk(axes: Any, choices: list[Choice], gold: Any) -> None:
    right = [float(gold[c.task][c.decision.index]) for c in choices]
    agreed = [sum(p for i, p in c.rules["square_root"].items() if gold[c.task][i]) for c in choices]
    for name, sure, values in (
        ("posterior", [c.decision.probability for c in choices], right),
        ("square root", [c.share for c in choices], agreed),
    ):
        points = risk_coverage(sure, values)
        axes.plot([100 * x for x, _ in points], [100 * y for _, y in points], label=name)
    axes.set(xlabel="answered, % of the tasks", ylabel="wrong among the answered, %", xlim=(0, 100), ylim=(0, 100))
    axes.legend(fontsize=7)


def calibration(axes: Any, choices: list[Choice], gold: Any) -> None:
    right = [bool(gold[c.task][c.decision.index]) for c in choices]
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
    for name, said in (
        ("continuous, ten bins", [c.decision.continuous for c in choices]),
        ("reported levels", [c.decision.probability for c in choices]),
    ):
        bins = reliability(said, right)
        axes.plot([b.predicted for b in bins], [b.observed for b in bins], marker="o", label=name, linewidth=1)
        for each in bins:
            axes.annotate(str(each.count), (each.predicted, each.observed), fontsize=6)
    axes.set(xlabel="reported probability", ylabel="share right", xlim=(0, 1), ylim=(0, 1))
    axes.legend(fontsize=7)


def main() -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "treewright"
    import matplotlib.pyplot as plt

    pool = Path(sys.argv[1])
    results = sorted((json.loads(Path(name).read_text()) for name in sys.argv[2:]), key=lambda each: each["draws"])
    choices = choose(pool)
    gold = read_gold(pool)
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(12, 3.6), layout="constrained")
    accuracy(left, results)
    risk(middle, choices, gold)
    calibration(right, choices, gold)
    FOLDER.mkdir(parents=True, exist_ok=True)
    figure.savefig(FOLDER / "selection.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
