"""Whose doing it is when a worker dies: found out by running those who were there each time alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set

TOGETHER = 2
"""How often a job's worker may die beside other jobs before it runs alone."""
ALONE = 2
"""How often its worker may die with nothing else in it before it is given up."""


class Blame:
    """What the deaths of workers so far say about jobs; jobs are named by any string."""

    def __init__(self) -> None:
        self._unexplained: list[frozenset[str]] = []
        self._alone: Counter[str] = Counter()

    def died(self, jobs: Set[str]) -> None:
        """A worker is lost in which these jobs were running."""
        if len(jobs) == 1:
            self._alone.update(jobs)
        elif jobs:
            self._unexplained.append(frozenset(jobs))
        # one that also dies alone explains the others: who was with it then is no suspect for that
        self._unexplained = [each for each in self._unexplained if each.isdisjoint(self._alone)]

    def suspects(self, job: str) -> bool:
        """Whether the job is to run alone."""
        return job in self._alone or sum(job in each for each in self._unexplained) >= TOGETHER
