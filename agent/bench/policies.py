"""The benchmark of policies: equal spend, common samples, solved against spend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from agent.bench.contest import Contestant, Found, compete, contestants, matrix_of, own_answer, told_apart
from agent.bench.selection import choose
from agent.bench.world import SimulatedTask, World
from environments.pools import read_gold
from search.selection.agreement import RULES, shares, square_root
from search.selection.matrix import Matrix
from search.selection.patches import load_patches, patch_evidence
from search.statistics.intervals import paired_bootstrap
from search.statistics.significance import holm, sign_test

Floats = npt.NDArray[np.float64]
BASELINE = "repeated, square root"
TOLD_APART = "posterior, told apart"
"""The posterior, after distinguishing tests were written for close finalists: `ROUNDS` calls fewer for the search."""
ROUNDS = 2
WITH_TESTS = ("repeated", "beam", "codetree")
POINTS = 8
POOL_POINTS = (5, 10, 20, 50, 100)


@dataclass(frozen=True)
class Plan:
    """How the benchmark is run.

    Attributes:
        world: of the tasks.
        tasks: per seed.
        seeds: independent sets of tasks, each with a seed of the policies.
        calls: model calls a task may take.
        workers: expansions under way at a time.
        names: contestants; all when empty.
    """

    world: World
    tasks: int = 40
    seeds: int = 20
    calls: int = 40
    workers: int = 1
    names: tuple[str, ...] = ()


def run(plan: Plan) -> dict[str, Any]:
    """Let every contestant solve the same tasks, and compare each with repeated sampling and square-root agreement."""
    chosen = {name: c for name, c in contestants().items() if not plan.names or name in plan.names}
    chosen = {"repeated": contestants()["repeated"], **chosen}
    grid = [round(plan.calls * (point + 1) / POINTS) for point in range(POINTS)]
    curves: dict[str, Floats] = {}
    coverage: dict[str, float] = {}
    seconds: dict[str, float] = {}
    for name, contestant in chosen.items():
        rows = {rule: np.zeros((plan.seeds, plan.tasks, POINTS)) for rule in _rules(name, contestant)}
        covered, took = [], []
        for seed, number, task in _tasks(plan):
            found = compete(task, contestant, calls=plan.calls, workers=plan.workers, seed=seed)
            for rule, table in rows.items():
                table[seed, number] = _solved(task, found, contestant, rule, grid)
            covered.append(any(each.sample.correct for each in found))
            took.append(max((each.seconds for each in found), default=0.0))
        for rule, table in rows.items():
            label = f"{name}, {rule}"
            curves[label], coverage[label], seconds[label] = table, float(np.mean(covered)), float(np.mean(took))
    return {
        "plan": {**asdict(plan), "names": list(chosen), "grid": grid},
        "baseline": BASELINE,
        "results": _compared(curves, coverage, seconds),
    }


def worker_loss(plan: Plan, workers: int) -> dict[str, Any]:
    """What `workers` workers lose of the area of one worker, with the same spend; and how much sooner they are done."""
    one = run(Plan(plan.world, plan.tasks, plan.seeds, plan.calls, 1, plan.names))["results"]
    many = run(Plan(plan.world, plan.tasks, plan.seeds, plan.calls, workers, plan.names))["results"]
    return {
        "workers": workers,
        "results": {
            name: {
                "area_one": one[name]["area"],
                "area_many": many[name]["area"],
                "loss": 1.0 - many[name]["area"] / one[name]["area"] if one[name]["area"] else 0.0,
                "speedup": one[name]["seconds"] / many[name]["seconds"] if many[name]["seconds"] else 0.0,
            }
            for name in one
        },
    }


def replay(pool: Path, *, repeats: int = 5, points: Sequence[int] = POOL_POINTS) -> dict[str, Any]:
    """Repeated sampling from a recorded pool under every selection rule, against the samples spent.

    Only policies that never repair can be replayed: a repair's prompt depends on what was drawn, and was not recorded.
    """
    gold = None
    curves: dict[str, list[Floats]] = {}
    for size in points:
        choices = choose(pool, draws=size, repeats=repeats)
        gold = gold or read_gold(pool)
        by_rule: dict[str, list[float]] = {name: [] for name in ("posterior", *RULES, "oracle")}
        for choice in choices:
            right = gold[choice.task]
            by_rule["posterior"].append(float(right[choice.decision.index]))
            by_rule["oracle"].append(float(any(right[index] for index in choice.drawn)))
            for name, chances in choice.rules.items():
                by_rule[name].append(sum(p for index, p in chances.items() if right[index]))
        for name, values in by_rule.items():
            curves.setdefault(name, []).append(np.array(values).reshape(-1, repeats).mean(axis=1))
    tables = {f"repeated, {name.replace('_', ' ')}": np.stack(rows, axis=1)[None] for name, rows in curves.items()}
    nothing = dict.fromkeys(tables, 0.0)
    covered = dict.fromkeys(tables, float(tables["repeated, oracle"][0, :, -1].mean()))
    return {
        "plan": {"pool": pool.name, "repeats": repeats, "grid": list(points)},
        "baseline": BASELINE,
        "results": _compared(tables, covered, nothing),
    }


def _tasks(plan: Plan) -> Iterator[tuple[int, int, SimulatedTask]]:
    for seed in range(plan.seeds):
        for number in range(plan.tasks):
            yield seed, number, SimulatedTask(plan.world, f"bench/{seed}/{number}")


def _rules(name: str, contestant: Contestant) -> tuple[str, ...]:
    if contestant.own:
        return ("its own answer",)
    rules = ("posterior", TOLD_APART) if name in WITH_TESTS else ("posterior",)
    return ("square root", *rules) if name == "repeated" else rules


def _solved(
    task: SimulatedTask, found: Sequence[Found], contestant: Contestant, rule: str, grid: Sequence[int]
) -> Floats:
    """Per point of the grid, the chance that the answer from what was there by then is right."""
    solved = np.zeros(len(grid))
    seen = -1
    for point, calls in enumerate(grid):
        there = [each for each in found if each.calls <= calls - (ROUNDS if rule == TOLD_APART else 0)]
        if len(there) == seen:
            solved[point] = solved[point - 1]
            continue
        seen = len(there)
        if there:
            right = np.array([each.sample.correct for each in there], dtype=np.float64)
            solved[point] = float(_answer(task, there, contestant, rule) @ right)
    return solved


def _answer(task: SimulatedTask, there: Sequence[Found], contestant: Contestant, rule: str) -> Floats:
    """Per candidate the chance that it is the answer."""
    if rule == "its own answer":
        place = own_answer(there, contestant)
        return np.array([float(place == row) for row in range(len(there))])
    samples = [each.sample for each in there]
    apart = (
        told_apart(task, samples, critic=contestant.critic, rounds=ROUNDS, logits=_logits) if rule == TOLD_APART else ()
    )
    matrix = matrix_of(samples, critic=contestant.critic, apart=apart)
    if rule == "square root":
        return shares(matrix, square_root(_generated(matrix)))
    return shares(matrix, load_patches().chances(patch_evidence(matrix, {})))


def _logits(matrix: Matrix) -> Floats:
    chances = np.clip(load_patches().chances(patch_evidence(matrix, {})), 1e-9, 1 - 1e-9)
    return np.asarray(np.log(chances / (1 - chances)), dtype=np.float64)


def _generated(matrix: Matrix) -> Matrix:
    places = [place for place, test in enumerate(matrix.tests) if test.origin == "generated"]
    return Matrix(matrix.candidates, tuple(matrix.tests[place] for place in places), matrix.passed[:, places])


def _compared(
    curves: Mapping[str, Floats], coverage: Mapping[str, float], seconds: Mapping[str, float]
) -> dict[str, dict[str, Any]]:
    """Per contestant its curve and area, and the paired difference of areas with the baseline.

    With several seeds a seed is the unit, else a task.
    """
    units = {name: _units(table.mean(axis=2)) for name, table in curves.items()}
    base = units[BASELINE]
    found: dict[str, dict[str, Any]] = {}
    for name, table in curves.items():
        gap = paired_bootstrap(units[name], base, resamples=4000)
        found[name] = {
            "curve": table.mean(axis=(0, 1)).round(4).tolist(),
            "area": float(table.mean()),
            "selected_accuracy": float(table[:, :, -1].mean()),
            "coverage": coverage[name],
            "seconds": seconds[name],
            "difference": [gap.difference, gap.interval.low, gap.interval.high],
            "p": sign_test(list(units[name] - base)),
        }
    for name, p in zip(found, holm([row["p"] for row in found.values()]), strict=True):
        found[name]["p_holm"] = p
    return dict(sorted(found.items(), key=lambda item: -item[1]["area"]))


def _units(table: Floats) -> Floats:
    return np.asarray(table.mean(axis=1) if len(table) > 1 else table[0], dtype=np.float64)
