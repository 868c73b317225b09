"""Test runs that are remembered: not made again, counted and charged all the same."""

from __future__ import annotations

import asyncio
from pathlib import Path

from shops import shops

from agent.batch.sources import load_tasks
from agent.config import Settings
from agent.execution.memory import Memory
from agent.outcome import Outcome
from agent.shared import opened
from agent.solve import solve
from agent.store.folder import RUN, RunFolder
from agent.store.store import Store
from environments.benchmarks import Choice


def test_a_second_design_pays_for_what_the_first_one_ran(tmp_path: Path) -> None:
    (task,) = load_tasks(str(shops(tmp_path, ("largest",))), split="", choice=Choice())
    settings = Settings(design="mechanical", max_nodes=2)

    async def both() -> list[Outcome]:
        with Memory(tmp_path / "executions.db") as memory:
            async with opened(settings, memory=memory) as shared:
                return [
                    await solve(task, settings, RunFolder(tmp_path / f"run{number}"), shared=shared)
                    for number in (1, 2)
                ]

    first, second = asyncio.run(both())
    assert (first.status, first.patch) == (second.status, second.patch)
    assert first.spending.executions == second.spending.executions > 0
    kept = []
    for number in (1, 2):
        with Store.open(RunFolder(tmp_path / f"run{number}").store) as store:
            rows = store.run(RUN).executions()
            kept.append([(row.scope, row.fingerprint, row.ordinal, row.seconds) for row in rows])
    assert kept[0] == kept[1]
    assert second.spending.seconds >= sum(row[3] for row in kept[1])
