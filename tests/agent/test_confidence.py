"""P(right) of the candidates of a run."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.confidence import SEVERAL_FILES, Seen, explained, matrix_of, probabilities, sound
from agent.config import resolve
from agent.execution.evaluator import Target
from agent.work import Critique, Evaluation, Work
from tools.errors import InputError

TARGETS = (
    Target("given", "given"),
    Target("one", "reproduction"),
    Target("two", "reproduction"),
    Target("apart", "distinguishing"),
    Target("control", "control"),
)
STATUSES = st.sampled_from(["passed", "failed", "error", "missing"])


def seen(name="a", *, targets=None, files=1, broken=(), held=3, run=True, critic=None, **more) -> Seen:
    statuses = {"given": "passed", "one": "passed", "two": "passed"} if targets is None else targets
    evaluation = Evaluation(targets=statuses, held=held, broken=tuple(broken), regressions_run=run, **more)
    critique = Critique(score=critic, verdict="keep") if critic is not None else None
    return Seen(Work(name, evaluation=evaluation, critique=critique), name, files)


@st.composite
def companies(draw) -> list[Seen]:
    found = []
    for number in range(draw(st.integers(1, 5))):
        targets = {test: draw(STATUSES) for test in ("given", "one", "two")}
        apart = {"apart": draw(STATUSES)} if draw(st.booleans()) else {}
        each = seen(
            f"w{number}",
            targets=targets,
            files=draw(st.integers(1, 3)),
            broken=draw(st.sampled_from([(), ("x",)])),
            run=draw(st.booleans()),
            critic=draw(st.sampled_from([None, 0.0, 0.4, 1.0])),
            distinguishing=apart,
            controls={"control": draw(STATUSES)},
            undefined=draw(st.sampled_from([(), ("np.aray",)])),
        )
        form = draw(st.sampled_from([1.0, 0.25]))
        found.append(replace(each, work=replace(each.work, form=form, enumerated=draw(st.booleans()))))
    return found


@given(companies())
@settings(max_examples=60, deadline=None)
def test_the_factors_multiply_to_the_odds(company) -> None:
    chances = probabilities(company, TARGETS)
    for place, chance in enumerate(chances):
        told = explained(company, place, TARGETS)
        assert told.probability == chance
        assert 0.0 < chance < 1.0
        assert math.prod(factor for _, factor in told.factors) == pytest.approx(chance / (1 - chance), rel=1e-6)


def test_every_kind_of_evidence_moves_it_the_way_it_should() -> None:
    def lone(**more) -> float:
        return probabilities([seen(**more)], TARGETS)[0]

    usual = lone()
    assert usual > 0.5
    assert lone(targets={"given": "failed", "one": "passed", "two": "passed"}) < usual
    assert lone(targets={"given": "passed", "one": "passed", "two": "failed"}) < usual
    assert lone(broken=["x"]) < usual
    assert lone(critic=0.05) < lone(critic=0.95)
    assert lone(undefined=("np.aray",)) < usual
    assert lone(distinguishing={"apart": "failed"}) < lone(distinguishing={"apart": "passed"})
    several = lone(files=2)
    assert several / (1 - several) == pytest.approx(SEVERAL_FILES * usual / (1 - usual))


def test_a_control_says_something_only_when_it_fails() -> None:
    plain, passing, failing = (
        seen("a"),
        seen("b", controls={"control": "passed"}),
        seen("c", controls={"control": "failed"}),
    )
    assert probabilities([passing], TARGETS) == probabilities([plain], TARGETS)
    assert probabilities([failing], TARGETS)[0] < probabilities([passing], TARGETS)[0]
    kept, lost = probabilities([passing, failing], TARGETS)
    assert kept > lost
    assert "control" not in [test.name for test in matrix_of([passing, passing], TARGETS).tests]
    assert "control" in [test.name for test in matrix_of([passing, failing], TARGETS).tests]
    assert failing.evaluation.summary() == (
        "3 of 3 target tests pass, 1 of 1 control tests no longer pass, 3 regression tests hold"
    )


def test_samples_that_agree_are_believed_more_and_mechanical_edits_are_not() -> None:
    alone = probabilities([seen()], TARGETS)[0]
    agreeing = [seen(name) for name in "abc"]
    assert probabilities(agreeing, TARGETS)[0] > alone
    listed = [replace(each, work=replace(each.work, enumerated=True)) for each in agreeing]
    assert probabilities(listed, TARGETS) == pytest.approx([alone] * 3)


def test_refuted_candidates_do_not_dilute_the_agreement_of_the_others() -> None:
    wrong = [seen(name, targets={"given": "failed", "one": "passed", "two": "passed"}) for name in "bcd"]
    alone = probabilities([seen()], TARGETS)[0]
    assert probabilities([seen(), *wrong], TARGETS)[0] == pytest.approx(alone)
    written = [seen(name, targets={"given": "passed", "one": "failed", "two": "failed"}) for name in "bcd"]
    assert probabilities([seen(), *written], TARGETS)[0] < alone


def test_the_matrix_has_a_column_per_test_with_its_origin_and_one_for_what_broke() -> None:
    matrix = matrix_of([seen("a"), seen("b", broken=["x"], distinguishing={"apart": "passed"})], TARGETS)
    assert [(test.origin, test.name) for test in matrix.tests] == [
        ("given", "given"),
        ("generated", "one"),
        ("generated", "two"),
        ("distinguishing", "apart"),
        ("regression", ""),
    ]
    assert matrix.passed.tolist() == [[True, True, True, False, True], [True, True, True, True, False]]


def test_only_reliable_tests_forbid_a_patch() -> None:
    wrong_test = {"given": "passed", "one": "passed", "two": "failed"}
    assert sound(seen(targets=wrong_test).evaluation, TARGETS)
    assert not sound(seen(targets={"given": "failed", "one": "passed", "two": "passed"}).evaluation, TARGETS)
    assert not sound(seen(broken=["x"]).evaluation, TARGETS)
    assert not sound(seen(run=False).evaluation, TARGETS)


def test_the_cost_of_a_wrong_patch_sets_the_threshold(tmp_path, monkeypatch) -> None:
    file = tmp_path / "config.toml"
    file.write_text("wrong_patch_cost = 4.0\n")
    assert resolve({}, file=file).settings.least_probability == pytest.approx(0.8)
    assert resolve({"confidence": 0.6}, file=file).settings.least_probability == 0.6  # the later layer counts
    assert resolve({"wrong_patch_cost": 0.0}, file=file).settings.least_probability == 0.0
    with pytest.raises(InputError, match="exclude each other"):
        resolve({"confidence": 0.6, "wrong_patch_cost": 1.0}, file=file)
