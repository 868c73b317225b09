"""What a sandbox costs: `true` in each environment against a plain subprocess, taking turns in one run.

    python benchmarks/sandbox_startup.py [--image IMAGE] [--rounds N] [--json]

Without an image docker is left out. Prints the fastest start (what the machine can do when nobody else uses it), the
median, the 95th percentile, and the ratio of the medians to the plain subprocess.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from environments.base import Command
from environments.registry import create

TRUE = Command(("true",))


async def plain() -> None:
    process = await asyncio.create_subprocess_exec("true")
    await process.wait()


async def measure(rounds: int, image: str | None) -> dict[str, list[float]]:
    """Seconds of each start, by environment; the first round is not counted."""
    with tempfile.TemporaryDirectory(prefix="treewright-benchmark-") as folder:
        ways: dict[str, Callable[[], Awaitable[object]]] = {"subprocess": plain}
        sandboxes = []
        for name in ("local", "bubblewrap", *(["docker"] if image else [])):
            workspace = Path(folder, name)
            workspace.mkdir()
            sandbox = await create(name, image=image).open(workspace)
            sandboxes.append(sandbox)
            ways[name] = partial(sandbox.run, TRUE)
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(rounds + 1):
            for name, start in ways.items():
                before = time.perf_counter()
                await start()
                if turn:
                    seconds[name].append(time.perf_counter() - before)
        for sandbox in sandboxes:
            await sandbox.close()
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--image", help="an image that docker has, with a program called true")
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    seconds = asyncio.run(measure(options.rounds, options.image))
    base = statistics.median(seconds["subprocess"])
    rows = [
        {
            "environment": name,
            "fastest_ms": round(min(found) * 1000, 1),
            "median_ms": round(statistics.median(found) * 1000, 1),
            "p95_ms": round(statistics.quantiles(found, n=20)[-1] * 1000, 1),
            "ratio": round(statistics.median(found) / base, 1),
        }
        for name, found in seconds.items()
    ]
    if options.json:
        print(json.dumps(rows, indent=1))
        return
    print("| " + " | ".join(rows[0]) + " |\n|" + "---|" * len(rows[0]))
    for row in rows:
        print("| " + " | ".join(map(str, row.values())) + " |")


if __name__ == "__main__":
    main()
