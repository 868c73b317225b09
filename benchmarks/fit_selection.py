"""Fits the posteriors that come with the program, and writes search/selection/calibrated.json.

Per task one model is fitted without it, which `agent.bench.selection` uses for that task; all other tasks get the model
of all. Nothing but this script reads gold before choices are made. Takes some minutes.

Run: python benchmarks/fit_selection.py POOL
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from agent.bench.replay import read_task
from environments.pools import read_gold, read_pool
from search.selection.evidence import evidence
from search.selection.matrix import Floats, Matrix
from search.selection.posterior import Evidence, Example, Posterior, fit

SIZES = {5: 3, 10: 3, 20: 3, 50: 3}
"""How many subsets of which number of samples stand beside the full set: the model must hold for few samples too."""


def examples(pool: Path) -> list[Example]:
    gold = read_gold(pool)
    found = []
    for task in map(read_task, read_pool(pool)):
        for size, seed in [(len(task.draws), 0), *((n, s) for n, count in SIZES.items() for s in range(count))]:
            matrix = task.sample(size, 1000 + seed)
            correct = [gold[task.task][candidate.index] for candidate in matrix.candidates]
            weight = 1.0 / SIZES.get(size, 1) / 1.5
            found.append(Example(task.task, matrix, task.context, correct, weight))
    return found


def remembered() -> Evidence:
    """The evidence of each matrix, computed once for the models of all tasks."""
    known: dict[Matrix, dict[str, Floats]] = {}

    def columns(matrix: Matrix, context: Mapping[str, float]) -> dict[str, Floats]:
        if matrix not in known:
            known[matrix] = evidence(matrix, context)
        return known[matrix]

    return columns


def plain(posterior: Posterior) -> dict[str, object]:
    def short(value: object) -> object:
        if isinstance(value, dict):
            return {name: short(part) for name, part in value.items()}
        return float(f"{value:.5g}") if isinstance(value, float) else value

    return {name: short(value) for name, value in posterior.to_dict().items()}


def main() -> None:
    rows = examples(Path(sys.argv[1]))
    columns = remembered()
    models = {
        "all": plain(fit(rows, columns=columns)),
        "without": {
            task: plain(fit([row for row in rows if row.group != task], columns=columns))
            for task in sorted({row.group for row in rows})
        },
    }
    target = Path(__file__).parent.parent / "search" / "selection" / "calibrated.json"
    target.write_text(json.dumps(models, sort_keys=True) + "\n")
    print(json.dumps(models["all"], indent=1))


if __name__ == "__main__":
    main()
