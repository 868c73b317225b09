"""A batch on a Ray cluster of two machines (raylets of their own), one of which is killed in the middle.

Its ledger is in PostgreSQL, as that of a batch on several machines would be.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from batch_helpers import Fine
from batch_killing import journal
from money_project import ROOT, environment
from postgresql_server import Server
from ray_machines import machines

from agent.batch.executors.cluster import ClusterOptions, RayExecutor
from agent.batch.job import Job, run_job
from agent.batch.layout import BatchFolder
from agent.batch.reader import BatchReader
from agent.batch.run import Options, run_batch
from agent.config import Settings
from agent.model.gate import LocalGate
from agent.model.recorded import RecordingTransport
from agent.shared import Shared
from environments.tasks import Task

TASKS, TURNS = 4, 6
DESIGN = """import asyncio
from contextlib import suppress


async def solve(kit):
    for turn in range({turns}):
        if turn == {turns} // 2 and {marker!r}:
            import ray

            with suppress(FileExistsError), open({marker!r}, "x") as file:  # two may come at the same moment
                file.write(ray.get_runtime_context().get_node_id())
                file.flush()
                await asyncio.sleep(3600)  # until its machine dies
        await kit.ask(f"Step {{turn}}: what is next?", about="issue")
    await kit.abstain("it was only asked")
"""


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A head that runs nothing, and two machines with room for one task each."""
    for name, value in environment(tmp_path / "home", PYTHONPATH=str(ROOT)).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_worker_niceness", "0")  # 15 otherwise: on a busy machine a worker never gets to run
    with machines(1, 1) as made:
        yield made


async def test_a_machine_dies_and_nothing_is_lost_or_asked_twice(
    cluster: Any, tmp_path: Path, postgresql: Server
) -> None:
    transcript, sent, out, marker = (tmp_path / name for name in ("calm.jsonl", "sent.jsonl", "out", "began"))
    tasks = [Task(f"t-{n}", str(tmp_path), problem=f"issue {n}") for n in range(TASKS)]
    calm = Settings(design=_design(tmp_path / "calm.py", ""), replay=str(transcript))
    shared = Shared(RecordingTransport(Fine(), transcript), LocalGate())
    for task in tasks:
        result = await run_job(Job(task, calm, tmp_path / "calm" / "tasks" / task.id), shared=shared)
        assert result.status == "abstained", result

    settings = Settings(
        design=_design(tmp_path / "asks.py", str(marker)), replay=str(transcript), record=str(sent), max_seconds=7200
    )
    executor = RayExecutor(ClusterOptions(cluster.address))
    options = Options(jobs=2, retry_infra=0, store=postgresql.schema())
    work = asyncio.create_task(run_batch(tasks, settings, BatchFolder(out), options, executor=executor))
    while not work.done() and not (marker.exists() and marker.read_text()):
        await asyncio.sleep(0.05)
    if work.done():
        raise AssertionError(work.result())
    (doomed,) = [node for node in cluster.list_all_nodes() if node.node_id == marker.read_text()]
    await asyncio.to_thread(cluster.remove_node, doomed, allow_graceful=False)
    summary = await work
    assert summary.totals.counts == {"abstained": TASKS}
    assert summary.exit_code == 0
    assert not (out / "batch.db").exists()
    with BatchReader(out) as batch:
        assert [(row.status, row.attempt, row.calls) for row in batch.rows()] == [("abstained", 1, TURNS)] * TASKS
    assert len(journal(out)) == TASKS * TURNS
    assert set(journal(out).values()) == {1}
    asked = [json.loads(line)["request"]["messages"] for line in sent.read_text().splitlines()]
    assert len(asked) == TASKS * TURNS  # what the dead machine had been answered was not asked again


def _design(path: Path, marker: str) -> str:
    path.write_text(DESIGN.format(turns=TURNS, marker=marker))
    return str(path)
