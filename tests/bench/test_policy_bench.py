"""The simulator and the benchmark of policies."""

import asyncio
import json
from dataclasses import replace

import pytest
from test_selection_bench import pool
from typer.testing import CliRunner

from agent.bench.clock import simulate
from agent.bench.contest import Contestant, compete, contestants, matrix_of
from agent.bench.policies import BASELINE, Plan, replay, run, worker_loss
from agent.bench.world import SimulatedTask, World
from agent.cli.bench import app
from tools.errors import InputError

WORLD = World()


def tasks(world=WORLD, count=40):
    return [SimulatedTask(world, f"test/{number}") for number in range(count)]


def test_a_sleep_takes_no_time_and_wakes_in_order() -> None:
    async def work():
        woken = []

        async def sleeper(seconds):
            await asyncio.sleep(seconds)
            woken.append((seconds, asyncio.get_running_loop().time()))

        await asyncio.gather(*(sleeper(seconds) for seconds in (3600.0, 1.0, 60.0)))
        return woken

    assert simulate(work()) == [(s, pytest.approx(s)) for s in (1.0, 60.0, 3600.0)]


def test_the_same_place_gives_every_policy_the_same_sample() -> None:
    one, other = tasks()[0], tasks()[0]
    assert one.draw("a", 2) == other.draw("a", 2)
    assert one.repair("b", one.draw("a", 2)) == other.repair("b", other.draw("a", 2))
    assert len({one.draw(str(place)).behaviour for place in range(30)}) > 1


def test_what_behaves_alike_passes_the_same_tests() -> None:
    for task in tasks(count=10):
        rows = {}
        for place in range(60):
            sample = task.draw(str(place))
            rows.setdefault(sample.behaviour, set()).add((sample.passed, sample.holds, sample.given))
            assert sample.correct == (sample.behaviour == "right")
        assert all(len(found) == 1 for found in rows.values())


def test_misplaced_strategies_are_never_right_and_repair_can_reach_what_sampling_cannot() -> None:
    for task in tasks(replace(WORLD, placed=0.5), 10):
        for strategy, chance in enumerate(task.chances):
            drawn = [task.draw(f"{strategy}/{n}", strategy) for n in range(20)]
            repaired = drawn
            for step in range(6):
                repaired = [task.repair(f"{strategy}/{n}/{step}", each) for n, each in enumerate(repaired)]
            if chance == 0.0:
                assert not any(each.correct for each in (*drawn, *repaired))


def test_correlated_errors_let_wrong_candidates_pass_everything() -> None:
    def fooled(rho):
        wrong = [task.draw(str(n)) for task in tasks(replace(WORLD, rho=rho, tests=8), 60) for n in range(8)]
        wrong = [each for each in wrong if not each.correct]
        return sum(all(each.passed) for each in wrong) / len(wrong)

    assert fooled(0.0) < 0.02
    assert fooled(0.6) > 0.2


def test_every_contestant_keeps_to_its_calls_and_repeats_itself() -> None:
    for contestant in contestants().values():
        found = compete(tasks()[1], contestant, calls=16, workers=1, seed=3)
        again = compete(tasks()[1], contestant, calls=16, workers=1, seed=3)
        assert [(each.sample, each.calls, each.seconds) for each in found] == [
            (each.sample, each.calls, each.seconds) for each in again
        ]
        assert all(0 < each.calls <= 16 for each in found)


def test_eight_workers_are_done_much_sooner() -> None:
    slow, fast = (compete(tasks()[2], Contestant("uct"), calls=40, workers=k, seed=0)[-1].seconds for k in (1, 8))
    assert fast < slow / 3


def test_selection_never_sees_whether_a_sample_is_right() -> None:
    samples = [tasks()[3].draw(str(n)) for n in range(6)]
    lied = [replace(each, defects=1 - min(each.defects, 1)) for each in samples]
    here, there = (matrix_of(each, critic=True) for each in (samples, lied))
    assert here.candidates == there.candidates
    assert here.tests == there.tests
    assert (here.passed == there.passed).all()


def test_the_benchmark_compares_with_the_baseline_in_pairs() -> None:
    found = run(Plan(WORLD, tasks=6, seeds=3, calls=16, names=("best_first",)))
    assert set(found["results"]) == {
        BASELINE,
        "repeated, posterior",
        "repeated, posterior, told apart",
        "best_first, posterior",
    }
    base = found["results"][BASELINE]
    assert base["difference"] == [0.0, 0.0, 0.0]
    assert len(base["curve"]) == len(found["plan"]["grid"])
    for row in found["results"].values():
        assert row["selected_accuracy"] <= row["coverage"] + 1e-9
        assert row["difference"][0] == pytest.approx(row["area"] - base["area"])
    assert run(Plan(WORLD, tasks=6, seeds=3, calls=16, names=("best_first",))) == found


def test_the_posterior_finds_more_than_agreement_at_equal_spend() -> None:
    found = run(Plan(WORLD, tasks=25, seeds=4, calls=24, names=("best_first",)))
    assert found["results"]["best_first, posterior"]["difference"][1] > 0


def test_tests_that_tell_finalists_apart_are_paid_for_and_side_with_the_right_one() -> None:
    sided, told = 0, 0
    for task in tasks(count=60):
        samples = [task.draw(str(n)) for n in range(12)]
        right = next((each for each in samples if each.correct), None)
        wrong = next((each for each in samples if not each.correct), None)
        if right and wrong and (passes := task.tell_apart(0, right, wrong)):
            assert passes(right) != passes(wrong)
            assert task.tell_apart(0, wrong, right)(right) == passes(right)  # common random numbers
            sided, told = sided + passes(right), told + 1
        assert right is None or task.tell_apart(0, right, right) is None
    assert 0.6 < sided / told < 0.9
    found = run(Plan(WORLD, tasks=4, seeds=2, calls=8, names=("beam",)))["results"]
    assert {"beam, posterior", "beam, posterior, told apart"} <= set(found)


def test_more_workers_lose_little() -> None:
    lost = worker_loss(Plan(WORLD, tasks=25, seeds=3, calls=32, names=("best_first",)), 8)["results"]
    assert lost["best_first, posterior"]["loss"] < 0.1
    assert lost["best_first, posterior"]["speedup"] > 3


def test_a_recorded_pool_is_replayed_for_sampling_only(tmp_path) -> None:
    found = replay(pool(tmp_path), repeats=2, points=(2, 10))
    assert "repeated, posterior" in found["results"]
    assert found["results"]["repeated, oracle"]["selected_accuracy"] == 1.0


def test_the_command_wants_one_source(tmp_path) -> None:
    runner = CliRunner()
    for arguments in ([], ["--simulate", "--pool", str(pool(tmp_path))]):
        assert isinstance(runner.invoke(app, ["policies", *arguments]).exception, InputError)
    small = ["policies", "--simulate", "--tasks", "3", "--seeds", "2", "--calls", "8", "--contestant", "uct"]
    assert "uct, posterior" in json.loads(runner.invoke(app, [*small, "--json"]).stdout)["results"]
    assert "area above" in runner.invoke(app, small).stdout
    assert "faster" in runner.invoke(app, [*small, "--workers", "2"]).stdout
