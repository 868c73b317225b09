"""What more samples buy: how often a right one is among them, and how often the one that is chosen is right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search.statistics.coverage import CoverageFit, fit_table, pass_at_k
from search.statistics.intervals import Interval

RESAMPLES = 1000
STEPS = (1, 2, 3, 5, 7)


@dataclass(frozen=True)
class Samples:
    """The samples of one task, in the order in which they were made; three sequences of one length.

    Attributes:
        right: whether each is right.
        score: by which one is chosen; the first of the highest.
        usd: US dollars of each.
    """

    right: tuple[bool, ...]
    score: tuple[float, ...]
    usd: tuple[float, ...]


@dataclass(frozen=True)
class ScalingPoint:
    """What k samples a task are worth.

    Attributes:
        k: samples of each task, at most.
        usd: US dollars of a task, in the mean.
        coverage: share of tasks with a right one among them.
        selected: share of tasks whose chosen one is right.
        coverage_band, selected_band: 95 % intervals, by a bootstrap over tasks.
    """

    k: int
    usd: float
    coverage: float
    coverage_band: Interval
    selected: float
    selected_band: Interval


@dataclass(frozen=True)
class Scaling:
    """The curve, and its fit (Brown et al., 2024) where there is one.

    Attributes:
        points: by k.
        fit: of the coverage; None when fewer than two points lie strictly between 0 and 1.
    """

    points: tuple[ScalingPoint, ...]
    fit: CoverageFit | None


def scaling(tasks: Sequence[Samples], *, exchangeable: bool, seed: int = 0) -> Scaling:
    """The curve over tasks.

    Args:
        tasks: at least one; with `exchangeable`, all with the same number of samples.
        exchangeable: the samples of a task are independent, so that every choice of k of them counts (pass@k without
            bias); else the first k count, as a search that stopped there would have had them, and a task with fewer
            has what it has.
        seed: of the resampling.

    Raises:
        ValueError: no tasks, no samples, or different numbers of exchangeable ones.
    """
    counts = {len(task.right) for task in tasks}
    most = max(counts, default=0)
    if not most or (exchangeable and len(counts) > 1):
        raise ValueError("a curve needs tasks with samples, and equally many where they are exchangeable")
    ks = _steps(most)
    of = _of_all if exchangeable else _of_first
    table = np.array([[of(task, k) for k in ks] for task in tasks])  # task, k, (coverage, selected, usd)
    rng = np.random.default_rng(seed)
    drawn = table[rng.integers(0, len(tasks), (RESAMPLES, len(tasks)))].mean(axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    means = table.mean(axis=0)
    points = tuple(
        ScalingPoint(
            k,
            float(means[i, 2]),
            float(means[i, 0]),
            Interval(float(low[i, 0]), float(high[i, 0])),
            float(means[i, 1]),
            Interval(float(low[i, 1]), float(high[i, 1])),
        )
        for i, k in enumerate(ks)
    )
    try:
        fit = fit_table(table[:, :, 0], ks, seed=seed)
    except ValueError:
        fit = None
    return Scaling(points, fit)


def _steps(most: int) -> list[int]:
    """1, 2, 3, 5, 7, 10, 20, ... up to and with `most`."""
    found = {step * 10**power for power in range(len(str(most))) for step in STEPS}
    return sorted({k for k in found if k < most} | {most})


def _of_first(task: Samples, k: int) -> tuple[float, float, float]:
    right, score = task.right[:k], task.score[:k]
    chosen = max(range(len(right)), key=lambda place: (score[place], -place), default=None)
    return float(any(right)), float(chosen is not None and right[chosen]), sum(task.usd[:k])


def _of_all(task: Samples, k: int) -> tuple[float, float, float]:
    n = len(task.right)
    order = sorted(range(n), key=lambda place: (-task.score[place], place))
    # the one of rank r is chosen when it is drawn and the k - 1 others come from the n - 1 - r below it
    chances = [math.comb(n - 1 - rank, k - 1) / math.comb(n, k) for rank in range(n)]
    selected = sum(chance for chance, place in zip(chances, order, strict=True) if task.right[place])
    return pass_at_k(n, sum(task.right), k), selected, k * sum(task.usd) / n
