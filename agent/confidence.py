"""How probable it is that a patch is right, given what was seen of it and of the other candidates.

The candidates, the tests and what each did on each are a matrix (`search.selection.matrix`); the posterior over it is
that of `search.selection.patches`, fitted on simulated tasks. Two things are not in the simulation and multiply the
odds afterwards: the form of a mechanical edit, and how many files a patch changes.

A candidate that a reliable test speaks against is filtered first: it is no company for the others, whose agreement it
would dilute. Mechanical edits are enumerated, not sampled: that many of them behave alike says nothing, so each is
judged alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from agent.execution.evaluator import Target
from agent.work import Confidence, Evaluation, Work
from search.selection.matrix import Candidate, Matrix, Origin, Test
from search.selection.patches import load_patches, patch_evidence

ORIGINS: dict[str, Origin] = {
    "given": "given",
    "baseline": "given",
    "reproduction": "generated",
    "control": "distinguishing",
    "distinguishing": "distinguishing",
}
NAMES: dict[Origin, str] = {
    "given": "given or failing",
    "generated": "reproduction",
    "distinguishing": "distinguishing",
    "regression": "regression",
}
SEVERAL_FILES = 0.78
"""Factor on the odds of a patch of more than one file. In 300 recorded SWE-bench Lite runs 14 % of the right patches
and 23 % of the wrong ones have more than one file: a ratio of 0.61, 95 % interval [0.33, 1.1], here half-way to 1."""
CONSTANT = 0.2
"""Factor on the odds of a mechanical edit when a constant in its place passes the same tests. A guess: in the benchmark
of 24 bugs the edits of this kind that passed all tests were wrong, and they are too few to fit it."""
SUREST = 0.98
"""A critic's score counts as at most this far from even."""


@dataclass(frozen=True)
class Seen:
    """A candidate that was evaluated.

    Attributes:
        work: its patch and what is known about it.
        form: equal for patches that are the same but for layout, comments, docstrings and names of local variables.
        files: how many files it changes.
    """

    work: Work
    form: str
    files: int = 1

    @property
    def evaluation(self) -> Evaluation:
        """What running said; of nothing when it was not run."""
        return self.work.evaluation or Evaluation()


@dataclass(frozen=True)
class _Shown:
    """How much of what is known is looked at: the steps in which a probability is explained."""

    origins: frozenset[Origin] = frozenset(NAMES)
    critic: bool = True
    names: bool = True


EVERYTHING = _Shown()


def probabilities(seen: Sequence[Seen], targets: Sequence[Target]) -> list[float]:
    """P(right) of each candidate, given all that is known of all of them."""
    found = [0.0] * len(seen)
    together = _together(seen, targets)
    if together:
        chances = _chances([seen[place] for place in together], targets, EVERYTHING)
        for place, chance in zip(together, chances, strict=True):
            found[place] = _with_statics(chance, seen[place])
    for place in sorted(set(range(len(seen))) - set(together)):
        found[place] = _with_statics(_chances([seen[place]], targets, EVERYTHING)[0], seen[place])
    return found


def explained(seen: Sequence[Seen], place: int, targets: Sequence[Target]) -> Confidence:
    """P(right) of one candidate, with the factor on the odds that each kind of evidence contributed.

    The factors are telescoped: evidence is added kind by kind, and each factor is the ratio of the odds after and
    before. Their product is the odds of the probability.
    """
    own = seen[place]
    together = _together(seen, targets)
    places = together if place in together else [place]
    company, row = [seen[each] for each in places], places.index(place)
    factors: list[tuple[str, float]] = []
    shown = _Shown(frozenset(), critic=False, names=False)
    odds = _odds(_chances([own], targets, shown)[0])
    factors.append(("any patch, before it is run", odds))

    def step(what: str, chance: float) -> None:
        nonlocal odds
        factors.append((what, _odds(chance) / odds))
        odds = _odds(chance)

    for origin, what in _test_words(own, targets):
        shown = replace(shown, origins=shown.origins | {origin})
        step(what, _chances([own], targets, shown)[0])
    shown = replace(shown, origins=EVERYTHING.origins)
    if len(company) > 1:
        step(_company_words(company, row, targets), _chances(company, targets, shown)[row])
    if any(each.work.critique for each in company):
        shown = replace(shown, critic=True)
        said = own.work.critique
        step(f"critic scores {said.score:.2f}" if said else "no critic's score", _chances(company, targets, shown)[row])
    if any(each.evaluation.undefined for each in company):
        shown = replace(shown, names=True)
        count = len(own.evaluation.undefined)
        step(f"{count} names that do not exist", _chances(company, targets, shown)[row])
    factors += _static_factors(own)
    return Confidence(probabilities(seen, targets)[place], tuple(factors))


