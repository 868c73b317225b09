"""From a recorded pool to a matrix: the text of solutions and tests is read, nothing is run."""

from __future__ import annotations

import math
import random
from collections import Counter
from dataclasses import dataclass

import numpy as np

from environments.pools import PoolTask
from search.selection.matrix import Candidate, Matrix, Test
from tools.evidence.asserts import read_assert
from tools.evidence.solutions import read_requirement, read_solution


@dataclass(frozen=True, eq=False)
class ReplayTask:
    """A task of a pool, read.

    Attributes:
        matrix: of all draws.
        context: numbers about the task, for `evidence`.
        draws: as recorded.
    """

    task: str
    matrix: Matrix
    context: dict[str, float]
    draws: tuple[int, ...]

    def sample(self, count: int | None, seed: int) -> Matrix:
        """The matrix of `count` of the draws, taken without replacement; of all when None or no fewer."""
        if count is None or count >= len(self.draws):
            return self.matrix
        return self.matrix.draw(random.Random(f"{self.task}/{count}/{seed}").sample(self.draws, count))


def read_task(task: PoolTask) -> ReplayTask:
    """Read every solution and test of a task."""
    requirement = read_requirement(task.prompt, task.entry_point)
    candidates = []
    for index, draws in sorted(Counter(task.draws).items()):
        reading = read_solution(task.prompt, task.solutions[index], task.entry_point, requirement)
        candidates.append(Candidate(index, reading.form, draws, reading.findings, reading.heeded))
    tests = []
    for code, count in zip(task.tests, task.counts, strict=True):
        claim = read_assert(code, task.entry_point)
        tests.append(Test(count, claim.input, claim.expected, claim.bits) if claim else Test(count))
    rows = [task.passes[candidate.index] for candidate in candidates]
    passed = np.array(rows, dtype=np.bool_).reshape(len(candidates), len(tests))
    context = {"length": math.log1p(requirement.length)}
    return ReplayTask(task.task, Matrix(tuple(candidates), tuple(tests), passed), context, task.draws)
