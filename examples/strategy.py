"""An archive strategy: epsilon-greedy. Mostly the best design is developed, at times any.

treewright evolve --cases examples/cases --out runs/evolution --strategy examples/strategy.py
"""

from __future__ import annotations

import random

from agent.evolve.racing import next_evaluation
from agent.evolve.strategy import Decision, Expand, View

EPSILON = 0.2


class EpsilonGreedy:
    """Racing decides what is tried on which task; then the best member has a child, or any member."""

    def ask(self, view: View, rng: random.Random) -> Decision | None:
        """What to do now; all randomness comes from `rng`, so that a resumed evolution decides as an unbroken one."""
        if (evaluation := next_evaluation(view)) is not None:
            return evaluation
        if not view.may_expand or view.best is None:
            return None
        parent = rng.choice(view.members) if rng.random() < EPSILON else view.best
        return Expand((parent.id,))


def strategy() -> EpsilonGreedy:
    """What `--strategy` asks for."""
    return EpsilonGreedy()
