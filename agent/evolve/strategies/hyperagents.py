"""HyperAgents (2026): relative to the best three, with a penalty that only sets in after several children.

p ~ sigmoid(10 (score - m)) exp(-(children / 8)^3), m the mean of the three highest scores. The score of a design that
did not get through all rungs is multiplied by the share of the tasks it met.
"""

from __future__ import annotations

import math
import random

from agent.evolve.racing import next_evaluation
from agent.evolve.strategy import Decision, Expand, View, sigmoid, weighted


class Hyperagents:
    """See the module."""

    def ask(self, view: View, rng: random.Random) -> Decision | None:
        """See `agent.evolve.strategy.Strategy`."""
        if (evaluation := next_evaluation(view)) is not None:
            return evaluation
        known = [member for member in view.members if member.scores]
        if not view.may_expand or not known:
            return None
        scores = [member.mean * len(member.scores) / len(view.tasks) for member in known]
        top = sorted(scores)[-3:]
        middle = sum(top) / len(top)
        children = [view.children[member.id] for member in known]
        weights = [
            sigmoid(10 * (score - middle)) * math.exp(-((count / 8) ** 3))
            for score, count in zip(scores, children, strict=True)
        ]
        return Expand((weighted(rng, known, weights).id,))
