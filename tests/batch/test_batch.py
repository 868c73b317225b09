"""Batches end to end: real repositories, real sandboxes, the command in a process of its own."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from batch_helpers import FIXED, events, task, write_tasks
from money_project import FAILING, environment, make_repository, treewright

from agent.batch.job import Job, JobResult
from agent.batch.layout import BatchFolder
from agent.batch.ledger import TaskRow, Totals
from agent.batch.reader import BatchReader, is_batch
from agent.batch.run import Options, run_batch
from agent.batch.watching import TaskProgress, Unwatched
from agent.config import Settings
from environments.tasks import Task
from tools.errors import InputError


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    """One that mechanical repair solves, one that has nothing to repair, one whose revision does not exist."""
    repository = make_repository(tmp_path / "money")
    fine = make_repository(tmp_path / "fine", FIXED)
    return write_tasks(
        tmp_path / "tasks.jsonl",
        [
            task(repository, "money-1", failing_tests=[FAILING]),
            task(fine, "fine-2", failing_tests=[FAILING]),
            task(repository, "Gone-3", base="no-such-revision", failing_tests=[FAILING]),
        ],
    )


def test_each_task_ends_as_what_it_is_and_the_same_command_runs_nothing_again(tasks: Path, tmp_path: Path) -> None:
    env, out = environment(tmp_path / "home"), tmp_path / "out"
    assert not is_batch(out)
    done = treewright(env, "batch", "--dataset", tasks, "--out", out, "-j", 2, "--json")
    assert done.returncode == 0, done.stderr
    assert is_batch(out)
    with BatchReader(out) as batch:
        rows = {row.id: row for row in batch.rows()}
        assert {id: row.status for id, row in rows.items()} == {
            "money-1": "solved-candidate",
            "fine-2": "unavailable",
            "Gone-3": "unavailable",
        }
        assert "passes on the base" in rows["fine-2"].reason
        assert batch.run("money-1").store.exists()
        assert batch.run("Gone-3").root.name.startswith("gone-3-")
        assert batch.task("money-1").failing_tests == (FAILING,)
        assert batch.totals().counts == {"solved-candidate": 1, "unavailable": 2}
        assert batch.manifest.design == "mechanical"
        assert batch.evaluation() is None
    (line,) = [json.loads(text) for text in (out / "predictions.jsonl").read_text().splitlines()]
    assert line.keys() == {"instance_id", "model_name_or_path", "model_patch"}
    assert line["instance_id"] == "money-1"
    assert "i < total % people" in line["model_patch"]
    summary = events(done)[-1]
    assert summary["event"] == "summary"
    assert summary["predictions"] == 1

    report, page = (out / "report.md").read_text(), (out / "report.html").read_text()
    assert "1 of 1 tasks solved, by the runs' own word" in report
    assert "| money-1 | solved-candidate |" in report
    assert "<td>Gone-3</td><td>unavailable</td>" in page
    before = (out / "tasks" / "money-1" / "run.db").stat().st_mtime_ns
    again = treewright(env, "batch", "--dataset", tasks, "--out", out)
    assert again.returncode == 0, again.stderr
    assert (out / "tasks" / "money-1" / "run.db").stat().st_mtime_ns == before
    assert "3 tasks: 1 solved-candidate, 2 unavailable" in again.stdout


def test_other_settings_are_refused_and_no_batch_is_said_to_be_none(tasks: Path, tmp_path: Path) -> None:
    env, out = environment(tmp_path / "home"), tmp_path / "out"
    chosen = ("--dataset", tasks, "--out", out, "--filter", "Gone")
    assert treewright(env, "batch", *chosen).returncode == 0
    other = treewright(env, "batch", *chosen, "--seed", 7)
    assert other.returncode == 2
    assert "seed was 0 and is 7 now" in other.stderr
    with pytest.raises(InputError, match="no batch"):
        BatchReader(tmp_path / "nowhere")


class Shaky:
    """Runs nothing: the machine fails each task `failures` times, then the task is abstained."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.begun: Counter[str] = Counter()

    async def run(self, job: Job, progress: TaskProgress) -> JobResult:
        self.begun[job.task.id] += 1
        if self.begun[job.task.id] > self.failures:
            return JobResult("abstained", "no idea")
        return JobResult("failed-infra", "the disk is gone")

    async def close(self) -> None:
        pass


class Counting(Unwatched):
    """Keeps the totals that were told at each end."""

    def __init__(self) -> None:
        self.counts: list[Mapping[str, int]] = []

    def ended(self, row: TaskRow, totals: Totals) -> None:
        self.counts.append(totals.counts)


async def test_a_failure_of_the_machine_is_tried_again_and_counted_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.batch.scheduler.PAUSE", 0.0)
    shaky, seen, folder = Shaky(2), Counting(), BatchFolder(tmp_path / "out")

    async def sitting(**options: Any) -> int:
        given = Options(**options)
        return (await run_batch([Task("t", "/r")], Settings(), folder, given, watcher=seen, executor=shaky)).exit_code

    assert await sitting(retry_infra=1) == 3
    assert seen.counts == [{"failed-infra": 1}] * 2
    assert await sitting(retry_infra=0) == 0
    assert await sitting(retry_infra=1) == 0
    assert shaky.begun["t"] == 3  # how an agent ended is not tried again
    assert await sitting(redo=("abstained",)) == 0
    assert shaky.begun["t"] == 4
    with BatchReader(folder.root) as batch:
        assert [(row.status, row.attempt) for row in batch.rows()] == [("abstained", 4)]
