"""Throughput and memory of `treewright batch` when all a task does is ask a model.

    python benchmarks/batch/orchestration.py [--tasks 200] [--calls 20] [--latency 0.2] [--jobs 64]
        [--workers 2] [--mini] [--repeat 3]

Ideal is what the latency alone allows: ceil(tasks / jobs) rounds of calls * latency seconds. With `--mini`,
mini-swe-agent is installed into an environment of its own, and its batch runner does the same work against the same
endpoint, in turns with ours.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psutil

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DESIGN = """async def solve(kit):
    for turn in range({calls}):
        await kit.ask(f"Step {{turn}}: what is next?", about="issue")
    await kit.abstain("it was only asked")
"""


@contextmanager
def endpoint(latency: float) -> Iterator[str]:
    """The address of a running endpoint."""
    command = [sys.executable, str(HERE / "endpoint.py"), "--latency", str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.kill()


def stats(address: str) -> dict[str, float]:
    with urllib.request.urlopen(f"{address}/stats") as answer:
        found: dict[str, float] = json.load(answer)
        return found


def make_tasks(folder: Path, count: int) -> Path:
    """`count` tasks in one small repository."""
    repository = folder / "repository"
    repository.mkdir(exist_ok=True)
    (repository / "a.py").write_text("x = 1\n")
    git = ["git", "-C", str(repository), "-c", "user.name=A", "-c", "user.email=a@example.org"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "start", "--allow-empty"]):
        subprocess.run([*git, *arguments], check=True)
    path = folder / f"tasks-{count}.jsonl"
    rows = ({"id": f"task-{n}", "repository": str(repository), "problem": f"issue {n}"} for n in range(count))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


class Measured:
    """A command with its wall time, its CPU seconds and its peak memory (of all its processes, shared pages once)."""

    def __init__(self, command: list[str], env: dict[str, str]) -> None:
        self.peak = 0
        self.samples: list[tuple[float, int]] = []
        self._workers: dict[int, float] = {}
        before = os.times()
        began = time.monotonic()
        with subprocess.Popen(
            command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as process:
            watching = threading.Thread(target=self._watch, args=(process.pid, began), daemon=True)
            watching.start()
            assert process.stderr is not None
            self.errors = process.stderr.read()
        self.wall = time.monotonic() - began
        after = os.times()
        self.cpu = after.children_user + after.children_system - before.children_user - before.children_system
        self.cpu += sum(self._workers.values())  # nobody above waits for those
        self.code = process.returncode

    def _watch(self, pid: int, began: float) -> None:
        try:
            top = psutil.Process(pid)
            for number in count():
                family = [top, *top.children(recursive=True)]
                self._workers |= {each.pid: spent for each in family if (spent := cpu_of_worker(each))}
                if number % 5 == 0:  # a look at the memory takes milliseconds of the machine that is measured
                    used = sum(map(proportional, family))
                    self.samples.append((time.monotonic() - began, used))
                    self.peak = max(self.peak, used)
                time.sleep(0.1)
        except psutil.Error:
            return


def proportional(process: psutil.Process) -> int:
    """Bytes of a process, those it shares with n others counted as 1/n each; 0 when it has just ended."""
    try:
        return int(process.memory_full_info().pss)
    except psutil.NoSuchProcess:
        return 0


def cpu_of_worker(process: psutil.Process) -> float:
    """CPU seconds so far of a worker, or of what workers are forked from; 0 for others."""
    try:
        if not any("multiprocessing.forkserver" in word for word in process.cmdline()):
            return 0.0
        times = process.cpu_times()
        return times.user + times.system
    except psutil.NoSuchProcess:
        return 0.0


def environment(folder: Path, address: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TREEWRIGHT")}
    more = {"HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache"), "PYTHONPATH": str(ROOT)}
    return kept | more | {"OPENAI_API_BASE": f"{address}/v1", "OPENAI_API_KEY": "none"}


def command(folder: Path, tasks: int, calls: int, jobs: int, out: str, workers: int = 0) -> list[str]:
    """`treewright batch` over `tasks` tasks that only ask, `calls` times each."""
    design = folder / f"asks{calls}.py"
    design.write_text(DESIGN.format(calls=calls))
    arguments = [sys.executable, "-c", "from agent.cli.main import run; run()", "batch", "--quiet"]
    arguments += ["--dataset", str(make_tasks(folder, tasks)), "--out", str(folder / out), "-j", str(jobs)]
    arguments += ["--max-requests", str(jobs), "--model", "openai/instant", "--unknown-price", "free"]
    arguments += ["--workers", str(workers)] if workers else []
    return [*arguments, "--design", str(design), "--max-seconds", "36000"]


def treewright(folder: Path, address: str, tasks: int, calls: int, jobs: int, out: str, workers: int = 0) -> Measured:
    done = Measured(command(folder, tasks, calls, jobs, out, workers), environment(folder, address))
    if done.code:
        raise SystemExit(done.errors)
    return done


def mini(python: str, folder: Path, address: str, tasks: int, calls: int, jobs: int, out: str) -> Measured:
    arguments = [str(HERE / "mini_batch.py"), str(folder / out), str(tasks), str(calls), str(jobs), address]
    done = Measured([python, *arguments], environment(folder, address) | {"PYTHONPATH": str(HERE)})
    if done.code:
        raise SystemExit(done.errors)
    return done


def report(name: str, done: Measured, seen: dict[str, float], ideal: float) -> None:
    share = ideal / seen["seconds"] if seen["seconds"] else 0.0
    print(
        f"{name}: {seen['requests']:.0f} calls, {seen['most']:.0f} at a time at most; "
        f"{seen['seconds']:.1f} s from first call to last answer ({share:.0%} of ideal), {done.wall:.1f} s in all, "
        f"{done.cpu:.1f} CPU s ({1000 * done.cpu / seen['requests']:.2f} ms a call), {done.peak / 2**20:.0f} MiB peak",
        flush=True,
    )


def install_mini(folder: Path) -> str:
    """The python of a new environment with mini-swe-agent."""
    where = folder / "mini-venv"
    subprocess.run(["uv", "venv", "-q", "--python", sys.executable, str(where)], check=True)
    python = str(where / "bin" / "python")
    subprocess.run(["uv", "pip", "install", "-q", "--python", python, "mini-swe-agent"], check=True)
    return python


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tasks", type=int, default=200)
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--latency", type=float, default=0.2)
    parser.add_argument("--jobs", type=int, default=64)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--workers", type=int, default=0, help="processes of ours; the command's own choice otherwise")
    parser.add_argument("--mini", action="store_true", help="install mini-swe-agent and measure it beside")
    given = parser.parse_args()
    work = (given.tasks, given.calls, given.jobs)
    ideal = math.ceil(given.tasks / given.jobs) * given.calls * given.latency
    print(f"{given.tasks} tasks of {given.calls} calls of {given.latency:g} s, {given.jobs} at a time: {ideal:.1f} s")
    with tempfile.TemporaryDirectory() as name, endpoint(given.latency) as address:
        folder = Path(name)
        python = install_mini(folder) if given.mini else ""
        alone = {"treewright": treewright(folder, address, 2, given.calls, 1, "one")}
        if python:
            alone["mini-swe-agent"] = mini(python, folder, address, 2, given.calls, 1, "mini-one")
        for number in range(given.repeat):
            stats(address)
            measured = {
                "treewright": (treewright(folder, address, *work, f"many{number}", given.workers), stats(address))
            }
            if python:
                done = mini(python, folder, address, *work, f"mini-many{number}")
                measured["mini-swe-agent"] = (done, stats(address))
            for system, (done, seen) in measured.items():
                report(system, done, seen, ideal)
                extra = (done.peak - alone[system].peak) / 2**20 / (given.jobs - 1)
                print(
                    f"  {alone[system].peak / 2**20:.0f} MiB with one task, {extra:.2f} MiB more for each further one"
                )


if __name__ == "__main__":
    main()
