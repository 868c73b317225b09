"""An evolution on a Ray cluster of two machines: the same designs and scores as in one process."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from money_project import COMMAND
from ray_machines import machines
from shops import shops

from agent.evolve.reader import EvolutionReader

ROOT = Path(__file__).parents[2]


def archived(root: Path) -> list[tuple[object, ...]]:
    with EvolutionReader(root) as reader:
        designs = [(each.id, each.parents, each.standing) for each in reader.designs()]
        return designs + sorted((row.design, row.task, row.split, row.score, row.nodes) for row in reader.results())


def test_an_evolution_on_two_machines_is_the_one_of_a_single_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = shops(tmp_path, ("share", "largest", "label"))
    environment = {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    environment |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    flags = ["--designs", "2", "--evaluations", "4", "--max-nodes", "3", "--held-out", "0.34", "--json"]

    def run(out: Path, *more: str) -> dict[str, object]:
        words = ["evolve", "--dataset", str(tasks), "--out", str(out), *flags, *more]
        command = [*COMMAND, *words]
        done = subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        summary: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
        return summary

    with machines(1, 1) as cluster:
        far = run(tmp_path / "ray", "--ray-address", cluster.address)
    near = run(tmp_path / "local")
    assert far["end"] == near["end"]
    assert archived(tmp_path / "ray") == archived(tmp_path / "local")


def test_an_executor_that_is_not_there_is_named(tmp_path: Path) -> None:
    tasks = shops(tmp_path, ("share", "largest"))
    words = ["evolve", "--dataset", str(tasks), "--out", str(tmp_path / "out"), "--executor", "slurm"]
    command = [*COMMAND, *words]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "no executor 'slurm'" in done.stderr