def matrix_of(seen: Sequence[Seen], targets: Sequence[Target], shown: _Shown = EVERYTHING) -> Matrix:
    """The candidates and what each did on each test.

    A control, which passes on the base, says something only where a candidate fails it. The regression tests are one
    column: whether none broke. A test that a candidate was not run on counts as failed, as regression tests that were
    not run do not: they are left out only when no target passes.
    """
    columns: list[tuple[Test, list[bool]]] = []
    for target in targets:
        origin = ORIGINS[target.origin]
        statuses = [_status(each.evaluation, target) for each in seen]
        if origin in shown.origins and _telling(target, statuses):
            columns.append((Test(origin=origin, name=target.id), [status == "passed" for status in statuses]))
    ran = [each.evaluation.regressions_run and each.evaluation.watched > 0 for each in seen]
    if "regression" in shown.origins and any(ran):
        columns.append((Test(origin="regression"), [not each.evaluation.broken for each in seen]))
    passed = np.array([outcomes for _, outcomes in columns], dtype=np.bool_).reshape(len(columns), len(seen)).T
    candidates = tuple(Candidate(row, each.form, 1, _findings(each, shown)) for row, each in enumerate(seen))
    return Matrix(candidates, tuple(test for test, _ in columns), passed)


def refuted(evaluation: Evaluation, targets: Sequence[Target]) -> bool:
    """Whether a test that can be relied on speaks against it: a given or failing one still fails, or one broke."""
    reliable = [target.id for target in targets if ORIGINS[target.origin] == "given"]
    return bool(evaluation.broken) or any(evaluation.targets.get(test, "passed") != "passed" for test in reliable)


def sound(evaluation: Evaluation, targets: Sequence[Target]) -> bool:
    """Whether no test that can be relied on speaks against it, and all of them were run.

    Tests that were written for the run may be wrong; what they say is weighed in the probability.
    """
    return evaluation.regressions_run and not refuted(evaluation, targets)


def _together(seen: Sequence[Seen], targets: Sequence[Target]) -> list[int]:
    """The places of the candidates that are judged in one matrix: samples that were not refuted, or all samples."""
    sampled = [place for place, each in enumerate(seen) if not each.work.enumerated]
    return [place for place in sampled if not refuted(seen[place].evaluation, targets)] or sampled


def _chances(rows: Sequence[Seen], targets: Sequence[Target], shown: _Shown) -> list[float]:
    posterior = load_patches()
    chances = posterior.chances(patch_evidence(matrix_of(rows, targets, shown), {}))
    return [posterior.of_choice(float(chance)) for chance in chances]


def _status(evaluation: Evaluation, target: Target) -> str:
    return {**evaluation.targets, **evaluation.controls, **evaluation.distinguishing}.get(target.id, "")


def _telling(target: Target, statuses: Sequence[str]) -> bool:
    return any(statuses) and (target.origin != "control" or set(statuses) != {"passed"})


def _findings(each: Seen, shown: _Shown) -> dict[str, float]:
    critique = each.work.critique if shown.critic else None
    score = min(max(critique.score, 1.0 - SUREST), SUREST) if critique else 0.5
    return {
        "undefined": float(bool(each.evaluation.undefined) and shown.names),
        "critic": math.log(score / (1.0 - score)),
        "asked": float(critique is not None),
    }


def _static_factors(each: Seen) -> list[tuple[str, float]]:
    factors = []
    if each.files > 1:
        factors.append((f"it changes {each.files} files", SEVERAL_FILES))
    if each.work.form != 1.0:
        factors.append(("it takes code away or runs less of it", each.work.form))
    if each.evaluation.constant:
        factors.append(("a constant in its place passes the same tests", CONSTANT))
    return factors


def _with_statics(chance: float, each: Seen) -> float:
    odds = _odds(chance) * math.prod(factor for _, factor in _static_factors(each))
    return odds / (1.0 + odds)


def _odds(chance: float) -> float:
    inside = min(max(chance, 1e-9), 1.0 - 1e-9)
    return inside / (1.0 - inside)


def _test_words(own: Seen, targets: Sequence[Target]) -> Iterable[tuple[Origin, str]]:
    evaluation = own.evaluation
    for origin in ("given", "generated", "distinguishing"):
        wanted = [target for target in targets if ORIGINS[target.origin] == origin]
        found = [(target, _status(evaluation, target)) for target in wanted]
        statuses = [status for target, status in found if _telling(target, [status])]
        if statuses:
            yield origin, f"{statuses.count('passed')} of {len(statuses)} {NAMES[origin]} tests pass"
    if evaluation.regressions_run and evaluation.watched:
        broken = len(evaluation.broken)
        number, verb = (broken, "break") if broken else (evaluation.held, "hold")
        yield "regression", f"{number} regression test {verb}s" if number == 1 else f"{number} regression tests {verb}"


def _company_words(company: Sequence[Seen], row: int, targets: Sequence[Target]) -> str:
    behaviour = matrix_of(company, targets).behaviour
    alike = int((behaviour == behaviour[row]).sum())
    return f"{alike} of {len(company)} candidates do the same on the tests"
