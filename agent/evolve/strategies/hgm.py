"""Huxley-Gödel Machine (Wang et al., 2025): develop where descendants do well, by Thompson sampling.

Designs are made as long as there are at most evaluations^0.6 of them. A parent is drawn by its clade's successes and
failures (its own and those of all its descendants), a design to evaluate by its own. Clade counts are summed anew for
each decision: the published code extends a node's own outcomes in place, which inflates them with each reading.
"""

from __future__ import annotations

import random

from agent.evolve.strategy import Decision, Evaluate, Expand, Member, View, clades

ALPHA = 0.6
WARM_UP = 5


class Hgm:
    """See the module."""

    def ask(self, view: View, rng: random.Random) -> Decision | None:
        """See `agent.evolve.strategy.Strategy`."""
        made = view.tried + len(view.expanding)
        if view.may_expand and (made < WARM_UP or view.done**ALPHA >= made):
            parent = self._parent(view, rng, made)
            if parent is not None:
                return Expand((parent.id,))
        return self._evaluation(view, rng)

    def _parent(self, view: View, rng: random.Random, made: int) -> Member | None:
        if made < WARM_UP:
            return view.members[made % view.seeds]
        best, chosen = -1.0, None
        for member, clade in clades(view):
            won = sum(sum(each.scores.values()) for each in clade)
            lost = sum(len(each.scores) for each in clade) - won
            if member.scores and member.mean > 0:
                draw = rng.betavariate(1 + won, 1 + lost)
                if draw > best:
                    best, chosen = draw, member
        return chosen

    def _evaluation(self, view: View, rng: random.Random) -> Evaluate | None:
        if not view.may_evaluate:
            return None
        open_ones = [member for member in view.members if len(member.scores) + len(member.pending) < len(view.tasks)]
        if not open_ones:
            return None

        def draw(member: Member) -> float:
            won = sum(member.scores.values())
            # what is under way counts as lost, or all workers would go to the same design
            return rng.betavariate(1 + won, 1 + len(member.scores) - won + len(member.pending))

        chosen = max(open_ones, key=draw)
        left = [task for task in view.tasks if task not in chosen.scores and task not in chosen.pending]
        return Evaluate(chosen.id, rng.choice(left))
