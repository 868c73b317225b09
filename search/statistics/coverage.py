"""How often at least one of k samples is right, and how that grows with k."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search.statistics.intervals import Interval


def pass_at_k(n: int, correct: int, k: int) -> float:
    """The chance that k of n samples, drawn without replacement, contain one of the `correct` ones.

    The unbiased estimator `1 - C(n - c, k) / C(n, k)` (Chen et al., 2021), computed as a product.

    Raises:
        ValueError: unless `0 <= correct <= n` and `1 <= k <= n`.
    """
    if not (0 <= correct <= n and 1 <= k <= n):
        raise ValueError(f"pass@{k} is not defined for {correct} of {n} samples")
    if n - correct < k:
        return 1.0
    return 1.0 - math.prod(1.0 - k / i for i in range(n - correct + 1, n + 1))


def coverage(correct: Sequence[int], n: int, ks: Sequence[int]) -> tuple[float, ...]:
    """The mean pass@k over tasks, for every k; `correct` holds how many of the n samples of each task are right."""
    return tuple(sum(pass_at_k(n, c, k) for c in correct) / len(correct) for k in ks)


@dataclass(frozen=True, slots=True)
class CoverageFit:
    """Coverage as `exp(a * k ** b)` (Brown et al., Large Language Monkeys, 2024), with a <= 0.

    Attributes:
        a: log coverage of one sample.
        b: how fast it decays; negative when more samples help.
        bands: per k of the fit, the interval of the fitted coverage when tasks are drawn again.
    """

    a: float
    b: float
    bands: tuple[tuple[int, Interval], ...] = ()

    def __call__(self, k: float) -> float:
        """The fitted coverage of k samples."""
        return math.exp(self.a * k**self.b)


def fit_coverage(
    correct: Sequence[int], n: int, ks: Sequence[int], *, level: float = 0.95, resamples: int = 500, seed: int = 0
) -> CoverageFit:
    """`fit_table` of the unbiased pass@k of every task.

    Raises:
        ValueError: fewer than two k have a coverage strictly between 0 and 1.
    """
    table = np.array([[pass_at_k(n, c, k) for k in ks] for c in correct])
    return fit_table(table, ks, level=level, resamples=resamples, seed=seed)


def fit_table(
    table: np.ndarray, ks: Sequence[int], *, level: float = 0.95, resamples: int = 500, seed: int = 0
) -> CoverageFit:
    """Fit `exp(a * k ** b)` by least squares of log(-log coverage) on log k; bands by a bootstrap over tasks.

    Args:
        table: per task (row) and per k of `ks` (column), the chance that k samples contain a right one.
        ks: numbers of samples.
        level: of the bands.
        resamples: bootstrap samples.
        seed: of the resampling.

    Raises:
        ValueError: fewer than two k have a coverage strictly between 0 and 1.
    """
    line = _line(table.mean(axis=0), ks)
    if line is None:
        raise ValueError("a fit needs two numbers of samples with a coverage strictly between 0 and 1")
    rng = np.random.default_rng(seed)
    curves = []
    for _ in range(resamples):
        again = _line(table[rng.integers(0, len(table), len(table))].mean(axis=0), ks)
        if again is not None:
            curves.append([math.exp(again[0] * k ** again[1]) for k in ks])
    tail = (1.0 - level) / 2.0
    bands = []
    if curves:
        low, high = np.quantile(np.array(curves), [tail, 1.0 - tail], axis=0)
        bands = [(k, Interval(float(low[i]), float(high[i]))) for i, k in enumerate(ks)]
    return CoverageFit(line[0], line[1], tuple(bands))


def _line(values: np.ndarray, ks: Sequence[int]) -> tuple[float, float] | None:
    points = [(math.log(k), math.log(-math.log(v))) for k, v in zip(ks, values, strict=True) if 0.0 < v < 1.0]
    if len(points) < 2:
        return None
    slope, intercept = np.polyfit([x for x, _ in points], [y for _, y in points], 1)
    return -math.exp(float(intercept)), float(slope)
