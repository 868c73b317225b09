"""Archive strategies in the made-up world: within the budget, deterministic, and without the known bugs."""

from __future__ import annotations

import inspect
import random
from pathlib import Path
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.cli.evolve import command
from agent.evolve.landscape import Landscape, simulate
from agent.evolve.racing import keeps_up, next_evaluation, rungs
from agent.evolve.run import STRATEGY
from agent.evolve.strategy import Evaluate, Expand, Member, View, belief, beliefs, clades, create, names
from tools.errors import InputError

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", names())
def test_the_budget_is_spent_and_never_exceeded_and_a_seed_repeats_itself(name: str) -> None:
    first = simulate(create(name), 3, evaluations=120, tasks=20)
    assert first == simulate(create(name), 3, evaluations=120, tasks=20)
    assert 100 <= first.evaluations <= 120
    assert first.designs > 0
    assert 0.0 <= first.truth <= first.best <= 1.0


def test_all_that_were_asked_for_are_there() -> None:
    wanted = {"adas", "adas_all", "aflow", "cycle_qd", "dgm", "hgm", "hyperagents", "map_elites", "random", "shinka"}
    assert set(names()) == wanted
    with pytest.raises(InputError, match="no strategy"):
        create("best")


def test_a_strategy_may_come_from_a_file(tmp_path: Path) -> None:
    greedy = simulate(create(str(ROOT / "examples" / "strategy.py")), 3, evaluations=120, tasks=20)
    assert greedy.designs > 0
    assert greedy == simulate(create(str(ROOT / "examples" / "strategy.py")), 3, evaluations=120, tasks=20)
    empty = tmp_path / "empty.py"
    empty.touch()
    with pytest.raises(InputError, match="defines no `strategy`"):
        create(str(empty))


def test_the_default_is_the_best_at_equal_evaluations() -> None:
    """The measurement of docs/evolution.md on some of its seeds."""
    truth = {
        name: mean(simulate(create(name), seed, evaluations=800, tasks=60).truth for seed in range(3))
        for name in names()
    }
    assert max(truth, key=lambda name: truth[name]) == STRATEGY
    told = inspect.signature(command).parameters["strategy"].default
    assert told == STRATEGY


@st.composite
def views(draw: st.DrawFn) -> View:
    tasks = tuple(f"t{number}" for number in range(draw(st.integers(1, 6))))
    members: list[Member] = []
    for number in range(draw(st.integers(1, 6))):
        parents = (draw(st.sampled_from(members)).id,) if number and draw(st.booleans()) else ()
        met = draw(st.sets(st.sampled_from(tasks)))
        scores = {task: float(draw(st.booleans())) for task in sorted(met)}
        pending = draw(st.sets(st.sampled_from(tasks))) - met
        members.append(Member(f"d{number}", number, parents, scores, frozenset(pending)))
    return View(members, tasks, evaluations=draw(st.integers(0, 40)), designs=draw(st.integers(0, 10)))


@given(views(), st.sampled_from(names()), st.integers(0, 5))
@settings(max_examples=150)
def test_what_is_decided_can_be_done(view: View, name: str, seed: int) -> None:
    decision = create(name).ask(view, random.Random(seed))
    known = {member.id: member for member in view.members}
    if isinstance(decision, Evaluate):
        member = known[decision.design]
        assert decision.task in view.tasks
        assert decision.task not in member.scores
        assert decision.task not in member.pending
        assert view.may_evaluate
    elif isinstance(decision, Expand):
        assert set(decision.parents) <= set(known)
        assert decision.parents
        assert view.may_expand


def test_reading_a_clade_changes_nothing() -> None:
    members = [Member("a", 0), Member("b", 1, ("a",)), Member("c", 2, ("b",)), Member("d", 3, ("a",))]
    view = View(members, ("t",))
    for _ in range(3):
        found = {member.id: sorted(each.id for each in clade) for member, clade in clades(view)}
        assert found == {"a": ["a", "b", "c", "d"], "b": ["b", "c"], "c": ["c"], "d": ["d"]}


def test_scores_are_compared_on_common_tasks_only() -> None:
    best = Member("best", 0, scores={f"t{number}": float(number >= 2) for number in range(10)})
    lucky = Member("lucky", 1, scores={"t8": 1.0, "t9": 1.0})
    view = View([best, lucky], tuple(best.scores))
    assert lucky.mean > best.mean
    assert view.estimates["lucky"] == pytest.approx(best.mean)
    assert view.best is best
    assert beliefs(view.members)["best"] > beliefs(view.members)["lucky"]


def test_who_met_the_easy_tasks_only_is_not_the_best_for_it() -> None:
    """A race that begins with easy tasks: the same design, and one that is better on the tasks that both met."""
    steady = Member("steady", 0, scores={f"t{number}": float(number < 4) for number in range(12)})
    same = Member("same", 1, scores={f"t{number}": 1.0 for number in range(3)})
    better = Member("better", 2, scores={f"t{number}": float(number < 10) for number in range(12)})
    assert belief(3, 3) > belief(4, 12)
    assert View([steady, same], tuple(steady.scores)).best is steady
    assert View([steady, same, better], tuple(steady.scores)).best is better


def test_a_race_drops_who_falls_behind() -> None:
    tasks = tuple(f"t{number}" for number in range(20))
    best = Member("best", 0, scores=dict.fromkeys(tasks, 1.0))
    behind = Member("behind", 1, scores=dict.fromkeys(tasks[:4], 0.0))
    fresh = Member("fresh", 2)
    view = View([best, behind, fresh], tasks, evaluations=99)
    assert rungs(20) == (4, 8, 16, 20)
    assert not keeps_up(behind, view)
    assert next_evaluation(view) == Evaluate("fresh", "t0")
    assert next_evaluation(View([best, behind], tasks, evaluations=99)) is None


def test_the_truth_of_the_world_is_what_its_outcomes_tend_to() -> None:
    world = Landscape(1, tasks=400)
    genome = world.start(0)
    share = sum(world.outcome(genome, task, "x") for task in world.tasks) / 400
    assert share == pytest.approx(world.success(genome), abs=0.08)
    assert world.success(None) == 0.0
