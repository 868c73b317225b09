"""Whether probabilities mean what they say: Brier score, reliability, expected calibration error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


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
