"""Tests of significance: McNemar's exact test, and Holm's correction for several of them."""

from __future__ import annotations

import math
from collections.abc import Sequence


def mcnemar(only_a: int, only_b: int) -> float:
    """Two-sided exact p that a and b solve equally often, from the tasks that only one of them solves.

    Under the hypothesis each discordant task falls to either side with chance 1/2 (McNemar, 1947): twice the smaller
    binomial tail, at most 1.
    """
    if min(only_a, only_b) < 0:
        raise ValueError("counts are not negative")
    total = only_a + only_b
    tail = sum(math.comb(total, i) for i in range(min(only_a, only_b) + 1))
    return min(1.0, float(2 * tail / 2**total))


def sign_test(differences: Sequence[float]) -> float:
    """Two-sided exact p that a paired difference is as often above 0 as below; ties are left out."""
    return mcnemar(sum(gap > 0 for gap in differences), sum(gap < 0 for gap in differences))


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """The p-values adjusted for being a family (Holm, 1979), in the given order.

    The i-th smallest of m is multiplied by m - i + 1, made monotone, and capped at 1: comparing the results with alpha
    keeps the chance of any false claim under alpha.
    """
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda i: (p_values[i], i))):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = highest
    return tuple(adjusted)
