"""ADAS (Hu et al., 2024) as published: the meta agent reads the whole archive, one design a generation."""

from __future__ import annotations

import random

from agent.evolve.racing import all_tasks
from agent.evolve.strategy import Decision, Expand, View


class AdasAll:
    """No selection: all designs are parents, in an order without meaning; all are tried on all tasks."""

    def ask(self, view: View, rng: random.Random) -> Decision | None:
        """See `agent.evolve.strategy.Strategy`."""
        if (evaluation := all_tasks(view)) is not None:
            return evaluation
        if not view.may_expand or any(member.pending for member in view.members) or view.expanding:
            return None
        members = list(view.members)
        rng.shuffle(members)
        return Expand(tuple(member.id for member in members))
