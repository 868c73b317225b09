import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.selection.agreement import RULES, largest_cluster, shares, square_root
from search.selection.calibrated import calibration_tasks, load
from search.selection.choice import LEVELS, ORDER, decide, in_levels
from search.selection.evidence import evidence
from search.selection.matrix import Candidate, Matrix
from search.selection.matrix import Test as Column
from search.selection.posterior import Example, Posterior, fit

FINDINGS = ("branches", "comments", "undefined")


@st.composite
def matrices(draw) -> Matrix:
    rows, columns = draw(st.integers(1, 6)), draw(st.integers(0, 5))
    passed = draw(st.lists(st.lists(st.booleans(), min_size=columns, max_size=columns), min_size=rows, max_size=rows))
    finding = st.fixed_dictionaries({name: st.floats(0, 1) for name in FINDINGS})
    heeded = st.frozensets(st.sampled_from(["order", "parity", "sum"]))
    candidates = [
        Candidate(10 + i, draw(st.sampled_from("abc")), draw(st.integers(1, 9)), draw(finding), draw(heeded))
        for i in range(rows)
    ]
    tests = [
        Column(draw(st.integers(1, 4)), draw(st.sampled_from(["", "x", "y"])), draw(st.sampled_from(["", "1", "2"])))
        for _ in range(columns)
    ]
    return Matrix(tuple(candidates), tuple(tests), np.array(passed, dtype=bool).reshape(rows, columns))


@given(matrices())
def test_square_root_agreement_by_its_definition(matrix) -> None:
    scores = square_root(matrix)
    for row in range(len(matrix.candidates)):
        passed = [j for j in range(len(matrix.tests)) if matrix.passed[row, j]]
        size = sum(
            other.draws
            for k, other in enumerate(matrix.candidates)
            if [j for j in range(len(matrix.tests)) if matrix.passed[k, j]] == passed
        )
        assert scores[row] == pytest.approx(sum(matrix.tests[j].count for j in passed) * size**0.5)
        assert largest_cluster(matrix)[row] == (size if passed else 0)


@given(matrices())
def test_a_rule_returns_each_of_its_best_as_often_as_drawn(matrix) -> None:
    for rule in RULES.values():
        scores = rule(matrix)
        chance = shares(matrix, scores)
        assert chance.sum() == pytest.approx(1.0)
        assert set(np.flatnonzero(chance)) == set(np.flatnonzero(scores == scores.max()))


@given(matrices(), st.randoms())
@settings(max_examples=60)
def test_evidence_and_decision_do_not_depend_on_the_order_of_candidates(matrix, rng) -> None:
    order = list(range(len(matrix.candidates)))
    rng.shuffle(order)
    mixed = Matrix(tuple(matrix.candidates[i] for i in order), matrix.tests, matrix.passed[order])
    here, there = evidence(matrix, {"length": 3.0}), evidence(mixed, {"length": 3.0})
    for name, column in here.items():
        assert np.isfinite(column).all()
        assert column[order] == pytest.approx(there[name])
    chances = load().probabilities(matrix, {"length": 3.0})
    assert ((chances > 0) & (chances < 1)).all()
    decision = decide(matrix, {"length": 3.0}, load())
    assert decision.probability == pytest.approx(decide(mixed, {"length": 3.0}, load()).probability)
    assert chances.max() == pytest.approx(decision.ranking[0][1])
    assert [p for _, p in decision.ranking] == sorted((p for _, p in decision.ranking), reverse=True)


@given(matrices(), st.integers(0, 99))
def test_a_subset_of_draws_keeps_counts_and_outcomes(matrix, seed) -> None:
    drawn = [candidate.index for candidate in matrix.candidates for _ in range(candidate.draws)]
    sample = random.Random(seed).sample(drawn, 1 + seed % len(drawn))
    part = matrix.draw(sample)
    rows = {candidate.index: row for row, candidate in enumerate(matrix.candidates)}
    assert {c.index: c.draws for c in part.candidates} == {index: sample.count(index) for index in sample}
    for row, candidate in enumerate(part.candidates):
        assert (part.passed[row] == matrix.passed[rows[candidate.index]]).all()


