"""The selection benchmark: choose on a recorded pool, then open the gold part and count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from agent.bench.replay import read_task
from environments.pools import read_gold, read_pool
from search.selection.agreement import RULES, shares
from search.selection.calibrated import load
from search.selection.choice import Decision, decide
from search.statistics.calibration import (
    brier,
    error_of_equal_masses,
    error_of_perfect,
    expected_calibration_error,
    reliability,
)
from search.statistics.intervals import paired_bootstrap, wilson
from search.statistics.selective import aurc, selective_accuracy


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen for one task in one repeat, by the posterior and by the published rules.

    Attributes:
        decision: of the posterior.
        rules: per rule, the chance of each solution (by index) to be returned.
        share: the best behaviour's share of all square-root agreement, that rule's own confidence.
        drawn: the solutions there were to choose from.
    """

    task: str
    repeat: int
    decision: Decision
    rules: Mapping[str, Mapping[int, float]]
    share: float
    drawn: tuple[int, ...]


def choose(pool: Path, *, draws: int | None = None, repeats: int = 1, wrong_cost: float = 0.0) -> list[Choice]:
    """Make every choice; the gold part is not looked at."""
    choices = []
    for task in map(read_task, read_pool(pool)):
        posterior = load(task.task)
        for repeat in range(repeats):
            matrix = task.sample(draws, repeat)
            indices = tuple(candidate.index for candidate in matrix.candidates)
            scores = {name: rule(matrix) for name, rule in RULES.items()}
            first = np.unique(matrix.behaviour, return_index=True)[1]
            agreement = scores["square_root"]
            total = float(agreement[first].sum())
            rules = {
                name: dict(zip(indices, map(float, shares(matrix, score)), strict=True))
                for name, score in scores.items()
            }
            decision = decide(matrix, task.context, posterior, wrong_cost=wrong_cost)
            share = float(agreement.max()) / total if total else 0.0
            choices.append(Choice(task.task, repeat, decision, rules, share, indices))
    return choices


def score(choices: Sequence[Choice], gold: Mapping[str, Sequence[bool]], *, seed: int = 0) -> dict[str, Any]:
    """The summary metrics of choices that have been made."""
    right = [bool(gold[choice.task][choice.decision.index]) for choice in choices]
    chances = [choice.decision.probability for choice in choices]
    continuous = [choice.decision.continuous for choice in choices]
    confidence = [choice.share for choice in choices]
    by_rule = {
        name: [sum(p for index, p in choice.rules[name].items() if gold[choice.task][index]) for choice in choices]
        for name in RULES
    }
    agreement = by_rule["square_root"]
    answered = [ok for choice, ok in zip(choices, right, strict=True) if choice.decision.answered]
    interval = wilson(sum(right), len(right))
    table, other = _by_task(choices, chances, right), _by_task(choices, confidence, agreement)
    area = paired_bootstrap(table, other, statistic=_area, resamples=2000, seed=seed)
    gain = paired_bootstrap(table[:, :, 1], other[:, :, 1], resamples=10_000, seed=seed)
    return {
        "choices": len(choices),
        "selected_accuracy": sum(right) / len(right),
        "selected_accuracy_wilson": [interval.low, interval.high],
        "answered": len(answered) / len(right),
        "answered_accuracy": sum(answered) / len(answered) if answered else None,
        "rules": {name: sum(values) / len(values) for name, values in by_rule.items()},
        "oracle": sum(any(gold[c.task][i] for i in c.drawn) for c in choices) / len(choices),
        "most_confident_quarter": selective_accuracy(chances, right, 0.25),
        "most_confident_quarter_square_root": selective_accuracy(confidence, agreement, 0.25),
        "most_confident_half": selective_accuracy(chances, right, 0.5),
        "ece": expected_calibration_error(chances, right),
        "ece_equal_masses": error_of_equal_masses(chances, right),
        "ece_fifteen_bins": expected_calibration_error(chances, right, bins=15),
        "ece_of_perfect": list(error_of_perfect(chances)),
        "ece_five_bins": expected_calibration_error(chances, right, bins=5),
        "brier": brier(chances, right),
        "ece_continuous": expected_calibration_error(continuous, right),
        "brier_continuous": brier(continuous, right),
        "mean_probability": sum(chances) / len(chances),
        "aurc": aurc(chances, right),
        "aurc_square_root": aurc(confidence, agreement),
        "aurc_difference": [area.difference, area.interval.low, area.interval.high],
        "accuracy_gain": [gain.difference, gain.interval.low, gain.interval.high],
        "reliability": [
            [bin.low, bin.high, bin.count, bin.predicted, bin.observed] for bin in reliability(chances, right)
        ],
    }


def benchmark(pool: Path, *, draws: int | None = None, repeats: int = 1, wrong_cost: float = 0.0) -> dict[str, Any]:
    """Choose, then score: per task and repeat the chosen solution (None: abstained), and the metrics.

    Raises:
        InputError: the pool cannot be read.
    """
    choices = choose(pool, draws=draws, repeats=repeats, wrong_cost=wrong_cost)
    rows = [
        {
            "task": choice.task,
            "repeat": choice.repeat,
            "chosen": choice.decision.index if choice.decision.answered else None,
            "best": choice.decision.index,
            "probability": choice.decision.probability,
            "continuous": choice.decision.continuous,
        }
        for choice in choices
    ]
    return {
        "pool": pool.name,
        "draws": draws,
        "repeats": repeats,
        "wrong_cost": wrong_cost,
        "tasks": rows,
        "metrics": score(choices, read_gold(pool)),
    }


def _by_task(choices: Sequence[Choice], confidence: Sequence[float], right: Sequence[float]) -> np.ndarray:
    """Tasks x repeats x (confidence, right)."""
    rows: dict[str, list[tuple[float, float]]] = {}
    for choice, sure, ok in zip(choices, confidence, right, strict=True):
        rows.setdefault(choice.task, []).append((sure, float(ok)))
    return np.array(list(rows.values()), dtype=np.float64)


def _area(rows: np.ndarray) -> float:
    """The mean AURC over repeats."""
    return float(np.mean([aurc(rows[:, k, 0].tolist(), rows[:, k, 1].tolist()) for k in range(rows.shape[1])]))
