"""Whether probabilities mean what they say: Brier score, reliability, expected calibration error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Bin:
    """One bar of a reliability diagram: predictions in [low, high), the last bin closed.

    Attributes:
        low: smallest probability of the bin.
        high: largest.
        count: predictions in it.
        predicted: their mean probability.
        observed: the share of them that came true.
    """

    low: float
    high: float
    count: int
    predicted: float
    observed: float


def brier(probabilities: Sequence[float], outcomes: Sequence[bool]) -> float:
    """The mean squared distance of probability and outcome (Brier, 1950); 0 is perfect."""
    pairs = list(zip(probabilities, outcomes, strict=True))
    return sum((p - o) ** 2 for p, o in pairs) / len(pairs)


def reliability(probabilities: Sequence[float], outcomes: Sequence[bool], *, bins: int = 10) -> tuple[Bin, ...]:
    """The bins of equal width that hold a prediction, from low to high."""
    held: dict[int, list[tuple[float, bool]]] = {}
    for p, o in zip(probabilities, outcomes, strict=True):
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"{p} is no probability")
        held.setdefault(min(bins - 1, int(p * bins)), []).append((p, o))
    return tuple(
        Bin(
            low=place / bins,
            high=(place + 1) / bins,
            count=len(pairs),
            predicted=sum(p for p, _ in pairs) / len(pairs),
            observed=sum(o for _, o in pairs) / len(pairs),
        )
        for place, pairs in sorted(held.items())
    )


def expected_calibration_error(probabilities: Sequence[float], outcomes: Sequence[bool], *, bins: int = 10) -> float:
    """The mean distance of predicted and observed over bins of equal width, weighted by their counts.

    Finite bins are noisy: perfectly calibrated predictions still score about `sqrt(bins / n) / 2` in the middle range.
    """
    rows = reliability(probabilities, outcomes, bins=bins)
    total = sum(row.count for row in rows)
    return sum(row.count * abs(row.predicted - row.observed) for row in rows) / total


def error_of_perfect(
    probabilities: Sequence[float], *, bins: int = 10, resamples: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """What calibration error these probabilities would show if they were exactly true: its mean, its 95 % quantile.

    With n predictions in b bins even perfect ones show an error of the order `sqrt(b / n) / 3`. An observed error below
    the quantile is no evidence against the probabilities.
    """
    p = np.asarray(probabilities, dtype=np.float64)
    place = np.minimum(bins - 1, (p * bins).astype(np.int64))
    rng = np.random.default_rng(seed)
    errors = []
    for _ in range(resamples):
        gap = np.bincount(place, (rng.random(len(p)) < p) - p, minlength=bins)
        errors.append(float(np.abs(gap).sum()) / len(p))
    return float(np.mean(errors)), float(np.quantile(errors, 0.95))


def error_of_equal_masses(probabilities: Sequence[float], outcomes: Sequence[bool], *, bins: int = 10) -> float:
    """The calibration error over bins that hold equally many predictions each (Nguyen and O'Connor, 2015)."""
    order = sorted(range(len(probabilities)), key=lambda place: probabilities[place])
    total = 0.0
    for part in np.array_split(np.array(order, dtype=np.int64), min(bins, len(order))):
        total += abs(sum(probabilities[place] - float(outcomes[place]) for place in part))
    return total / len(order)
