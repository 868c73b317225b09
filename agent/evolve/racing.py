"""Racing: few tasks first, more for those that keep up with the best on the very same tasks."""

from __future__ import annotations

import math
from collections.abc import Sequence

from agent.evolve.strategy import Evaluate, Member, View

FIRST = 0.2
"""Share of the tasks that every design meets."""

STEP = 2.0
"""Each rung has so many times the tasks of the one before."""

SLACK = 1.0
"""Standard errors that a design may lie behind the best on common tasks and still go on."""


def rungs(tasks: int) -> tuple[int, ...]:
    """How many tasks a design has met at each rung, the last being all."""
    found = [max(1, math.ceil(FIRST * tasks))]
    while found[-1] < tasks:
        found.append(min(tasks, math.ceil(found[-1] * STEP)))
    return tuple(found)


def next_evaluation(view: View, *, newest_first: bool = True) -> Evaluate | None:
    """The next task of a design that is still in the race; None when all have dropped out or finished."""
    if not view.may_evaluate:
        return None
    members: Sequence[Member] = view.members[::-1] if newest_first else view.members
    levels = rungs(len(view.tasks))
    for member in members:
        met = len(member.scores) + len(member.pending)
        if met == len(view.tasks):
            continue
        if met in levels:
            if member.pending:
                continue  # its standing at this rung is not known yet
            if not keeps_up(member, view):
                continue
        task = view.tasks[met]
        if task not in member.scores and task not in member.pending:
            return Evaluate(member.id, task)
    return None


def all_tasks(view: View) -> Evaluate | None:
    """The next task of the first design that has not met all."""
    if not view.may_evaluate:
        return None
    for member in view.members:
        for task in view.tasks:
            if task not in member.scores and task not in member.pending:
                return Evaluate(member.id, task)
    return None


def keeps_up(member: Member, view: View, *, slack: float = SLACK) -> bool:
    """Whether it is not behind the best by more than chance, on the tasks that both met."""
    best = view.best
    if best is None or best.id == member.id:
        return True
    differences = [best.scores[task] - score for task, score in member.scores.items() if task in best.scores]
    if not differences:
        return True
    count = len(differences)
    behind = sum(differences) / count
    variance = sum((each - behind) ** 2 for each in differences) / max(1, count - 1)
    return behind <= slack * math.sqrt(max(variance, 1.0 / count) / count)
