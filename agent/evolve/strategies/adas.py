"""ADAS (Hu et al., 2024) with a small context: three sampled designs instead of the whole archive.

Every design is tried on all tasks. Longer contexts were reported to be worse than none (arXiv 2510.06711).
"""

from __future__ import annotations

import random

from agent.evolve.racing import all_tasks
from agent.evolve.strategy import Decision, Expand, Member, View, sigmoid, weighted

CONTEXT = 3
SHARPNESS = 10.0


class Adas:
    """Samples a few designs, the better ones more often."""

    def ask(self, view: View, rng: random.Random) -> Decision | None:
        """See `agent.evolve.strategy.Strategy`."""
        if (evaluation := all_tasks(view)) is not None:
            return evaluation
        if not view.may_expand or any(member.pending for member in view.members) or view.expanding:
            return None
        left = list(view.members)
        chosen: list[Member] = []
        while left and len(chosen) < CONTEXT:
            weights = [sigmoid(SHARPNESS * (view.estimates[member.id] - 0.5)) for member in left]
            chosen.append(weighted(rng, left, weights))
            left.remove(chosen[-1])
        return Expand(tuple(member.id for member in chosen))
