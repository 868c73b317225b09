"""AFlow (Zhang et al., 2024): the first design and the best others, four in all, drawn by a mixed softmax.

p = 0.3 / n + 0.7 softmax(20 score).
"""

from __future__ import annotations

import math
import random

from agent.evolve.racing import next_evaluation
from agent.evolve.strategy import Decision, Expand, View, weighted

CANDIDATES = 4
UNIFORM = 0.3
SHARPNESS = 20.0


class Aflow:
    """See the module."""

    def ask(self, view: View, rng: random.Random) -> Decision | None:
        """See `agent.evolve.strategy.Strategy`."""
        if (evaluation := next_evaluation(view)) is not None:
            return evaluation
        known = [member for member in view.members if member.scores]
        if not view.may_expand or not known:
            return None
        others = sorted(known[1:], key=lambda member: (-view.estimates[member.id], member.order))
        candidates = [known[0], *others[: CANDIDATES - 1]]
        scores = [view.estimates[member.id] for member in candidates]
        powers = [math.exp(SHARPNESS * (score - max(scores))) for score in scores]
        weights = [UNIFORM / len(candidates) + (1 - UNIFORM) * power / sum(powers) for power in powers]
        return Expand((weighted(rng, candidates, weights).id,))
