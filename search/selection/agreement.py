"""The published rules: how much candidates and tests agree."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from search.selection.matrix import Floats, Matrix


def most_tests(matrix: Matrix) -> Floats:
    """Per candidate, how many generated tests it passes, each as often as it was generated."""
    return matrix.passed @ matrix.counts


def largest_cluster(matrix: Matrix) -> Floats:
    """Per candidate, the draws of its behaviour; 0 for those that pass no test, whose behaviour is unknown."""
    sizes = np.bincount(matrix.behaviour, matrix.draws)[matrix.behaviour]
    return np.where(matrix.passed.any(axis=1), sizes, 0.0)


def square_root(matrix: Matrix) -> Floats:
    """Per candidate, tests passed times the square root of the draws of its behaviour (CodeT, Chen et al., 2022)."""
    return most_tests(matrix) * np.sqrt(np.bincount(matrix.behaviour, matrix.draws)[matrix.behaviour])


def uniform(matrix: Matrix) -> Floats:
    """No preference: a draw at random."""
    return np.ones(len(matrix.candidates))


RULES: dict[str, Callable[[Matrix], Floats]] = {
    "random": uniform,
    "most_tests": most_tests,
    "largest_cluster": largest_cluster,
    "square_root": square_root,
}
"""Scores by the name of the rule; equal scores are settled by a draw at random."""


def shares(matrix: Matrix, scores: Floats) -> Floats:
    """Per candidate the chance that it is returned: among the best, proportional to its draws."""
    best = np.where(scores == scores.max(), matrix.draws, 0)
    return np.asarray(best / best.sum(), dtype=np.float64)
