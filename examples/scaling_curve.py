"""Plots what more search buys: the best score so far against nodes, of a run or of all tasks of a batch.

python examples/scaling_curve.py RUN_OR_BATCH [--out curve.svg]

A line of the table is a number of nodes, the mean over tasks of the best score among as many, and the share of tasks
that have a patch whose tests all pass among them. The plot needs matplotlib (the extra `plots`).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from agent.batch.reader import BatchReader, is_batch
from agent.folders import find_folder
from agent.store.folder import RUN, RunFolder
from agent.store.store import Store

Curve = list[tuple[float, bool]]
"""Per node: the best score so far, and whether a patch passed all its tests by then."""


def curve(folder: RunFolder) -> Curve:
    """How one run went, in the order in which its nodes were made."""
    best, passed = 0.0, False
    points: Curve = []
    with Store.open(folder.store) as store:
        nodes = [node for node in store.run(RUN).nodes() if node.kind != "root"]
    for node in nodes:
        best = max(best, node.value or 0.0)
        said = node.evaluation or {"targets": {}, "broken": ()}
        fixed = said["targets"] and all(status == "passed" for status in said["targets"].values())
        passed = passed or bool(fixed and not said["broken"])
        points.append((best, passed))
    return points


def curves(root: str) -> list[Curve]:
    """One for each task of a batch, or that of a run."""
    if not is_batch(Path(root)):
        return [curve(find_folder(root))]
    with BatchReader(Path(root)) as batch:
        folders = [batch.run(row.id) for row in batch.rows()]
    return [curve(folder) for folder in folders if folder.store.is_file()]


def averaged(found: Sequence[Curve]) -> list[tuple[int, float, float]]:
    """Nodes, mean best score, share passed; a task that ended sooner keeps what it had."""
    most = max((len(each) for each in found), default=0)
    rows = [(0, 0.0, 0.0)]
    for count in range(1, most + 1):
        at = [each[min(count, len(each)) - 1] if each else (0.0, False) for each in found]
        rows.append((count, sum(score for score, _ in at) / len(at), sum(passed for _, passed in at) / len(at)))
    return rows


def main() -> None:
    """Reads, prints, plots."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("root", help="a run (or `latest`), or the folder of a batch")
    parser.add_argument("--out", type=Path, help="file of the plot: .svg, .png or .pdf")
    given = parser.parse_args()
    rows = averaged(curves(given.root))
    print("     nodes  best score  passed")
    for count, score, share in rows:
        print(f"{count:>10}  {score:>10.3f}  {share:>6.3f}")
    if given.out:
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot

        figure, axes = pyplot.subplots(figsize=(5, 3.2), layout="constrained")
        axes.step([row[0] for row in rows], [row[1] for row in rows], where="post", label="best score")
        axes.step([row[0] for row in rows], [row[2] for row in rows], where="post", label="share passed")
        axes.set(xlabel="nodes", ylim=(-0.02, 1.05))
        axes.legend(frameon=False)
        figure.savefig(given.out)


if __name__ == "__main__":
    main()
