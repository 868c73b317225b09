"""What designs are told apart by, besides how much they solve: cost, and which tasks they solve."""

from __future__ import annotations

from collections.abc import Sequence

from agent.evolve.strategy import Member


def cost_of(members: Sequence[Member]) -> list[float]:
    """The mean cost of a task for each member."""
    return [member.cost for member in members]


def rarity_of(members: Sequence[Member]) -> list[float]:
    """For each member, how rare what it solves is: the mean share of members that fail where it succeeds."""
    solvers: dict[str, float] = {}
    meeters: dict[str, int] = {}
    for member in members:
        for task, score in member.scores.items():
            solvers[task] = solvers.get(task, 0.0) + score
            meeters[task] = meeters.get(task, 0) + 1
    found = []
    for member in members:
        solved = [task for task, score in member.scores.items() if score > 0]
        rare = [1.0 - solvers[task] / meeters[task] for task in solved]
        found.append(sum(rare) / len(rare) if rare else 0.0)
    return found


def bins(values: Sequence[float], count: int) -> list[int]:
    """The place of each value among `count` parts with about as many members in each; equal values in the same."""
    ranked = sorted(set(values))
    return [min(count - 1, ranked.index(value) * count // len(ranked)) for value in values]
