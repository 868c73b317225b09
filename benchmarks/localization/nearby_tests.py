"""How early the test file that upstream changed comes among those that are near the tokenless ranking.

Run as `python -m benchmarks.localization.nearby_tests open.jsonl dev.jsonl --repositories '/data/{owner}__{name}.git'
--cache /tmp/index`.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

from benchmarks.localization.evaluate import MISSING, accuracy
from benchmarks.localization.instances import Instance, locate, read_instances
from benchmarks.localization.refine import IndexFiles
from tools.issues import parse_issue
from tools.localization import Localizer
from tools.testing.regression import rank_test_files

CUTS = (1, 2, 3, 5, 10, 20)
SUSPECTS = 10


def rank(instance: Instance, changed: str, repository: Path, cache: Path) -> int | None:
    """The rank of the first test file that the patch `changed` touches; None when it touches none that was there."""
    localizer = Localizer(repository, instance.commit, cache=cache)
    files = IndexFiles(localizer.index)
    suspects = [file.path for file in localizer.rank(parse_issue(instance.problem), k=SUSPECTS).files]
    ranked = rank_test_files(files, suspects)
    wanted = [path for path in re.findall(r"^--- a/(.*)$", changed, re.M) if files.exists(path)]
    localizer.close()
    return min((ranked.index(path) + 1 if path in ranked else MISSING for path in wanted), default=None)


def main() -> None:
    """Prints the share of instances within each cut."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("instances", nargs="+", type=Path)
    parser.add_argument("--repositories", action="append", required=True, help="pattern with {owner} and {name}")
    parser.add_argument("--cache", type=Path, required=True)
    options = parser.parse_args()
    rows = [json.loads(line) for path in options.instances for line in path.read_text().splitlines() if line]
    patches = {str(row["instance_id"]): str(row["test_patch"]) for row in rows}
    found = [
        rank(instance, patches[instance.id], locate(instance.repository, options.repositories), options.cache)
        for instance in read_instances(options.instances)
    ]
    ranks = [place for place in found if place is not None]
    print(f"{len(ranks)} instances; test file @{'/@'.join(map(str, CUTS))}: {accuracy(ranks, CUTS)}")


if __name__ == "__main__":
    main()
