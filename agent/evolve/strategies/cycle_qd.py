"""CycleQD (Kuroki et al., 2024): success, cheapness and rarity take turns as the quality; the others span the niches.

A parent is drawn from the elites with p ~ g(quality) * g(other) * g(other), g from 0.5 for the lowest to 0.8 for the
highest of the archive.
"""

from __future__ import annotations

import random

from agent.evolve.niches import bins, cost_of, rarity_of
from agent.evolve.racing import next_evaluation
from agent.evolve.strategy import Decision, Expand, View, weighted

BINS = 4
LOW, HIGH = 0.5, 0.8


class CycleQd:
    """See the module."""

    def ask(self, view: View, rng: random.Random) -> Decision | None:
        """See `agent.evolve.strategy.Strategy`."""
        if (evaluation := next_evaluation(view)) is not None:
            return evaluation
        known = [member for member in view.members if member.scores]
        if not view.may_expand or not known:
            return None
        metrics = [
            [view.estimates[member.id] for member in known],
            [-cost for cost in cost_of(known)],
            rarity_of(known),
        ]
        turn = (view.tried + len(view.expanding)) % len(metrics)
        axes = [bins(values, BINS) for place, values in enumerate(metrics) if place != turn]
        elites: dict[tuple[int, ...], int] = {}
        for place, cell in enumerate(zip(*axes, strict=True)):
            if cell not in elites or metrics[turn][place] > metrics[turn][elites[cell]]:
                elites[cell] = place
        chosen = [elites[cell] for cell in sorted(elites)]
        scaled = [_scaled(values) for values in metrics]
        weights = [scaled[0][place] * scaled[1][place] * scaled[2][place] for place in chosen]
        return Expand((weighted(rng, [known[place] for place in chosen], weights).id,))


def _scaled(values: list[float]) -> list[float]:
    low, high = min(values), max(values)
    return [LOW + (HIGH - LOW) * ((value - low) / (high - low) if high > low else 1.0) for value in values]
