"""P(right) of patches."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.selection.matrix import Candidate, Matrix
from search.selection.matrix import Test as Column
from search.selection.patches import RATES, load_patches, patch_evidence, reliability

ORIGINS = sorted(RATES)


@st.composite
def matrices(draw) -> Matrix:
    rows, columns = draw(st.integers(1, 6)), draw(st.integers(0, 6))
    passed = draw(st.lists(st.lists(st.booleans(), min_size=columns, max_size=columns), min_size=rows, max_size=rows))
    candidates = tuple(
        Candidate(i, str(i), draw(st.integers(1, 3)), {"critic": draw(st.floats(-3, 3)), "asked": 1.0})
        for i in range(rows)
    )
    tests = tuple(Column(origin=draw(st.sampled_from(ORIGINS))) for _ in range(columns))
    return Matrix(candidates, tests, np.array(passed, dtype=bool).reshape(rows, columns))


def chances(matrix) -> np.ndarray:
    return load_patches().chances(patch_evidence(matrix, {}))


def lone(origin, outcomes, **findings) -> float:
    tests = tuple(Column(origin=origin) for _ in outcomes)
    return float(chances(Matrix((Candidate(0, "", 1, findings),), tests, np.array([outcomes], dtype=bool)))[0])


@given(matrices(), st.randoms())
@settings(max_examples=60)
def test_probabilities_do_not_depend_on_the_order_of_candidates_or_tests(matrix, rng) -> None:
    rows, columns = list(range(len(matrix.candidates))), list(range(len(matrix.tests)))
    rng.shuffle(rows)
    rng.shuffle(columns)
    mixed = Matrix(
        tuple(matrix.candidates[i] for i in rows),
        tuple(matrix.tests[j] for j in columns),
        matrix.passed[rows][:, columns],
    )
    here = chances(matrix)
    assert ((here > 0) & (here < 1)).all()
    assert chances(mixed) == pytest.approx(here[rows])


@pytest.mark.parametrize("origin", ORIGINS)
def test_passing_is_evidence_for_and_failing_against(origin) -> None:
    assert lone(origin, [True]) > lone(origin, []) > lone(origin, [False])


def test_more_tests_of_one_author_never_make_sure() -> None:
    """The shared blind spot bounds what any number of them can say."""
    few, many, more = (lone("generated", [True] * count) for count in (2, 8, 64))
    rates = RATES["generated"]
    assert few < many
    assert more - many < 0.05
    evidence = patch_evidence(Matrix((Candidate(0, "", 1),), (Column(),) * 64, np.ones((1, 64), dtype=bool)), {})
    assert evidence["written"][0] < -np.log(rates.blind * rates.unseen**64)


def test_a_given_test_says_more_than_a_written_one() -> None:
    assert lone("given", [True]) > lone("generated", [True])


def test_findings_and_the_critic_move_it() -> None:
    assert lone("generated", [True], undefined=1.0) < lone("generated", [True])
    low, high = (lone("generated", [True], critic=logit, asked=1.0) for logit in (-2.0, 2.0))
    assert low < high


def test_a_test_that_likely_right_candidates_fail_is_believed_less() -> None:
    passed = np.array([[True, False], [True, False], [False, True]])
    matrix = Matrix(tuple(Candidate(i, str(i), 1) for i in range(3)), (Column(), Column()), passed)
    right, wrong = reliability(matrix, np.array([0.9, 0.9, 0.1]))
    assert right[0] > right[1]
    assert wrong[0] < wrong[1]
