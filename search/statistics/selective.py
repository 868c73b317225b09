"""Answering only when sure: risk against coverage, the area under that curve, and the rule for abstaining."""

from __future__ import annotations

import math
from collections.abc import Sequence


def risk_coverage(confidence: Sequence[float], correct: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """(coverage, risk) after answering 1, 2, ... tasks, the most confident first.

    `correct` may be a chance in [0, 1] where a choice was random. Tasks of equal confidence cannot be told apart, so
    each counts as their mean: the curve does not depend on the order of the input.
    """
    total = len(confidence)
    right: dict[float, list[float]] = {}
    for c, y in zip(confidence, correct, strict=True):
        right.setdefault(c, []).append(float(y))
    points: list[tuple[float, float]] = []
    answered, wrong = 0, 0.0
    for level in sorted(right, reverse=True):
        error = 1.0 - math.fsum(right[level]) / len(right[level])
        for _ in right[level]:
            answered += 1
            wrong += error
            points.append((answered / total, wrong / answered))
    return tuple(points)


def aurc(confidence: Sequence[float], correct: Sequence[float]) -> float:
    """The area under the risk-coverage curve (Geifman and El-Yaniv, 2017): the mean risk over all coverages."""
    points = risk_coverage(confidence, correct)
    return math.fsum(risk for _, risk in points) / len(points)


def selective_accuracy(confidence: Sequence[float], correct: Sequence[float], share: float) -> float:
    """The share of right answers among the most confident `share` of the tasks (at least one task)."""
    points = risk_coverage(confidence, correct)
    answered = max(1, round(share * len(points)))
    return 1.0 - points[answered - 1][1]


def threshold(wrong_cost: float) -> float:
    """Answer when P(correct) is at least this: `c / (1 + c)`.

    A right answer is worth 1, a wrong one costs `wrong_cost`, none is worth 0; p - c (1 - p) > 0 iff p > c / (1 + c).
    """
    if wrong_cost < 0:
        raise ValueError("a cost is not negative")
    return 1.0 if math.isinf(wrong_cost) else wrong_cost / (1.0 + wrong_cost)
