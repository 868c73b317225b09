"""ShinkaEvolve (Sakana AI, 2025): weights relative to the median, in units of the spread.

w = sigmoid(10 (score - median) / MAD) / (1 + children).
"""

from __future__ import annotations

import random
import statistics

from agent.evolve.racing import next_evaluation
from agent.evolve.strategy import Decision, Expand, View, sigmoid, weighted

SHARPNESS = 10.0


class Shinka:
    """See the module."""

    def ask(self, view: View, rng: random.Random) -> Decision | None:
        """See `agent.evolve.strategy.Strategy`."""
        if (evaluation := next_evaluation(view)) is not None:
            return evaluation
        known = [member for member in view.members if member.scores]
        if not view.may_expand or not known:
            return None
        scores = [view.estimates[member.id] for member in known]
        median = statistics.median(scores)
        spread = statistics.median(abs(score - median) for score in scores) or 1e-6
        weights = [
            sigmoid(SHARPNESS * (score - median) / spread) / (1 + view.children[member.id])
            for member, score in zip(known, scores, strict=True)
        ]
        return Expand((weighted(rng, known, weights).id,))
