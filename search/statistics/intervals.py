"""Intervals: of a proportion, and of a difference between two systems on the same tasks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """From `low` to `high`, both included."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


def wilson(successes: int, trials: int, *, level: float = 0.95) -> Interval:
    """The score interval of a proportion (Wilson, 1927); [0, 1] when there were no trials."""
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials} is no proportion")
    if not trials:
        return Interval(0.0, 1.0)
    z = NormalDist().inv_cdf(0.5 + level / 2.0)
    share = successes / trials
    scale = 1.0 + z * z / trials
    centre = share + z * z / (2.0 * trials)
    spread = z * math.sqrt(share * (1.0 - share) / trials + z * z / (4.0 * trials * trials))
    low = 0.0 if successes == 0 else (centre - spread) / scale
    return Interval(low, 1.0 if successes == trials else (centre + spread) / scale)


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """By how much `a` is above `b` on the same tasks.

    Attributes:
        difference: of the statistic, a minus b.
        interval: percentile interval of that difference when whole tasks are drawn again.
        tasks: how many there are.
    """

    difference: float
    interval: Interval
    tasks: int

    @property
    def significant(self) -> bool:
        """The interval excludes zero."""
        return 0.0 not in self.interval


def paired_bootstrap(
    a: Sequence[float] | Floats,
    b: Sequence[float] | Floats,
    *,
    statistic: Callable[[Floats], float] | None = None,
    level: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
) -> PairedDifference:
    """Bootstrap of the difference with the task as unit: both systems keep their results of a task together.

    Args:
        a: one row per task; a number, or a row of what `statistic` needs.
        b: the same tasks in the same order.
        statistic: of the rows of one system; the mean when not given (then several runs of a task are averaged first,
            for repeats of a task are not independent).
        level: of the interval.
        resamples: bootstrap samples.
        seed: of the resampling.
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if first.shape != second.shape or not len(first):
        raise ValueError("a paired comparison needs the same tasks on both sides, and at least one")
    rng = np.random.default_rng(seed)
    count = len(first)
    if statistic is None:
        gaps = (first - second).reshape(count, -1).mean(axis=1)
        observed = float(gaps.mean())
        drawn = gaps[rng.integers(0, count, (resamples, count))].mean(axis=1)
    else:
        observed = statistic(first) - statistic(second)
        picks = (rng.integers(0, count, count) for _ in range(resamples))
        drawn = np.array([statistic(first[pick]) - statistic(second[pick]) for pick in picks])
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(drawn, [tail, 1.0 - tail])
    return PairedDifference(observed, Interval(float(low), float(high)), count)
