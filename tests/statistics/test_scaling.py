"""Scaling curves against exhaustive enumeration and known shapes."""

from __future__ import annotations

import math
import random
from itertools import combinations

import pytest

from search.statistics.scaling import Samples, scaling


def sample(rights: str, scores: list[float] | None = None, usd: float = 1.0) -> Samples:
    right = tuple(letter == "1" for letter in rights)
    return Samples(right, tuple(scores or [0.0] * len(right)), (usd,) * len(right))


def test_independent_samples_agree_with_every_choice_of_k() -> None:
    luck = random.Random(3)
    tasks = [
        Samples(
            tuple(luck.random() < 0.3 for _ in range(7)),
            tuple(luck.choice([0.1, 0.5, 0.9]) for _ in range(7)),
            tuple(luck.random() for _ in range(7)),
        )
        for _ in range(12)
    ]
    for point in scaling(tasks, exchangeable=True).points:
        covered = chosen = paid = 0.0
        for task in tasks:
            picks = list(combinations(range(7), point.k))
            covered += sum(any(task.right[i] for i in pick) for pick in picks) / len(picks)
            best = [min(pick, key=lambda i: (-task.score[i], i)) for pick in picks]
            chosen += sum(task.right[i] for i in best) / len(picks)
            paid += sum(sum(task.usd[i] for i in pick) for pick in picks) / len(picks)
        assert point.coverage == pytest.approx(covered / len(tasks))
        assert point.selected == pytest.approx(chosen / len(tasks))
        assert point.usd == pytest.approx(paid / len(tasks))
        assert point.coverage in point.coverage_band
        assert point.selected in point.selected_band


def test_the_candidates_of_a_search_count_in_their_order() -> None:
    curve = scaling([sample("01", [0.2, 0.9]), sample("10", [0.5, 0.5]), sample("")], exchangeable=False)
    assert [(point.k, point.coverage, point.selected) for point in curve.points] == [
        (1, pytest.approx(1 / 3), pytest.approx(1 / 3)),
        (2, pytest.approx(2 / 3), pytest.approx(2 / 3)),
    ]
    assert [point.usd for point in curve.points] == [pytest.approx(2 / 3), pytest.approx(4 / 3)]


def test_a_confident_wrong_answer_costs_what_coverage_gains() -> None:
    (_, two) = scaling([sample("10", [0.4, 0.8])], exchangeable=False).points
    assert (two.coverage, two.selected) == (1.0, 0.0)


def test_the_fit_finds_the_law_it_was_drawn_from() -> None:
    luck = random.Random(1)
    tasks = []
    for _ in range(400):
        rate = luck.betavariate(0.4, 2.0)
        tasks.append(sample("".join("01"[luck.random() < rate] for _ in range(50))))
    curve = scaling(tasks, exchangeable=True)
    assert curve.fit is not None
    assert curve.fit.a < 0
    assert curve.fit.b < 0
    for point in curve.points:
        assert math.isclose(curve.fit(point.k), point.coverage, abs_tol=0.03)


def test_without_spread_there_is_no_fit_and_without_samples_no_curve() -> None:
    assert scaling([sample("11"), sample("11")], exchangeable=True).fit is None
    with pytest.raises(ValueError, match="equally many"):
        scaling([sample("1"), sample("10")], exchangeable=True)
    with pytest.raises(ValueError, match="samples"):
        scaling([], exchangeable=False)
