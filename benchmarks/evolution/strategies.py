"""Archive strategies at equal evaluations in the made-up world of `agent.evolve.landscape`.

    python benchmarks/evolution/strategies.py --seeds 50 --evaluations 800 [--out results.json]

For each strategy: true success of the design it returns, mean over seeds with a 95 % bootstrap interval; how much the
search split promised beyond that (inflation); the best it made; how many designs; and the paired difference to the
first strategy of the table, with its interval.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from statistics import mean

from agent.evolve.landscape import Returned, simulate
from agent.evolve.strategy import create, names
from search.statistics.intervals import paired_bootstrap


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--evaluations", type=int, default=800)
    parser.add_argument("--tasks", type=int, default=60)
    parser.add_argument("--first", type=int, default=0, help="number of the first seed")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    found: dict[str, list[Returned]] = {}
    for name in options.only or names():
        seeds = range(options.first, options.first + options.seeds)
        found[name] = [
            simulate(create(name), seed, evaluations=options.evaluations, tasks=options.tasks) for seed in seeds
        ]
        print(f"{name}: {mean(each.truth for each in found[name]):.3f}", flush=True)
    ranked = sorted(found, key=lambda name: -mean(each.truth for each in found[name]))
    print("\n| strategy | true success | inflation | best made | designs | behind the first |")
    print("|---|---|---|---|---|---|")
    for name in ranked:
        print(row(name, found[name], found[ranked[0]]))
    print(f"\nseeds alone: {mean(each.start for each in found[ranked[0]]):.3f}")
    if options.out:
        options.out.write_text(json.dumps({name: [asdict(each) for each in rows] for name, rows in found.items()}))


def row(name: str, rows: list[Returned], first: list[Returned]) -> str:
    behind = paired_bootstrap([each.truth for each in first], [each.truth for each in rows], seed=0)
    return (
        f"| {name} | {mean(each.truth for each in rows):.3f} | {mean(each.inflation for each in rows):+.3f} "
        f"| {mean(each.best for each in rows):.3f} | {mean(each.designs for each in rows):.0f} "
        f"| {behind.difference:.3f} [{behind.interval.low:.3f}, {behind.interval.high:.3f}] |"
    )


if __name__ == "__main__":
    main()
