"""A batch killed at random instants and begun again, until it is through."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from batch_helpers import ISSUE, task, write_tasks
from money_project import COMMAND, make_repository

PATIENCE = 60.0


def make_tasks(folder: Path, count: int) -> Path:
    """`count` tasks that no request mixes up: each names itself in its issue."""
    repository = make_repository(folder / "money")
    rows = [task(repository, f"money-{n}", problem=f"{ISSUE}\n\nSeen in release {n}.") for n in range(count)]
    return write_tasks(folder / "tasks.jsonl", rows)


@dataclass
class Killed:
    """What the killings did.

    Attributes:
        kills: how many hit a living process.
        orphans: command lines of processes that outlived theirs.
        code: the exit code of the last sitting.
    """

    kills: int = 0
    orphans: list[str] = field(default_factory=list)
    code: int = 0


def run_killed(
    arguments: Sequence[object], env: Mapping[str, str], *, progress: Callable[[], int], at: Sequence[int], seed: int
) -> Killed:
    """Runs the command, kills it each time `progress` passes a number of `at`, and lets the last sitting end."""
    told, luck = Killed(), random.Random(seed)
    for mark in at:
        with subprocess.Popen(
            [*COMMAND, *map(str, arguments)], env=dict(env), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as process:
            began = progress()
            while process.poll() is None and progress() <= max(mark, began):
                time.sleep(0.01)
            time.sleep(luck.uniform(0, 0.5))  # also in the middle of what is not a request
            if process.poll() is not None:
                assert process.returncode == 0, process.stderr.read().decode() if process.stderr else ""
                break  # it was through
            family = _family(process.pid)
            process.send_signal(signal.SIGKILL)
            process.wait()
        told.kills += 1
        told.orphans += _left(family)
    last = subprocess.run([*COMMAND, *map(str, arguments)], env=dict(env), capture_output=True, text=True, check=False)
    told.code = last.returncode
    return told


def instants(total: int, kills: int, seed: int) -> list[int]:
    """Random points of a run that makes `total` requests, in order."""
    return sorted(random.Random(seed).randrange(max(1, total - 1)) for _ in range(kills))


def _family(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _left(family: Sequence[psutil.Process]) -> list[str]:
    """Those that do not end by themselves in good time."""
    _, alive = psutil.wait_procs(family, timeout=PATIENCE)
    return [f"{each.pid} {each.name()}" for each in alive if each.status() != psutil.STATUS_ZOMBIE]


def predictions(out: Path) -> dict[str, str]:
    """The patches of a batch by task."""
    lines = (out / "predictions.jsonl").read_text().splitlines()
    return {row["instance_id"]: row["model_patch"] for row in map(json.loads, lines)}


def journal(out: Path) -> Counter[tuple[str, ...]]:
    """How often each call (task, node, role, content, repetition) was written down; more than once is paid twice."""
    found: Counter[tuple[str, ...]] = Counter()
    for path in sorted(out.glob("tasks/*/run.db")):
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
            query = "select scope, role, fingerprint, ordinal from calls where response is not null"
            found.update((path.parent.name, *map(str, row)) for row in database.execute(query))
    return found


def leftovers(out: Path) -> list[str]:
    """Workspaces and held locks that are still there when nothing runs."""
    found = [str(path) for path in out.glob("tasks/*/workspaces/*")]
    return found + [str(path) for path in [out / "lock", *out.glob("tasks/*/lock")] if path.read_text().strip()]
