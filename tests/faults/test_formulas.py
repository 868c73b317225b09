import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.faults.formulas import FORMULAS

COUNTS = st.tuples(st.integers(1, 50), st.integers(0, 50)).flatmap(
    lambda totals: st.tuples(
        st.integers(1, totals[0]), st.integers(0, totals[1]), st.just(totals[0]), st.just(totals[1])
    )
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ochiai", 2 / math.sqrt(3 * (2 + 1))),
        ("tarantula", (2 / 3) / (2 / 3 + 1 / 4)),
        ("dstar", (4 / 2) / (1 + 4 / 2)),
        ("op2", (2 - 1 / 5) / 3),
    ],
)
def test_the_published_formulas(name: str, expected: float) -> None:
    assert FORMULAS[name](2, 1, 3, 4) == pytest.approx(expected)


@pytest.mark.parametrize("name", sorted(FORMULAS))
@given(counts=COUNTS)
def test_scores_are_in_range_and_fall_with_every_passing_test(name: str, counts: tuple[int, int, int, int]) -> None:
    ef, ep, failing, passing = counts
    score = FORMULAS[name](ef, ep, failing, passing)
    assert 0 <= score <= 1
    if ep:
        assert FORMULAS[name](ef, ep - 1, failing, passing) > score
    if ef < failing:
        assert FORMULAS[name](ef + 1, ep, failing, passing) >= score
