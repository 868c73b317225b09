"""Any member, all alike: what the others are compared with."""

from __future__ import annotations

import random

from agent.evolve.racing import next_evaluation
from agent.evolve.strategy import Decision, Expand, View


class Random:
    """A uniformly drawn parent; racing decides what it is tried on."""

    def ask(self, view: View, rng: random.Random) -> Decision | None:
        """See `agent.evolve.strategy.Strategy`."""
        if (evaluation := next_evaluation(view)) is not None:
            return evaluation
        if not view.may_expand or not any(member.scores for member in view.members):
            return None
        return Expand((rng.choice(view.members).id,))
