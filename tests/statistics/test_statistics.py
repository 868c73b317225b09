import itertools
import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.statistics.calibration import (
    brier,
    error_of_equal_masses,
    error_of_perfect,
    expected_calibration_error,
    reliability,
)
from search.statistics.coverage import coverage, fit_coverage, pass_at_k
from search.statistics.intervals import paired_bootstrap, wilson
from search.statistics.selective import aurc, risk_coverage, selective_accuracy, threshold
from search.statistics.significance import holm, mcnemar, sign_test

chances = st.floats(0, 1, allow_nan=False)
predictions = st.lists(st.tuples(chances, st.booleans()), min_size=1, max_size=40)


@given(st.integers(1, 9).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n))))
def test_pass_at_k_is_the_share_of_subsets_with_a_right_one(case) -> None:
    n, correct, k = case
    subsets = list(itertools.combinations(range(n), k))
    assert pass_at_k(n, correct, k) == pytest.approx(sum(min(s) < correct for s in subsets) / len(subsets))


@pytest.mark.parametrize("case", [(3, 4, 1), (3, 1, 0), (3, 1, 4), (3, -1, 1)])
def test_pass_at_k_refuses_what_has_no_meaning(case) -> None:
    with pytest.raises(ValueError, match="not defined"):
        pass_at_k(*case)


def test_coverage_fit_finds_the_curve_it_came_from() -> None:
    rng = random.Random(3)
    correct = [sum(rng.random() < p for _ in range(100)) for p in (rng.betavariate(0.3, 1.0) for _ in range(400))]
    ks = (1, 2, 5, 10, 20, 50, 100)
    fit = fit_coverage(correct, 100, ks, resamples=100)
    for k, measured in zip(ks, coverage(correct, 100, ks), strict=True):
        assert fit(k) == pytest.approx(measured, abs=0.03)
        band = dict(fit.bands)[k]
        assert band.low <= fit(k) <= band.high
    assert fit.a < 0
    assert fit.b < 0
    with pytest.raises(ValueError, match="between 0 and 1"):
        fit_coverage([0, 0], 10, (1, 2))


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_ends_solve_the_score_equation(case) -> None:
    successes, trials = case
    interval = wilson(successes, trials)
    share = successes / trials
    assert share in interval
    for end in (interval.low, interval.high):
        if 0.0 < end < 1.0:
            assert abs(share - end) / math.sqrt(end * (1 - end) / trials) == pytest.approx(1.959964, rel=1e-4)


def test_wilson_without_trials_says_nothing() -> None:
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)


@given(st.lists(st.tuples(chances, chances), min_size=1, max_size=12))
@settings(max_examples=30)
def test_paired_bootstrap_is_antisymmetric_and_holds_its_estimate(rows) -> None:
    a, b = [x for x, _ in rows], [y for _, y in rows]
    there, back = paired_bootstrap(a, b, resamples=300), paired_bootstrap(b, a, resamples=300)
    assert there.difference == pytest.approx(float(np.mean(a) - np.mean(b)))
    assert there.difference == pytest.approx(-back.difference)
    assert there.interval.low == pytest.approx(-back.interval.high)
    gaps = [x - y for x, y in rows]
    assert min(gaps) - 1e-12 <= there.interval.low <= there.interval.high <= max(gaps) + 1e-12


def test_paired_bootstrap_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = random.Random(1)
    hits = 0
    for trial in range(200):
        pairs = [(rng.gauss(0.3, 1), rng.gauss(0, 1)) for _ in range(40)]
        result = paired_bootstrap([a for a, _ in pairs], [b for _, b in pairs], resamples=300, seed=trial)
        hits += 0.3 in result.interval
    assert 178 <= hits <= 199


def test_paired_bootstrap_of_a_statistic_and_of_repeats() -> None:
    rows_a = np.array([[0.9, 1.0], [0.2, 0.0], [0.6, 1.0], [0.4, 0.0]])
    rows_b = rows_a * [1.0, 0.0]
    result = paired_bootstrap(rows_a, rows_b, statistic=lambda rows: aurc(rows[:, 0], rows[:, 1]), resamples=200)
    assert result.difference == pytest.approx(aurc([0.9, 0.2, 0.6, 0.4], [1, 0, 1, 0]) - 1.0)
    assert result.significant == (result.interval.high < 0)
    assert paired_bootstrap([[1, 0], [1, 1]], [[0, 0], [0, 0]], resamples=50).difference == pytest.approx(0.75)
    with pytest.raises(ValueError, match="same tasks"):
        paired_bootstrap([1.0], [1.0, 0.0])