def test_what_others_heed_is_held_against_a_candidate_that_does_not() -> None:
    heeded = [frozenset({"order", "parity"}), frozenset({"order"}), frozenset[str]()]
    candidates = tuple(Candidate(i, str(i), draws, heeded=heeded[i]) for i, draws in enumerate((1, 2, 1)))
    lacks = evidence(Matrix(candidates, (), np.zeros((3, 0), dtype=bool)), {})["lacks"]
    assert lacks == pytest.approx([0.0, 0.25**0.5, 1.0])  # parity has a quarter of the draws, order three quarters
    alike = tuple(Candidate(i, str(i), 1) for i in range(3))
    assert not evidence(Matrix(alike, (), np.zeros((3, 0), dtype=bool)), {})["lacks"].any()


def test_a_matrix_must_fit_its_names() -> None:
    with pytest.raises(ValueError, match="outcomes"):
        Matrix((Candidate(0, "a", 1),), (), np.zeros((1, 2), dtype=bool))


def test_it_abstains_when_a_wrong_answer_costs_too_much() -> None:
    matrix = Matrix((Candidate(0, "a", 1), Candidate(1, "a", 2)), (), np.zeros((2, 0), dtype=bool))
    even = Posterior({}, {}, {}, bias=0.0)
    free, equal, dear = (decide(matrix, {}, even, wrong_cost=cost) for cost in (0.0, 1.0, 1.5))
    assert (free.answered, equal.answered, dear.answered) == (True, True, False)
    assert dear.index == 1  # equal probabilities: the more often drawn
    assert len(dear.ranking) == 1  # the same form and behaviour is one answer


def simulated(seed: int, tasks: int = 120) -> list[Example]:
    """Tests that the right candidate passes more often, and a finding that wrong candidates have more often."""
    rng = random.Random(seed)
    examples = []
    for task in range(tasks):
        correct = [rng.random() < 0.3 for _ in range(8)]
        candidates = tuple(
            Candidate(i, str(i), rng.randint(1, 3), {"undefined": float(rng.random() < (0.1 if ok else 0.5))})
            for i, ok in enumerate(correct)
        )
        passed = np.array([[rng.random() < (0.8 if ok else 0.45) for _ in range(6)] for ok in correct])
        examples.append(Example(str(task), Matrix(candidates, (Column(),) * 6, passed), {}, correct))
    return examples


def test_a_fit_learns_what_is_informative_and_stays_calibrated_on_new_tasks() -> None:
    posterior = fit(simulated(1), penalties=(5.0,))
    assert posterior.weights["finding undefined"] < -0.1
    assert posterior.slope > 0
    fresh = simulated(2, 300)
    decisions = [decide(example.matrix, {}, posterior) for example in fresh]
    right = np.mean([example.correct[d.index] for example, d in zip(fresh, decisions, strict=True)])
    assert right > 0.45
    assert np.mean([d.continuous for d in decisions]) == pytest.approx(right, abs=0.08)


def test_a_fit_is_a_function_of_its_examples() -> None:
    examples = simulated(3, 30)
    assert fit(examples, penalties=(5.0,)) == fit(examples, penalties=(5.0,))
    assert fit(examples[1:], penalties=(5.0,)) != fit(examples, penalties=(5.0,))


def test_every_task_of_the_calibration_has_a_model_that_did_not_see_it_and_others_have_that_of_all() -> None:
    models = [load(name) for name in calibration_tasks()]
    assert len(models) == 80
    assert all(model != load() for model in models)
    assert len({tuple(model.weights.values()) for model in models}) == 80
    assert load("HumanEval/no such task") == load()


def test_reported_probabilities_are_levels_that_keep_the_order() -> None:
    chances = [n / 1000 for n in range(1001)]
    shown = [in_levels(chance) for chance in chances]
    assert shown == sorted(shown)
    assert len(set(shown)) == len(shown)
    assert {round(each * LEVELS - 0.5) for each in shown} == set(range(LEVELS))
    assert all(
        abs(each - middle) < ORDER + 1e-9
        for each in shown
        for middle in [min((0.25, 0.75), key=lambda m: abs(m - each))]
    )
