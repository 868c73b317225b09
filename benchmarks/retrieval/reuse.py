"""Does retrieval show the code that a fix reuses? Recall of the functions that gold patches call, by query.

    python -m benchmarks.retrieval.reuse INSTANCES.jsonl --repositories '/data/{owner}__{name}.git' [--every 3]

What a fix reuses: names that its added lines call, that the repository defines, and that neither the removed lines
nor the functions it changes have already. A name counts as shown when an example holds it. The queries:

issue          the issue's text
sketch         the issue's text and a sketch written from it alone (a folder of INSTANCE_ID.py, --sketches)
gold           the added lines themselves: what no query can beat, for scale; it knows the answer
located        no retrieval: the functions that localization puts before the solver anyway
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
from pathlib import Path
from typing import Any

from benchmarks.localization.gold import gold
from benchmarks.localization.instances import Instance, locate, read_instances
from tools.issues import parse_issue
from tools.localization import Localizer
from tools.retrieval import retrieve

CALLED = re.compile(r"(?<![\w])(\w{3,})\s*\(")
LIMIT = 5
LOCATED = 12


def reused(instance: Instance, localizer: Localizer) -> set[str]:
    """The names that the fix calls and the solver would have to find."""
    lines = instance.patch.split("\n")
    added = "\n".join(line[1:] for line in lines if line.startswith("+") and not line.startswith("+++"))
    before = "\n".join(line[1:] for line in lines if line.startswith("-") and not line.startswith("---"))
    index = localizer.index
    texts = {
        path: index.read([file.number])[file.number]
        for path, file in index.by_path.items()
        if f"a/{path}" in instance.patch
    }
    _, functions = gold(instance.patch, lambda path: texts.get(path, ""))
    known = set(re.findall(r"\w+", before))
    for path, name in functions:
        for node in ast.walk(ast.parse(texts[path])):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name.rpartition(".")[2]:
                known |= set(re.findall(r"\w+", ast.get_source_segment(texts[path], node) or ""))
    defined = set(re.findall(r"(?:def|class)\s+(\w+)", added))
    return {name for name in CALLED.findall(added) if name not in known | defined and index.find_definition(name)}


def shown(localizer: Localizer, query: str) -> str:
    """All that retrieval shows for a query."""
    return "\n".join(each.text for each in retrieve(localizer.index, query, limit=LIMIT))


def located(localizer: Localizer, instance: Instance) -> str:
    """The functions that localization ranks first, whole."""
    parts = []
    for function in localizer.rank(parse_issue(instance.problem), k=20).functions[:LOCATED]:
        file = localizer.index.by_path[function.path]
        text = localizer.index.read([file.number])[file.number]
        parts.append("\n".join(text.split("\n")[function.start - 1 : function.end]))
    return "\n".join(parts)


def queries(instance: Instance, sketches: Path | None) -> dict[str, str]:
    """The text of each query that there is."""
    lines = instance.patch.split("\n")
    added = "\n".join(line[1:] for line in lines if line.startswith("+") and not line.startswith("+++"))
    found = {"issue": instance.problem, "gold": added}
    sketch = sketches / f"{instance.id}.py" if sketches else None
    if sketch is not None and sketch.is_file():
        found["sketch"] = f"{sketch.read_text()}\n{instance.problem[:2000]}"
    return found


def main() -> None:
    """Measures and prints JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("instances", type=Path)
    parser.add_argument("--repositories", action="append", required=True)
    parser.add_argument("--sketches", type=Path)
    parser.add_argument("--every", type=int, default=1, help="only each n-th instance")
    given = parser.parse_args()
    rows = []
    for instance in list(read_instances([given.instances]))[:: given.every]:
        if given.sketches and not (given.sketches / f"{instance.id}.py").is_file():
            continue
        localizer = Localizer(locate(instance.repository, given.repositories), instance.commit, workers=1)
        wanted = reused(instance, localizer)
        row: dict[str, Any] = {"id": instance.id, "wanted": sorted(wanted), "found": {}}
        if wanted:
            texts = {name: shown(localizer, query) for name, query in queries(instance, given.sketches).items()}
            texts["located"] = located(localizer, instance)
            words = {name: set(re.findall(r"\w+", text)) for name, text in texts.items()}
            words["located+issue"] = words["located"] | words["issue"]
            if "sketch" in words:
                words["located+sketch"] = words["located"] | words["sketch"]
            row["found"] = {name: sorted(wanted & has) for name, has in words.items()}
        localizer.close()
        rows.append(row)
        print(json.dumps(row), file=sys.stderr, flush=True)
    total = sum(len(row["wanted"]) for row in rows)
    kinds = sorted({kind for row in rows for kind in row["found"]})
    recall = {kind: sum(len(row["found"].get(kind, ())) for row in rows) / max(1, total) for kind in kinds}
    reusing = sum(bool(row["wanted"]) for row in rows)
    print(json.dumps({"instances": len(rows), "reusing": reusing, "names": total, "recall": recall}, indent=1))


if __name__ == "__main__":
    main()