@given(st.integers(0, 5), st.integers(0, 5))
def test_mcnemar_counts_the_outcomes_at_least_as_extreme(only_a, only_b) -> None:
    flips = [sum(flip) for flip in itertools.product((0, 1), repeat=only_a + only_b)]
    tail = sum(heads <= min(only_a, only_b) for heads in flips) / len(flips)
    assert mcnemar(only_a, only_b) == pytest.approx(min(1.0, 2 * tail))
    assert mcnemar(only_a, only_b) == mcnemar(only_b, only_a)


@given(st.lists(chances, min_size=1, max_size=8))
def test_holm_rejects_what_the_step_down_procedure_rejects(values) -> None:
    adjusted = holm(values)
    for alpha in (0.01, 0.05, 0.3):
        rejected = set()
        for rank, place in enumerate(sorted(range(len(values)), key=lambda i: (values[i], i))):
            if (len(values) - rank) * values[place] > alpha:
                break
            rejected.add(place)
        assert {i for i, p in enumerate(adjusted) if p <= alpha} == rejected


@given(predictions)
def test_brier_and_calibration_error_follow_their_definitions(pairs) -> None:
    ps, os = [p for p, _ in pairs], [o for _, o in pairs]
    assert brier(ps, os) == pytest.approx(float(np.mean([(p - o) ** 2 for p, o in pairs])))
    error = 0.0
    for place in range(5):
        inside = [(p, o) for p, o in pairs if min(4, int(p * 5)) == place]
        error += abs(sum(p for p, _ in inside) - sum(o for _, o in inside)) / len(pairs)
    assert expected_calibration_error(ps, os, bins=5) == pytest.approx(error)
    rows = reliability(ps, os, bins=5)
    assert sum(row.count for row in rows) == len(pairs)
    assert all(row.low <= row.predicted <= row.high for row in rows)


def test_calibration_refuses_what_is_no_probability() -> None:
    with pytest.raises(ValueError, match="no probability"):
        reliability([1.2], [True])


@given(predictions, st.randoms())
def test_risk_coverage_does_not_depend_on_the_order(pairs, rng) -> None:
    mixed = list(pairs)
    rng.shuffle(mixed)
    curve = risk_coverage([p for p, _ in pairs], [o for _, o in pairs])
    again = risk_coverage([p for p, _ in mixed], [o for _, o in mixed])
    assert [risk for _, risk in curve] == pytest.approx([risk for _, risk in again])
    assert curve[-1] == pytest.approx((1.0, 1 - sum(o for _, o in pairs) / len(pairs)))
    area = aurc([p for p, _ in pairs], [o for _, o in pairs])
    assert area == pytest.approx(float(np.mean([risk for _, risk in curve])))


def test_selective_accuracy_answers_the_most_confident() -> None:
    confidence, correct = [0.9, 0.8, 0.2, 0.1], [1, 0, 0, 1]
    assert selective_accuracy(confidence, correct, 0.25) == 1.0
    assert selective_accuracy(confidence, correct, 0.5) == 0.5
    assert selective_accuracy(confidence, correct, 0.01) == 1.0
    assert selective_accuracy([0.5, 0.5], [1, 0], 0.5) == 0.5  # equals cannot be told apart


@given(st.floats(0, 1e6), chances)
def test_answering_pays_above_the_threshold(cost, p) -> None:
    limit = threshold(cost)
    gain = p - cost * (1 - p)
    if p > limit + 1e-9:
        assert gain > 0
    elif p < limit - 1e-9:
        assert gain < 0
    assert threshold(math.inf) == 1.0
    with pytest.raises(ValueError, match="negative"):
        threshold(-1.0)


def test_perfect_probabilities_show_the_error_that_few_predictions_bring() -> None:
    rng = np.random.default_rng(3)
    for count in (80, 2000):
        p = rng.random(count)
        seen = [expected_calibration_error(p.tolist(), (rng.random(count) < p).tolist()) for _ in range(300)]
        usual, high = error_of_perfect(p.tolist())
        assert usual == pytest.approx(np.mean(seen), rel=0.1)
        assert np.mean(np.array(seen) <= high) == pytest.approx(0.95, abs=0.04)


def test_bins_of_equal_mass() -> None:
    assert error_of_equal_masses([0.1, 0.2, 0.8, 0.9], [False, False, True, True], bins=2) == pytest.approx(0.15)
    assert error_of_equal_masses([0.5], [True]) == 0.5


def test_sign_test_leaves_ties_out() -> None:
    assert sign_test([0.0, 0.0]) == 1.0
    assert sign_test([1.0] * 20) == pytest.approx(2 / 2**20)
