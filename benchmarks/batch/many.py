"""A very long batch against an endpoint that answers at once: does memory stay bounded, does the rate hold?

    python benchmarks/batch/many.py [--tasks 10000] [--calls 2] [--jobs 64]

Prints a row after each tenth of the tasks: what the runner used for that tenth. Processor time is what to compare on a
machine that others use too.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from orchestration import command, endpoint, environment

PARTS = 10


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--calls", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=64)
    parser.add_argument("--folder", help="for its files; a temporary one otherwise")
    given = parser.parse_args()
    print("| tasks ended | resident, MiB | CPU, ms a task | seconds | folder, MiB |\n|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory(dir=given.folder) as name, endpoint(0.0) as address:
        folder = Path(name)
        arguments = command(folder, given.tasks, given.calls, given.jobs, "out", workers=1)
        arguments.remove("--quiet")
        with subprocess.Popen(
            [*arguments, "--json"], env=environment(folder, address), stdout=subprocess.PIPE, text=True
        ) as process:
            watch(process, folder / "out", max(1, given.tasks // PARTS))
        if process.returncode:
            sys.exit(process.returncode)


def watch(process: subprocess.Popen[str], out: Path, part: int) -> None:
    """Reads the events and prints the rows."""
    runner = psutil.Process(process.pid)
    ended, cpu, began = 0, used(runner), time.monotonic()
    for line in process.stdout or ():
        if json.loads(line)["event"] != "ended":
            continue
        ended += 1
        if ended == 1:  # the client is loaded now
            cpu = used(runner)
        if ended % part == 0:
            now, size = used(runner), runner.memory_info().rss / 2**20
            disk = int(subprocess.check_output(["du", "-sm", str(out)], text=True).split()[0])
            each, seconds = 1000 * (now - cpu) / part, time.monotonic() - began
            print(f"| {ended:,} | {size:.0f} | {each:.1f} | {seconds:.0f} | {disk} |", flush=True)
            cpu = used(runner)


def used(process: psutil.Process) -> float:
    """CPU seconds of a process."""
    times = process.cpu_times()
    return times.user + times.system


if __name__ == "__main__":
    main()
