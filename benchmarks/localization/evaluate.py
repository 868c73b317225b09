"""Accuracy of the localizer on SWE-bench instances; with `--features`, also what `fit.py` fits the weights on.

Run as `python -m benchmarks.localization.evaluate open.jsonl dev.jsonl --repositories '/data/{owner}__{name}.git'
--cache /tmp/index`.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from benchmarks.localization.gold import gold
from benchmarks.localization.instances import Instance, locate, read_instances
from tools.issues import parse_issue
from tools.localization import Localizer

FILE_CUTS = (1, 3, 5, 10, 20)
FUNCTION_CUTS = (1, 5, 10, 20)
MISSING = 10_000
Item = TypeVar("Item")


def evaluate(instance: Instance, repository: Path, cache: Path, *, features: bool) -> dict[str, object]:
    """Ranks of the gold file and of the last gold function, times in CPU seconds, and features when asked for."""
    localizer = Localizer(repository, instance.commit, cache=cache)
    issue = parse_issue(instance.problem)
    localizer.rank(parse_issue("warm"), k=1)
    started = time.process_time()
    ranking = localizer.rank(issue)
    seconds = time.process_time() - started

    def read(path: str) -> str:
        number = localizer.index.by_path[path].number
        return localizer.index.read([number])[number]

    files, functions = gold(instance.patch, read)
    ranked = [file.path for file in ranking.files]
    named = [(function.path, function.name) for function in ranking.functions]
    result: dict[str, object] = {
        "id": instance.id,
        "repository": instance.repository,
        "split": instance.split,
        "gold_files": files,
        "gold_functions": functions,
        "file_rank": last_rank(ranked, files),
        "function_rank": last_rank(named, functions),
        "seconds": round(seconds, 3),
    }
    if features:
        by_file, by_function = localizer.features(issue)
        result["file_features"] = by_file
        result["function_features"] = [[path, name, values] for (path, name, _), values in by_function.items()]
    localizer.close()
    return result


def last_rank(ranked: Sequence[Item], wanted: Sequence[Item]) -> int | None:
    """The rank, from 1, of the last of `wanted`; `MISSING` when one is not ranked, None when nothing is wanted."""
    return max((ranked.index(item) + 1 if item in ranked else MISSING for item in wanted), default=None)


def accuracy(ranks: list[int], cuts: tuple[int, ...]) -> str:
    """`@1/@3/...` in percent."""
    return " / ".join(f"{100 * sum(rank <= cut for rank in ranks) / max(1, len(ranks)):.1f}" for cut in cuts)


def table(results: list[dict[str, object]]) -> str:
    """The accuracy per split as a markdown table."""
    lines = ["| split | n | file @1/@3/@5/@10/@20 | n | function @1/@5/@10/@20 |", "|---|---|---|---|---|"]
    for split in sorted({str(result["split"]) for result in results}):
        mine = [result for result in results if result["split"] == split]
        files = [rank for result in mine if isinstance(rank := result["file_rank"], int)]
        functions = [rank for result in mine if isinstance(rank := result["function_rank"], int)]
        cells = (split, len(files), accuracy(files, FILE_CUTS), len(functions), accuracy(functions, FUNCTION_CUTS))
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def main() -> None:
    """Runs the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("instances", nargs="+", type=Path)
    parser.add_argument("--repositories", action="append", required=True, help="pattern with {owner} and {name}")
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--features", type=Path, help="write results with features here, JSON lines")
    parser.add_argument("--only", default="", help="ids that contain this")
    options = parser.parse_args()
    results = []
    with options.features.open("w") if options.features else Path("/dev/null").open("w") as sink:
        for instance in read_instances(options.instances):
            if options.only in instance.id:
                repository = locate(instance.repository, options.repositories)
                result = evaluate(instance, repository, options.cache, features=bool(options.features))
                sink.write(json.dumps(result) + "\n")
                results.append(result)
                print(result["id"], result["file_rank"], result["function_rank"], result["seconds"], flush=True)
    print(table(results))


if __name__ == "__main__":
    main()
