"""How long a task of a benchmark takes to start where another of its repository version has been before.

What is timed, per task: its environment is found, the store of its run is made, the base is checked out with what the
installation left, a sandbox is opened, and a first command has run (an empty Python program). `import` is how long the
project's first import takes after that, which compiles its sources; `end`, how long the workspace takes to be put away.

    python benchmarks/task_start.py --dataset swe-bench-lite --split dev --mirrors MIRRORS [--filter REGEX]

Environments that are not built yet are left out: `treewright env build` makes them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

from agent.evaluation.building import native
from agent.execution.home import environments_folder
from environments.base import Command
from environments.benchmarks import BenchmarkTask, Choice, load
from environments.provision.need import Need
from environments.provision.prepared import WORKSPACES, list_prepared
from environments.registry import create
from environments.repositories import is_data, obtain
from environments.workspaces import Shelf, WorkspacePool
from environments.workspaces.products import Products
from tools.snapshots import SnapshotStore


async def start(task: BenchmarkTask) -> dict[str, object]:
    """Seconds until a first command has run, our processor time, and seconds of the first import."""
    began, used = time.monotonic(), _used()
    folder, prepared = await native().prepared(task.task)
    source = await obtain(task.task.repository, folder, base=task.task.base)
    with tempfile.TemporaryDirectory(prefix="treewright-start-") as name:
        git_dir = Path(name, "store.git")
        store = await asyncio.to_thread(SnapshotStore.create, git_dir, source, task.task.base, may_lack=is_data)
        try:
            products = await asyncio.to_thread(Products.shared, Path(prepared.products))
            pool = WorkspacePool(store, Path(name, "workspaces"), 1, products, Shelf(folder / WORKSPACES))
            async with pool.at(store.base) as workspace:
                mounts = prepared.all_mounts(folder / "empty")
                sandbox = await create("bubblewrap").open(workspace.root, mount=prepared.mount, mounts=mounts)
                ready = await sandbox.run(Command((prepared.python, "-c", "pass"), env=prepared.env))
                row = {"task": task.id, "seconds": time.monotonic() - began, "cpu": _used() - used}
                module = Need.parse(task.task.environment).packages[0].replace("-", "_")
                first = await sandbox.run(Command((prepared.python, "-c", f"import {module}"), env=prepared.env))
                row |= {"import": first.seconds, "ok": ready.ok and first.ok}
                await sandbox.close()
            ended = time.monotonic()
            await pool.close()
            row["end"] = time.monotonic() - ended
        finally:
            store.close()
    return {key: round(value, 2) if isinstance(value, float) else value for key, value in row.items()}


def _used() -> float:
    """Processor time of this process and of those that it has waited for."""
    return sum(os.times()[:4])


async def main(arguments: argparse.Namespace) -> None:
    """Starts the tasks one after the other and prints the seconds."""
    tasks = load(
        arguments.dataset, split=arguments.split, choice=Choice(pattern=arguments.filter), mirrors=arguments.mirrors
    )
    built = {(record.project, record.version) for _, record in list_prepared(environments_folder())}
    rows = []
    for task in tasks:
        if (task.project, task.version) not in built:
            continue
        rows.append(await start(task))
        print(json.dumps(rows[-1]), flush=True)
    for what in ("seconds", "cpu", "import", "end"):
        took = sorted(float(str(row[what])) for row in rows if row["ok"])
        if len(took) > 1:
            ninth = statistics.quantiles(took, n=10)[-1]
            told = f"median {statistics.median(took):.2f}, p90 {ninth:.2f}, most {took[-1]:.2f}"
            print(f"{what} of {len(took)} tasks: {told}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--split", default="")
    parser.add_argument("--mirrors", type=Path)
    parser.add_argument("--filter", default="")
    asyncio.run(main(parser.parse_args()))
