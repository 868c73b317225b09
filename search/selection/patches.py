"""P(right) of patches: how tests of different origins, the critic and static findings are weighed.

The tests of one origin share an author, and with it a blind spot. So their outcomes are not independent even when it is
known whether the patch is right, and are modelled as a mixture of two states of the author:

    P(k of m pass | right) = (1 - m_) Bin(k; m, t) + m_ Bin(k; m, 1 - t)    he understood the issue, or misread it
    P(k of m pass | wrong) = (1 - r) Bin(k; m, f) + r Bin(k; m, b)          he thought of this error, or did not

However many tests pass, the likelihood ratio stays below 1 / (r b): more tests of one author never make sure. What is
not in closed form (how these ratios, agreement among candidates and the critic go together) is fitted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from search.selection.matrix import Floats, Matrix, Origin
from search.selection.posterior import Posterior


@dataclass(frozen=True, slots=True)
class Rates:
    """How tests of one origin behave.

    Attributes:
        right: chance that a right patch passes one (t).
        wrong: chance that a wrong patch passes one that its author aimed at such errors (f).
        misread: chance that the author got the issue wrong, and right patches fail as a rule (m_).
        blind: chance that he did not think of this error (r).
        unseen: chance that a wrong patch passes then (b).
    """

    right: float
    wrong: float
    misread: float
    blind: float
    unseen: float = 0.97


RATES: Mapping[Origin, Rates] = {
    "regression": Rates(0.886, 0.656, 0.0, 0.0),
    "given": Rates(0.98, 0.10, 0.01, 0.08),
    "generated": Rates(0.93, 0.35, 0.06, 0.25),
    "distinguishing": Rates(0.85, 0.40, 0.10, 0.20),
}
"""Regression: 300 recorded SWE-bench Lite attempts (existing tests pass given right .886, given wrong .656).
The others are the centre of what is published for tests that models write (one test: .875 and .40), split into its own
share and the shared one; the fit on simulated tasks then says how far to believe them."""

FINDINGS = ("undefined", "critic", "asked")
"""What `patch_evidence` looks for in `Candidate.findings`; what is missing counts as 0. Other findings a candidate may
carry (lint, size) are for people: there are no recorded patches with outcomes to weigh them by."""

_PSEUDO = 3.0
MOST_TESTS = 9
"""More tests count as so many where their number does: there are no more where the posterior is fitted."""


def patch_evidence(matrix: Matrix, context: Mapping[str, float]) -> dict[str, Floats]:
    """One row of numbers per candidate, by name: log likelihood ratios of each origin, agreement, findings.

    Args:
        matrix: at least one candidate.
        context: not used; there is nothing about the task as a whole that holds across repositories.
    """
    del context
    ratios = {origin: _of_origin(matrix, origin) for origin in RATES}
    columns = {
        "regression": ratios["regression"],
        "given": ratios["given"],
        "written": ratios["generated"],
        "distinguishing": ratios["distinguishing"],
    }
    first = np.asarray(sum(columns.values()), dtype=np.float64)
    size = np.bincount(matrix.behaviour, matrix.draws)[matrix.behaviour].astype(np.float64)
    total = float(matrix.draws.sum())
    columns["agreement"] = np.log(size)
    columns["share"] = np.log(size / total)
    best = np.unique(np.stack([matrix.behaviour, np.round(first, 6)]), axis=1)
    columns["behind"] = np.sqrt((best[1][None, :] > first[:, None] + 1e-6).sum(axis=1))
    columns["samples"] = np.full(len(first), np.log(total))
    columns |= _told_apart(matrix, size, columns)
    for name in FINDINGS:
        columns[name] = np.array([c.findings.get(name, 0.0) for c in matrix.candidates], dtype=np.float64)
    return columns


def reliability(matrix: Matrix, chances: Floats) -> tuple[Floats, Floats]:
    """Per test, how often right and how often wrong candidates pass it, as far as the matrix tells.

    The rates of its origin count as `_PSEUDO` candidates of either sort (Dawid and Skene, 1979, with a prior).

    Args:
        matrix: of outcomes.
        chances: per candidate, the present belief that it is right.
    """
    right, wrong = _rates(matrix)
    weight = np.sqrt(matrix.draws)
    good, bad = chances * weight, (1.0 - chances) * weight
    passed = matrix.passed.astype(np.float64)
    t = (good @ passed + _PSEUDO * right) / (good.sum() + _PSEUDO)
    f = (bad @ passed + _PSEUDO * wrong) / (bad.sum() + _PSEUDO)
    return np.clip(t, 0.02, 0.98), np.clip(f, 0.02, 0.98)


@cache
def load_patches() -> Posterior:
    """The posterior for patches that comes with the program."""
    text = resources.files("search.selection").joinpath("patches.json").read_text()
    return Posterior(**json.loads(text))


def _of_origin(matrix: Matrix, origin: Origin) -> Floats:
    places = [place for place, test in enumerate(matrix.tests) if test.origin == origin]
    return _ratio(matrix.passed[:, places], RATES[origin]) if places else np.zeros(len(matrix.candidates))


def _ratio(passed: np.ndarray, rates: Rates) -> Floats:
    """Log likelihood ratio of passing k of m tests of one author."""
    m = passed.shape[1]
    k = passed.sum(axis=1).astype(np.float64)
    r = rates
    right = (1 - r.misread) * r.right**k * (1 - r.right) ** (m - k) + r.misread * (1 - r.right) ** k * r.right ** (
        m - k
    )
    wrong = (1 - r.blind) * r.wrong**k * (1 - r.wrong) ** (m - k) + r.blind * r.unseen**k * (1 - r.unseen) ** (m - k)
    return np.asarray(np.log(right) - np.log(wrong), dtype=np.float64)


def _told_apart(matrix: Matrix, size: Floats, columns: Mapping[str, Floats]) -> dict[str, Floats]:
    """How well written and given tests tell these very candidates apart: hard tests deserve more belief than easy."""
    places = [place for place, test in enumerate(matrix.tests) if test.origin in ("given", "generated")]
    if not places:
        return {name: np.zeros(len(size)) for name in ("matched", "tests", "fewer", "hard", "hard share")}
    passed = matrix.passed[:, places].astype(np.float64)
    score = passed.sum(axis=1) * np.sqrt(size)
    first = np.unique(matrix.behaviour, return_index=True)[1]
    share, ease, amount = passed.mean(axis=1), passed.mean(), np.log1p(min(len(places), MOST_TESTS))
    return {
        "matched": score / (score[first].sum() + 1e-9),
        "tests": np.full(len(size), amount),
        "fewer": (share - share.max()) * amount,
        "hard": columns["written"] * (1.0 - ease),
        "hard share": columns["share"] * (1.0 - ease),
    }


def _rates(matrix: Matrix) -> tuple[Floats, Floats]:
    of = [RATES[test.origin] for test in matrix.tests]
    right = np.array([(1 - r.misread) * r.right + r.misread * (1 - r.right) for r in of], dtype=np.float64)
    wrong = np.array([(1 - r.blind) * r.wrong + r.blind * r.unseen for r in of], dtype=np.float64)
    return right, wrong
