"""The decision: merge equals, rank by posterior, answer or abstain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from search.selection.matrix import Matrix
from search.selection.posterior import Posterior
from search.statistics.selective import threshold


@dataclass(frozen=True, slots=True)
class Decision:
    """What is answered, and how sure that is.

    Attributes:
        index: the caller's index of the best candidate.
        probability: that it is right.
        answered: the probability pays for the cost of a wrong answer; otherwise the caller abstains.
        ranking: (index, probability) of one candidate per normal form and behaviour, best first.
    """

    index: int
    probability: float
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
    return Decision(index, probability, probability >= threshold(wrong_cost), tuple(ranking))
