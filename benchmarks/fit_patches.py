"""Fits the posterior for patches on simulated tasks, and writes search/selection/patches.json.

The worlds differ in difficulty, correlation of test errors, quality of tests, critic and given tests, so that what is
fitted holds on average over what a repository may be like. The benchmark of policies draws other tasks.

Run: python benchmarks/fit_patches.py
"""

from __future__ import annotations

import json
import random
from pathlib import Path

from agent.bench.contest import Contestant, compete, matrix_of, told_apart
from agent.bench.world import SimulatedTask, World
from search.selection.matrix import Floats, Matrix
from search.selection.patches import patch_evidence
from search.selection.posterior import Example, fit
from search.statistics.calibration import brier, expected_calibration_error

TASKS = 2400
POLICIES = ("repeated", "uct", "best_first", "ab_mcts", "depth_first", "pg_td", "beam", "codetree")


def world(rng: random.Random) -> World:
    return World(
        mean=rng.choice((0.15, 0.3, 0.5)),
        rho=rng.choice((0.0, 0.3, 0.6)),
        wrong=rng.choice((0.05, 0.3, 0.4, 0.65)),
        right=rng.choice((0.8, 0.875, 0.95)),
        tests=rng.choice((0, 1, 2, 4, 8)),
        given=rng.choice((0.0, 1.0)),
        critic=rng.choice((0.0, 0.8, 1.6)),
        insight=rng.choice((0.6, 0.75, 0.9)),
    )


def plain_sum(matrix: Matrix) -> Floats:
    """What stands for log odds before there is a fit."""
    evidence = patch_evidence(matrix, {})
    ratios = evidence["regression"] + evidence["given"] + evidence["written"] + evidence["distinguishing"]
    return ratios + 0.5 * evidence["agreement"]


def examples(prefix: str, count: int) -> list[Example]:
    found = []
    for number in range(count):
        rng = random.Random(f"{prefix}/{number}")
        critic = rng.random() < 0.5
        name = rng.choice(POLICIES)
        contestant = Contestant(name, strategies=name != "repeated", critic=critic)
        task = SimulatedTask(world(rng), f"{prefix}/{number}")
        grown = compete(task, contestant, calls=rng.choice((2, 4, 8, 16, 32)), workers=1, seed=0)
        samples = [each.sample for each in grown][: rng.randint(1, 32)]
        rounds = rng.choice((0, 1, 2, 2))
        if samples:
            apart = told_apart(task, samples, critic=critic, rounds=rounds, logits=plain_sum)
            matrix = matrix_of(samples, critic=critic, apart=apart)
            found.append(Example(task.name, matrix, {}, [each.correct for each in samples]))
    return found


def main() -> None:
    posterior = fit(examples("fit", TASKS), penalties=(1.0,), columns=patch_evidence)
    rounded = json.loads(json.dumps(posterior.to_dict()), parse_float=lambda text: float(f"{float(text):.6g}"))
    target = Path(__file__).parent.parent / "search" / "selection" / "patches.json"
    target.write_text(json.dumps(rounded, indent=1, sort_keys=True) + "\n")
    chances: list[float] = []
    right: list[bool] = []
    for example in examples("check", 600):
        found = posterior.chances(patch_evidence(example.matrix, {}))
        best = int(found.argmax())
        chances.append(posterior.of_choice(float(found[best])))
        right.append(bool(example.correct[best]))
    print(json.dumps({name: round(weight, 3) for name, weight in posterior.weights.items()}, indent=1))
    print(f"bias {posterior.bias:.3f}, of the choice: {posterior.offset:.3f} + {posterior.slope:.3f} logit")
    print(
        f"{len(right)} fresh tasks: {100 * sum(right) / len(right):.1f} % right, mean probability "
        f"{sum(chances) / len(chances):.3f}, Brier {brier(chances, right):.3f}, "
        f"ECE {expected_calibration_error(chances, right):.3f}"
    )


if __name__ == "__main__":
    main()
