"""Mechanical repair of real historical bugs: solved, test executions and seconds per case.

    python benchmarks/mechanical_repair.py --seconds 60 --out results.jsonl [--cases DIR ...] [--only NAME ...]

Each case is rebuilt from its releases, then solved by the `mechanical` design in bubblewrap. It is *plausible* when the
run ends solved, and *the same as upstream* when the changed functions have the fixed release's syntax trees, type
annotations left out. Printed for each: test runs, seconds of wall clock, and seconds of processor time with the
preparation, which tell how busy the machine was. `--cases` names the folders of manifests; by default the two of the
development set. Cases that `--out` already has are not run again. Downloads are kept in `--downloads`.
"""

from __future__ import annotations

import argparse
import ast
import asyncio
import json
import os
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

from agent.config import Settings
from agent.outcome import Outcome
from agent.solve import solve
from agent.store.folder import RunFolder
from environments.cases import Case, PreparedCase, load_cases, prepare
from environments.tasks import Task
from tools.errors import TreewrightError
from tools.snapshots import SnapshotFiles, SnapshotStore

ROOT = Path(__file__).parent.parent
BASELINE_SECONDS = 240.0
"""A guard only, for a machine that is busy with other things: the run's own limit ends it before."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="of search for each case")
    parser.add_argument("--out", type=Path, default=Path("mechanical_repair.jsonl"))
    parser.add_argument("--downloads", type=Path, default=None)
    parser.add_argument(
        "--cases", type=Path, nargs="*", default=[ROOT / "examples" / "cases", ROOT / "benchmarks" / "mechanical"]
    )
    parser.add_argument("--only", nargs="*", default=[])
    options = parser.parse_args()
    cases = [case for folder in options.cases for case in load_cases(folder)]
    rows = _read(options.out)
    for case in cases:
        if case.name in rows or (options.only and case.name not in options.only):
            continue
        rows[case.name] = asyncio.run(_run(case, options.seconds, options.downloads))
        with options.out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(rows[case.name]) + "\n")
        print(_line(rows[case.name]), flush=True)
    _summary(list(rows.values()))


async def _run(case: Case, seconds: float, downloads: Path | None) -> dict[str, Any]:
    folder = Path(tempfile.mkdtemp(prefix="treewright-case-"))
    row: dict[str, Any] = {"case": case.name, "package": case.package, "kind": case.kind}
    before = os.times()
    try:
        prepared = await prepare(case, folder, downloads=downloads)
        task = Task(
            case.name,
            str(prepared.repository),
            problem=case.issue,
            test="pytest",
            python=str(prepared.python),
            failing_tests=prepared.failing_tests,
        )
        run = RunFolder(folder / "run")
        settings = Settings(design="mechanical", max_seconds=seconds, concurrency=2)
        outcome = await asyncio.wait_for(solve(task, settings, run), BASELINE_SECONDS + seconds)
        row |= {
            "status": outcome.status,
            "same": outcome.status == "solved" and _same_as_upstream(prepared, run, outcome),
            "executions": outcome.spending.executions,
            "nodes": outcome.spending.nodes,
            "seconds": round(outcome.spending.seconds, 1),
            "patch": outcome.patch if outcome.status == "solved" else "",
        }
    except (TreewrightError, TimeoutError) as error:
        why = str(error)[:300] or "out of time before the search"
        row |= {"status": "failed", "same": False, "executions": 0, "nodes": 0, "seconds": 0, "patch": why}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    row["processor"] = round(sum(os.times()[:4]) - sum(before[:4]), 1)
    return row


def _same_as_upstream(prepared: PreparedCase, run: RunFolder, outcome: Outcome) -> bool:
    store = SnapshotStore.open(run.git)
    try:
        patched = SnapshotFiles(store, store.apply_patch(store.base, outcome.patch))
        base = SnapshotFiles(store, store.base)
        for path in store.changed_paths(store.base, patched.snapshot):
            upstream = prepared.fixed_source / path
            if not upstream.is_file():
                return False
            before, after, wanted = (
                _parts(text) for text in (base.read(path), patched.read(path), upstream.read_bytes())
            )
            changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
            if any(after.get(name) != wanted.get(name) for name in changed):
                return False
        return True
    finally:
        store.close()


def _parts(content: bytes) -> dict[str, str]:
    """Syntax trees by the qualified name of functions and top-level statements, without docstrings."""
    found: dict[str, str] = {}

    def visit(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef):
                visit(node.body, f"{prefix}{node.name}.")
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for each in ast.walk(node):
                    if isinstance(each, ast.arg):
                        each.annotation = None
                    elif isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
                        each.returns = None
                if ast.get_docstring(node, clean=False) is not None:
                    node.body = node.body[1:]
                found[prefix + node.name] = ast.dump(node)
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                names = [ast.unparse(target) for target in getattr(node, "targets", None) or [node.target]]  # type: ignore[union-attr]
                found[prefix + "=".join(names)] = ast.dump(node)
            else:
                found[f"{prefix}#{len(found)}"] = ast.dump(node)

    visit(ast.parse(content).body, "")
    return found


def _read(path: Path) -> dict[str, dict[str, Any]]:
    if not path.exists():
        return {}
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {row["case"]: row for row in rows}


def _line(row: dict[str, Any]) -> str:
    same = "same as upstream" if row["same"] else "plausible" if row["status"] == "solved" else ""
    spent = f"{row['executions']} | {row['seconds']:.0f} | {row['processor']:.0f}"
    return f"| {row['case']} | {row['kind']} | {row['status']} | {same} | {spent} |"


def _summary(rows: list[dict[str, Any]]) -> None:
    solved = [row for row in rows if row["status"] == "solved"]
    print(f"plausible {len(solved)}/{len(rows)}, same as upstream {sum(row['same'] for row in rows)}")
    if solved:
        executions, seconds = ([row[key] for row in solved] for key in ("executions", "seconds"))
        print(
            f"test runs per solved bug: median {statistics.median(executions)}, mean {statistics.mean(executions):.1f}"
        )
        print(f"seconds per solved bug: median {statistics.median(seconds):.0f}")


if __name__ == "__main__":
    main()
