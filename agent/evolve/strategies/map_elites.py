"""MAP-Elites (Mouret and Clune, 2015) over cost and behaviour: the best of each niche is a parent, all niches alike.

Behaviour is the share of the hard tasks among those solved: designs that solve what few solve are kept, even when
they solve less.
"""

from __future__ import annotations

import random

from agent.evolve.niches import bins, cost_of, rarity_of
from agent.evolve.racing import next_evaluation
from agent.evolve.strategy import Decision, Expand, Member, View

BINS = 4


class MapElites:
    """See the module."""

    def ask(self, view: View, rng: random.Random) -> Decision | None:
        """See `agent.evolve.strategy.Strategy`."""
        if (evaluation := next_evaluation(view)) is not None:
            return evaluation
        known = [member for member in view.members if member.scores]
        if not view.may_expand or not known:
            return None
        cells = zip(bins(cost_of(known), BINS), bins(rarity_of(known), BINS), strict=True)
        elites: dict[tuple[int, int], Member] = {}
        for cell, member in zip(cells, known, strict=True):
            rival = elites.get(cell)
            if rival is None or view.estimates[member.id] > view.estimates[rival.id]:
                elites[cell] = member
        return Expand((rng.choice([elites[cell] for cell in sorted(elites)]).id,))
