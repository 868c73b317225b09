"""P(correct) per candidate: a regularised log-linear model, and a correction for having taken the best of many."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from search.selection.evidence import evidence
from search.selection.matrix import Floats, Matrix


@dataclass(frozen=True, slots=True)
class Posterior:
    """`logit P = bias + sum of weight * (value - mean) / scale`, then for the chosen one `offset + slope * logit P`.

    Attributes:
        means: per kind of evidence its mean where it was fitted; likewise `scales` and `weights`.
        bias: the log odds of mean evidence.
        slope: of the choice: the best of many estimates is too high on average (the winner's curse).
        offset: of the choice.
    """

    means: Mapping[str, float]
    scales: Mapping[str, float]
    weights: Mapping[str, float]
    bias: float
    slope: float = 1.0
    offset: float = 0.0

    def probabilities(self, matrix: Matrix, context: Mapping[str, float]) -> Floats:
        """Per candidate the probability that it is right; 0 columns of unknown evidence count as average."""
        return self.chances(evidence(matrix, context))

    def chances(self, columns: Mapping[str, Floats]) -> Floats:
        """The same from evidence that was computed already."""
        rows = len(next(iter(columns.values())))
        logits = sum(self.moves(columns).values(), np.full(rows, self.bias))
        return np.asarray(_sigmoid(logits), dtype=np.float64)

    def moves(self, columns: Mapping[str, Floats]) -> dict[str, Floats]:
        """Per kind of evidence, per candidate, by how much it moves the log odds."""
        return {
            name: np.asarray(weight * (columns[name] - self.means[name]) / self.scales[name], dtype=np.float64)
            for name, weight in self.weights.items()
            if name in columns
        }

    def of_choice(self, probability: float) -> float:
        """The probability that the chosen candidate is right, when its own was the highest."""
        return float(_sigmoid(np.array([self.offset + self.slope * _logit(probability)]))[0])

    def to_dict(self) -> dict[str, Any]:
        """A plain form of it."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Example:
    """A matrix whose right candidates are known.

    Attributes:
        group: what must not be split by a cross-validation: the task.
        correct: per candidate.
        weight: of the example as a whole.
    """

    group: str
    matrix: Matrix
    context: Mapping[str, float]
    correct: Sequence[bool]
    weight: float = 1.0


@dataclass(eq=False)
class _Table:
    group: str
    values: Floats
    correct: Floats
    weights: Floats
    draws: Floats


PENALTIES = (5.0, 20.0, 60.0)
"""Half a decade apart around the best; which of them is best cannot be told with few tasks, their mean varies less."""


Evidence = Callable[[Matrix, Mapping[str, float]], dict[str, Floats]]


def fit(
    examples: Sequence[Example],
    *,
    penalties: Sequence[float] = PENALTIES,
    folds: int = 6,
    columns: Evidence = evidence,
) -> Posterior:
    """Fit weights by penalised likelihood, then slope and offset on choices of models that did not see the task.

    Within an example a candidate counts by the square root of its draws. Of several penalties the mean of their models
    is taken, which for a linear model is the model of the mean weights.
    """
    names = list(columns(examples[0].matrix, examples[0].context))
    tables = [_table(example, names, columns) for example in examples]
    stacked = np.vstack([table.values for table in tables])
    means, scales = stacked.mean(axis=0), stacked.std(axis=0) + 1e-9
    for table in tables:
        table.values = np.hstack([np.ones((len(table.values), 1)), (table.values - means) / scales])
    weights = _solve(tables, penalties)
    offset, slope = _of_choices(tables, _held_out(tables, penalties, folds, weights))
    return Posterior(
        dict(zip(names, map(float, means), strict=True)),
        dict(zip(names, map(float, scales), strict=True)),
        dict(zip(names, map(float, weights[1:]), strict=True)),
        bias=float(weights[0]),
        slope=slope,
        offset=offset,
    )


def _held_out(tables: Sequence[_Table], penalties: Sequence[float], folds: int, near: Floats) -> list[Floats]:
    """Per table the logits of a model that saw nothing of its group."""
    groups = sorted({table.group for table in tables})
    found: list[Floats] = [np.zeros(0)] * len(tables)
    for fold in range(min(folds, len(groups))):
        held = set(groups[fold::folds])
        weights = _solve([table for table in tables if table.group not in held], penalties, near)
        for place, table in enumerate(tables):
            if table.group in held:
                found[place] = table.values @ weights
    return found


def _of_choices(tables: Sequence[_Table], logits: Sequence[Floats]) -> tuple[float, float]:
    """Offset and slope from the logits of the choices to whether they were right (Platt scaling)."""
    best = [int(np.lexsort((-table.draws, -z))[0]) for table, z in zip(tables, logits, strict=True)]
    chosen = np.array([z[row] for z, row in zip(logits, best, strict=True)])
    right = np.array([table.correct[row] for table, row in zip(tables, best, strict=True)])
    weights = np.array([table.weights.sum() for table in tables])
    design = np.column_stack([np.ones(len(chosen)), chosen])
    offset, slope = _newton(design, right, weights, np.array([1e-3, 1e-3]))
    return float(offset), max(0.05, float(slope))


def _table(example: Example, names: Sequence[str], evidence_of: Evidence) -> _Table:
    columns = evidence_of(example.matrix, example.context)
    root = np.sqrt(example.matrix.draws)
    return _Table(
        example.group,
        np.column_stack([columns[name] for name in names]),
        np.array(example.correct, dtype=np.float64),
        8.0 * example.weight * root / root.sum(),
        example.matrix.draws.astype(np.float64),
    )


def _solve(tables: Sequence[_Table], penalties: Sequence[float], near: Floats | None = None) -> Floats:
    values = np.vstack([table.values for table in tables])
    weights = np.concatenate([table.weights for table in tables])
    correct = np.concatenate([table.correct for table in tables])
    found, last = [], near
    for penalty in penalties:
        ridge = np.full(values.shape[1], penalty)
        ridge[0] = 1e-6
        last = _newton(values, correct, weights, ridge, last)
        found.append(last)
    return np.asarray(np.mean(found, axis=0), dtype=np.float64)


def _newton(values: Floats, outcome: Floats, weights: Floats, ridge: Floats, start: Floats | None = None) -> Floats:
    """Ridge logistic regression by Newton's method."""
    solution = np.zeros(values.shape[1]) if start is None else start
    for _ in range(50):
        chance = _sigmoid(values @ solution)
        slope = values.T @ (weights * (chance - outcome)) + ridge * solution
        curve = (values * (weights * chance * (1.0 - chance))[:, None]).T @ values + np.diag(ridge)
        step = np.linalg.solve(curve, slope)
        solution = solution - step
        if float(np.abs(step).max()) < 1e-7:
            break
    return solution


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(values, -500.0, 500.0))), dtype=np.float64)


def _logit(probability: float) -> float:
    inside = min(max(probability, 1e-12), 1.0 - 1e-12)
    return math.log(inside / (1.0 - inside))
