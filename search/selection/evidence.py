"""The matrix as numbers per candidate: what a posterior is computed from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from search.selection.agreement import most_tests, square_root
from search.selection.matrix import Floats, Ints, Matrix


def evidence(matrix: Matrix, context: Mapping[str, float]) -> dict[str, Floats]:
    """One row of numbers per candidate, by name.

    Counts enter as logarithms, so that a log-linear model contains CodeT's rule (0.5 log draws + log tests) and learns
    how far dependent samples count: with a shared blind spot, m equal samples are worth m ** a with a < 1.

    Args:
        matrix: at least one candidate.
        context: numbers about the task, the same for all of its candidates.
    """
    rows = len(matrix.candidates)
    columns = {**_of_agreement(matrix), **_of_claims(matrix), "lacks": _lacks(matrix)}
    for name in sorted(matrix.candidates[0].findings):
        columns[f"finding {name}"] = np.array([c.findings[name] for c in matrix.candidates], dtype=np.float64)
    for name, value in {**_of_task(matrix, columns["share"]), **context}.items():
        columns[f"task {name}"] = np.full(rows, value)
    return columns


def _of_agreement(matrix: Matrix) -> dict[str, Floats]:
    size = np.bincount(matrix.behaviour, matrix.draws)[matrix.behaviour]
    forms = np.bincount(matrix.form, matrix.draws)[matrix.form]
    tests, scores = most_tests(matrix), square_root(matrix)
    of_behaviour = scores[_first(matrix.behaviour)]
    pairs = {(int(b), int(f)) for b, f in zip(matrix.behaviour, matrix.form, strict=True)}
    independent = np.bincount([b for b, _ in sorted(pairs)]).astype(np.float64)
    return {
        "draws": np.log(size),
        "draws of the form": np.log(forms),
        "forms": np.log(independent[matrix.behaviour]),
        "tests": np.log1p(tests),
        "passed": tests / max(1.0, float(matrix.counts.sum())),
        "no test": (tests == 0).astype(np.float64),
        "share": scores / (of_behaviour.sum() + 1e-9),
        "best": (scores == scores.max()).astype(np.float64),
        "behind": np.sqrt((of_behaviour[None, :] > scores[:, None]).sum(axis=1)),
    }


def _of_claims(matrix: Matrix) -> dict[str, Floats]:
    """How specific the passed tests are: distinct inputs and values, bits, how few candidates pass them."""
    tests = matrix.tests
    outcome = matrix.passed.astype(np.float64)
    inputs = _distinct(outcome, [test.input or f"? {place}" for place, test in enumerate(tests)])
    values = _distinct(outcome, [test.expected for test in tests])
    ease = np.clip(matrix.draws @ outcome / matrix.draws.sum(), 1e-3, 1.0)
    return {
        "inputs": np.log1p(inputs),
        "values": np.log1p(values),
        "one value": ((values == 1) & (inputs > 2)).astype(np.float64),
        "bits": np.log1p(outcome @ np.array([test.bits for test in tests], dtype=np.float64)),
        "rarity": np.log1p(outcome @ (matrix.counts * -np.log(ease))),
    }


def _lacks(matrix: Matrix) -> Floats:
    """How much that the requirement names and other draws heed a candidate does not: the root of the summed shares."""
    names = sorted(frozenset().union(*(candidate.heeded for candidate in matrix.candidates)))
    shown = np.array([[name in candidate.heeded for name in names] for candidate in matrix.candidates], dtype=bool)
    share = matrix.draws @ shown / matrix.draws.sum()
    return np.asarray(np.sqrt(np.where(shown, 0.0, share).sum(axis=1)), dtype=np.float64)


def _of_task(matrix: Matrix, share: Floats) -> dict[str, float]:
    sizes = np.bincount(matrix.behaviour, matrix.draws)
    total = float(matrix.draws.sum())
    return {
        "samples": float(np.log(total)),
        "tests": float(np.log1p(matrix.counts.sum())),
        "behaviours": float(np.log(len(sizes))),
        "diversity": float(matrix.form.max() + 1) / total,
        "largest": float(np.log(sizes.max() / total)),
        "best share": float(share.max()),
    }


def _first(numbers: Ints) -> Ints:
    return np.unique(numbers, return_index=True)[1]


def _distinct(outcome: Floats, keys: list[str]) -> Floats:
    """Per row, how many distinct non-empty keys have a positive outcome."""
    names = sorted({key for key in keys if key})
    place = {name: column for column, name in enumerate(names)}
    table = np.zeros((len(keys), len(names)))
    for row, key in enumerate(keys):
        if key:
            table[row, place[key]] = 1.0
    return np.asarray((outcome @ table > 0).sum(axis=1), dtype=np.float64)
