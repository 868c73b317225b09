"""The candidate x test matrix: what every candidate did on every test, with where both came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

Origin = Literal["regression", "given", "generated", "distinguishing"]
"""Where a test comes from: the repository's own that pass on the base, those that were named as showing the problem,
those written to reproduce it, those written to tell finalists apart."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One distinct answer.

    Attributes:
        index: the caller's name for it.
        form: its normal form; equal forms are the same answer written differently.
        draws: how often it was drawn.
        findings: static findings by name, the same names for all candidates of a matrix.
        heeded: what the requirement names and the candidate shows a trace of.
    """

    index: int
    form: str
    draws: int
    findings: Mapping[str, float] = field(default_factory=dict)
    heeded: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Test:
    """One distinct test.

    Attributes:
        count: how often it was generated.
        input: what it is about; "" when unknown.
        expected: what it expects there; "" when unknown.
        bits: how improbable it is that a wrong answer passes.
        origin: where it comes from.
        name: for people.
    """

    count: int = 1
    input: str = ""
    expected: str = ""
    bits: float = 1.0
    origin: Origin = "generated"
    name: str = ""


@dataclass(frozen=True, eq=False)
class Matrix:
    """Outcomes of candidates on tests.

    Attributes:
        candidates: the rows.
        tests: the columns.
        passed: rows x columns, whether the candidate passes the test.
    """

    candidates: tuple[Candidate, ...]
    tests: tuple[Test, ...]
    passed: npt.NDArray[np.bool_]

    def __post_init__(self) -> None:
        if self.passed.shape != (len(self.candidates), len(self.tests)):
            raise ValueError(f"{self.passed.shape} outcomes for {len(self.candidates)} x {len(self.tests)}")

    @cached_property
    def draws(self) -> Ints:
        """How often each candidate was drawn."""
        return np.array([candidate.draws for candidate in self.candidates], dtype=np.int64)

    @cached_property
    def counts(self) -> Floats:
        """How often each test was generated."""
        return np.array([test.count for test in self.tests], dtype=np.float64)

    @cached_property
    def behaviour(self) -> Ints:
        """Per candidate the number of its behaviour: equal when they pass the same tests (numbers by appearance)."""
        return _numbered([row.tobytes() for row in np.packbits(self.passed, axis=1)])

    @cached_property
    def form(self) -> Ints:
        """Per candidate the number of its normal form (numbers by appearance)."""
        return _numbered([candidate.form for candidate in self.candidates])

    def draw(self, indices: Sequence[int]) -> Matrix:
        """The matrix when only these draws (caller's indices, repeated as drawn) had been made."""
        drawn: dict[int, int] = {}
        for index in indices:
            drawn[index] = drawn.get(index, 0) + 1
        rows = [row for row, candidate in enumerate(self.candidates) if candidate.index in drawn]
        kept = tuple(replace(c, draws=drawn[c.index]) for c in (self.candidates[row] for row in rows))
        return Matrix(kept, self.tests, self.passed[rows])


def _numbered(keys: Sequence[object]) -> Ints:
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)
