"""Darwin Gödel Machine (Zhang et al., 2025): the better and the less often developed, the likelier.

p ~ sigmoid(10 (score - 0.5)) / (1 + children). Scores are estimates on common tasks: the published code mixes means
over 10 and over 60 tasks.
"""

from __future__ import annotations

import random

from agent.evolve.racing import next_evaluation
from agent.evolve.strategy import Decision, Expand, View, sigmoid, weighted


class Dgm:
    """See the module."""

    def ask(self, view: View, rng: random.Random) -> Decision | None:
        """See `agent.evolve.strategy.Strategy`."""
        if (evaluation := next_evaluation(view)) is not None:
            return evaluation
        known = [member for member in view.members if member.scores]
        if not view.may_expand or not known:
            return None
        weights = [sigmoid(10 * (view.estimates[member.id] - 0.5)) / (1 + view.children[member.id]) for member in known]
        return Expand((weighted(rng, known, weights).id,))
