"""The decision: merge equals, rank by posterior, answer or abstain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from search.selection.matrix import Matrix
from search.selection.posterior import Posterior
from search.statistics.selective import threshold

LEVELS = 2
"""On how fine a scale probabilities are reported: as many levels as 80 tasks can be held against. With two, perfect
probabilities have an expected calibration error of .05 by chance alone, with three .08, with ten .11."""
ORDER = 0.02
"""By how much the order within a level shows."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is answered, and how sure that is.

    Attributes:
        index: the caller's index of the best candidate.
        probability: that it is right, on the scale of `LEVELS`.
        continuous: the same on no scale: sharper, and further from what is observed. The decision is made with it.
        answered: it pays for the cost of a wrong answer; otherwise the caller abstains.
        ranking: (index, probability) of one candidate per normal form and behaviour, best first.
    """

    index: int
    probability: float
    continuous: float
    answered: bool
    ranking: tuple[tuple[int, float], ...]


def decide(matrix: Matrix, context: Mapping[str, float], posterior: Posterior, *, wrong_cost: float = 0.0) -> Decision:
    """Choose among the candidates of `matrix` (at least one), and abstain when P < c / (1 + c).

    Of equal probabilities the more often drawn candidate wins, then the earlier.
    """
    chances = posterior.probabilities(matrix, context)
    order = np.lexsort((np.arange(len(chances)), -matrix.draws, -chances))
    seen: set[tuple[int, int]] = set()
    ranking: list[tuple[int, float]] = []
    for row in order:
        kind = (int(matrix.behaviour[row]), int(matrix.form[row]))
        if kind not in seen:
            seen.add(kind)
            ranking.append((matrix.candidates[row].index, float(chances[row])))
    index, best = ranking[0]
    probability = posterior.of_choice(best)
    return Decision(index, in_levels(probability), probability, probability >= threshold(wrong_cost), tuple(ranking))


def in_levels(probability: float, count: int = LEVELS) -> float:
    """The middle of the one of `count` equal parts of [0, 1] that holds it; the order within a part still shows.

    In the manner of the scaling-binning calibrator of Kumar, Liang and Ma (2019), with levels that are not fitted.
    """
    level = (min(int(probability * count), count - 1) + 0.5) / count
    return level + ORDER * (2.0 * probability - 1.0)
