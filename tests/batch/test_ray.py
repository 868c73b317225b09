"""What the machines of a Ray cluster share, and what is said when there is no cluster."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from batch_killing import make_tasks
from money_project import COMMAND, ROOT, environment, treewright

from agent.batch.executors.coordinator import Coordinator


async def test_what_a_lost_worker_held_is_given_to_others() -> None:
    shared = Coordinator(1, usd=1.0)
    first = await shared.enter("a#0", "m", 0.4, 10)
    await shared.forget("a#0")
    assert shared.holding() == 0
    second = await shared.enter("a#1", "m", 0.4, 10)
    await shared.leave(second["ticket"], 0.1, 5, -1.0)
    await shared.leave(first["ticket"], 0.0, 0, -1.0)  # it comes back after all: its ticket is void
    third = await shared.enter("b#0", "m", 0.6, 10)  # 0.4 (worst case of the lost one) + 0.1 + 0.6 is too much
    assert "refused" in third
    assert "$0.5000 spent" in third["refused"]


def test_without_ray_or_a_cluster_it_says_so(tmp_path: Path) -> None:
    env, tasks = environment(tmp_path / "home"), make_tasks(tmp_path, 1)
    common = ["batch", "--dataset", tasks, "--out", tmp_path / "out"]
    done = treewright(env, *common, "--executor", "slurm")
    assert done.returncode == 2
    assert "no executor 'slurm'" in done.stderr
    (tmp_path / "hidden" / "ray").mkdir(parents=True)
    (tmp_path / "hidden" / "ray" / "__init__.py").write_text("raise ImportError('no ray here')\n")
    path = os.pathsep.join([str(tmp_path / "hidden"), str(ROOT)])
    command = [*COMMAND, *map(str, common), "--executor", "ray"]
    done = subprocess.run(command, env=env | {"PYTHONPATH": path}, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "treewright[ray]" in done.stderr
