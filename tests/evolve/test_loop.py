"""The loop: failures stay failures, a resume is no different from an unbroken run, the held-out tasks are met once."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from money_project import COMMAND
from shops import shops
from worlds import DESIGN, World, exams, start

from agent.batch.job import JobResult, failure
from agent.config import Settings
from agent.evolve.reader import EvolutionReader
from agent.outcome import Outcome, Spending
from tools.errors import InputError

ROOT = Path(__file__).parents[2]


def rows(root: Path) -> list[Any]:
    """What the archive says, without times."""
    with EvolutionReader(root) as reader:
        made = [
            (each.id, each.name, each.parents, each.operator, each.standing, each.error) for each in reader.designs()
        ]
        done = sorted((row.design, row.task, row.split, row.score) for row in reader.results())
        return [made, done, reader.end()]


def test_an_evolution_finds_what_is_better_and_says_so_honestly(tmp_path: Path) -> None:
    world = World()
    summary = start(tmp_path / "out", world, designs=12, evaluations=90)
    assert summary.exit_code == 0
    end = summary.end
    assert end is not None
    assert end["champion"]["search"] > end["baseline"]["search"]
    assert end["difference"] == end["champion"]["held_out"] - end["baseline"]["held_out"]
    assert end["tasks"] == 4
    assert end["inflation"] == pytest.approx(end["champion"]["search"] - end["champion"]["held_out"])
    assert end["interval"][0] <= end["difference"] <= end["interval"][1]
    held = [task for _, task in world.jobs if task.startswith("h")]
    assert sorted(held) == sorted(2 * ["h0", "h1", "h2", "h3"])
    assert world.jobs.index(next(job for job in world.jobs if job[1].startswith("h"))) == len(world.jobs) - 8
    assert "held out" in (tmp_path / "out" / "report.md").read_text()


def test_answers_of_earlier_runs_count_as_calls(tmp_path: Path) -> None:
    spending = Spending(calls=1, reused=2)
    outcome = Outcome(status="solved", patch="p", spending=spending).model_dump(mode="json")
    world = World(lambda number: JobResult("solved-candidate", outcome=outcome))
    start(tmp_path / "out", world, designs=1, evaluations=8)
    with EvolutionReader(tmp_path / "out") as reader:
        assert {row.calls for row in reader.results()} == {3}


def test_the_champion_meets_the_best_of_those_given_and_the_first(tmp_path: Path) -> None:
    for name, reach in (("weak", 1), ("strong", 3)):
        (tmp_path / f"{name}.py").write_text(DESIGN.replace("REACH = 2", f"REACH = {reach}"))
    named = tuple(str(tmp_path / f"{name}.py") for name in ("weak", "strong"))
    world = World()
    end = start(tmp_path / "out", world, seeds=named, designs=12, evaluations=90).end
    assert end is not None
    assert (end["baseline"]["name"], end["first"]["baseline"]["name"]) == ("strong", "weak")
    assert end["first"]["champion"] == end["champion"]
    assert end["first"]["difference"] == end["champion"]["held_out"] - end["first"]["baseline"]["held_out"]
    assert len([task for _, task in world.jobs if task.startswith("h")]) == 3 * 4
    report = (tmp_path / "out" / "report.md").read_text()
    assert "begun with weak" in report
    assert "weak, the first that was given" in report


def test_a_failure_is_kept_as_a_failure(tmp_path: Path) -> None:
    start(tmp_path / "out", World(), designs=14, evaluations=90)
    with EvolutionReader(tmp_path / "out") as reader:
        found = reader.scored()
    refused = [each for each in found if each.design.standing == "refused"]
    assert any("there is no eight" in each.design.error for each in refused)
    assert all(each.mean is None for each in refused)
    assert len({each.design.shape for each in found if each.design.standing != "refused"}) == len(
        [each for each in found if each.design.standing != "refused"]
    )


def test_the_same_command_again_says_the_same_and_runs_nothing(tmp_path: Path) -> None:
    first = start(tmp_path / "out", World())
    again = World()
    second = start(tmp_path / "out", again)
    assert second.end == first.end
    assert second.state.line() == first.state.line()
    assert again.jobs == []
    with pytest.raises(InputError, match="held-out tasks are used up"):
        start(tmp_path / "out", again, designs=20)


@pytest.mark.parametrize("parallel", [1, 3])
def test_a_broken_off_evolution_goes_on_as_if_nothing_had_happened(tmp_path: Path, parallel: int) -> None:
    start(tmp_path / "whole", World(), parallel=parallel)
    for stop in (3, 30):

        def cut(number: int, stop: int = stop) -> None:
            if number == stop:
                raise asyncio.CancelledError

        with pytest.raises((asyncio.CancelledError, BaseExceptionGroup)):
            start(tmp_path / f"cut{stop}", World(cut), parallel=parallel)
        world = World()
        start(tmp_path / f"cut{stop}", world, parallel=parallel)
        if parallel == 1:
            assert rows(tmp_path / f"cut{stop}") == rows(tmp_path / "whole")
        with EvolutionReader(tmp_path / f"cut{stop}") as reader:
            assert reader.end() is not None
            done = [(row.design, row.task) for row in reader.results()]
        assert len(done) == len(set(done))


def test_things_are_done_at_a_time_and_the_budget_holds(tmp_path: Path) -> None:
    world = World()
    start(tmp_path / "out", world, parallel=4, evaluations=40)
    assert world.most > 1
    with EvolutionReader(tmp_path / "out") as reader:
        assert len(reader.results("search")) <= 40
        assert len([each for each in reader.designs() if each.standing != "seed"]) <= 8


def test_money_that_is_spent_stops_it_and_more_money_lets_it_go_on(tmp_path: Path) -> None:
    def poor(number: int) -> JobResult | None:
        return JobResult(None, "the budget is used up", "more", exit_code=4) if number == 5 else None

    summary = start(tmp_path / "out", World(poor))
    assert (summary.exit_code, summary.end) == (4, None)
    assert start(tmp_path / "out", World()).exit_code == 0


def test_a_task_that_cannot_be_run_counts_for_nobody(tmp_path: Path) -> None:
    class Broken(World):
        async def run(self, job: Any, progress: Any) -> JobResult:
            if job.task.id in ("t0", "h1"):
                return JobResult("unavailable", "no such repository")
            return await super().run(job, progress)

    summary = start(tmp_path / "out", Broken())
    assert summary.end is not None
    assert summary.end["tasks"] == 3
    assert list(summary.end["unavailable"]) == ["h1"]
    with EvolutionReader(tmp_path / "out") as reader:
        assert "t0" not in {row.task for row in reader.results()}


def test_another_plan_is_refused(tmp_path: Path) -> None:
    start(tmp_path / "out", World(), finale=False)
    with pytest.raises(InputError, match="another strategy"):
        start(tmp_path / "out", World(), strategy="dgm", finale=False)
    with pytest.raises(InputError, match="another held_out"):
        start(tmp_path / "out", World(), of=exams(held_out=3), finale=False)
    with pytest.raises(InputError, match="another settings max_nodes"):
        start(tmp_path / "out", World(), settings=Settings(max_nodes=3), finale=False)
    with pytest.raises(InputError, match="without a sandbox"):
        start(tmp_path / "local", World(), settings=Settings(environment="local"))
    assert start(tmp_path / "out", World(), designs=10, finale=False).exit_code == 0


@pytest.mark.parametrize("strategy", ["adas", "adas_all", "map_elites", "cycle_qd"])
def test_every_kind_of_strategy_runs_to_its_end(tmp_path: Path, strategy: str) -> None:
    assert start(tmp_path / "out", World(), strategy=strategy, designs=4, evaluations=40).end is not None


def test_a_real_evolution_that_is_killed_goes_on_in_the_same_folder(tmp_path: Path) -> None:
    tasks = shops(tmp_path, ("share", "largest", "label"))
    out = tmp_path / "out"
    flags = ["--designs", "2", "--evaluations", "4", "--max-nodes", "3", "--held-out", "0.34", "--json"]
    words = ["evolve", "--dataset", str(tasks), "--out", str(out), *flags]
    command = [*COMMAND, *words]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["event"] == "result":
                break
        time.sleep(0.5)
        os.killpg(process.pid, signal.SIGKILL)
    with sqlite3.connect(out / "archive.db") as database:
        before = database.execute("select design, task, created from results").fetchall()
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout.splitlines()[-1])
    assert summary["end"]["tasks"] == 1
    assert summary["evaluations"] == 4
    with sqlite3.connect(out / "archive.db") as database:
        after = database.execute("select design, task, created from results").fetchall()
    assert before
    assert set(before) <= set(after)
    assert len({row[:2] for row in after}) == len(after) == 6


def test_what_breaks_on_this_side_of_the_sandbox_is_not_the_design_s_failure() -> None:
    assert failure(SystemError("a bug of ours"), sandboxed=True).status == "failed-infra"
    assert failure(SystemError("a bug of theirs")).status == "failed-agent"
