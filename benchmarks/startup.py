"""Start-up: what `treewright --help` takes, beside a bare Python and the import of litellm, in one run.

    python benchmarks/startup.py [--runs N]

Prints the median, least and most wall and CPU milliseconds of whole processes, and ratios to the bare Python.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time

HELP = "import sys; sys.argv = ['treewright', '--help']; from agent.cli.main import run; run()"
CASES = {
    "python -c pass": "pass",
    "treewright --help": HELP,
    "import typer": "import typer",
    "import litellm": "import litellm",
}


def once(code: str) -> tuple[float, float]:
    """Wall and CPU milliseconds of one process."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    environment = os.environ | {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, env=environment, check=True)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return 1000 * wall, 1000 * cpu


def main() -> None:
    """Measures the cases in turn, so that the machine's moods hit all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    measured: dict[str, list[tuple[float, float]]] = {name: [] for name in CASES}
    for number in range(runs + 1):
        for name, code in CASES.items():
            if name == "import litellm" and number > 2:
                continue
            figures = once(code)
            if number:  # the first one warms the disk
                measured[name].append(figures)
    base = statistics.median(cpu for _, cpu in measured["python -c pass"])
    for name, pairs in measured.items():
        walls, cpus = zip(*pairs, strict=True)
        row = {
            "case": name,
            "wall_ms": [round(value) for value in (statistics.median(walls), min(walls), max(walls))],
            "cpu_ms": [round(value) for value in (statistics.median(cpus), min(cpus), max(cpus))],
            "cpu_ratio": round(statistics.median(cpus) / base, 1),
        }
        print(json.dumps(row))


if __name__ == "__main__":
    main()
