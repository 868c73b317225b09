"""How probable it is that a patch is right, given what was seen of it.

Bayes' rule in odds form with independent pieces of evidence. The likelihood ratios come
from published or recorded outcomes, not from taste; where pieces are correlated (several
reproduction tests by one author share blind spots) only the first counts in full.

Sources: prior, share of right single samples over recorded pools (.22); existing tests on
300 recorded SWE-bench Lite attempts: pass given right .886, pass given wrong .656; generated
tests: .875 and .40; a model critic on production traffic separates little (AUC .48), so its
word moves the odds by at most a factor of two either way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.execution.evaluator import Target
from agent.work import Critique, Evaluation

PRIOR = 0.22
HOLDS = (0.886, 0.656)
REPRODUCED = (0.875, 0.40)
GIVEN = (0.98, 0.15)
RATES: Mapping[str, tuple[float, float]] = {"given": GIVEN, "baseline": GIVEN, "reproduction": REPRODUCED}
NAMES: Mapping[str, str] = {"given": "given", "baseline": "failing", "reproduction": "reproduction"}
BLIND_SPOT = 0.5
"""Each further test of one origin counts half of the one before: they share what their author did not think of."""


@dataclass(frozen=True)
class Confidence:
    """The probability and what moved it, as (what was seen, factor on the odds)."""

    probability: float
    factors: tuple[tuple[str, float], ...]


def confidence(evaluation: Evaluation | None, critique: Critique | None, targets: Sequence[Target]) -> Confidence:
    """P(right | evidence) of one candidate; near zero without any evaluation."""
    factors: list[tuple[str, float]] = []
    if evaluation is None:
        return Confidence(0.0, (("not evaluated", 0.0),))
    origins = {target.id: target.origin for target in targets}
    for origin in ("given", "baseline", "reproduction"):
        statuses = [status for test, status in sorted(evaluation.targets.items()) if origins.get(test) == origin]
        if statuses:
            passed = statuses.count("passed")
            what = f"{passed} of {len(statuses)} {NAMES[origin]} tests pass"
            factors.append((what, _together(RATES[origin], passed, len(statuses) - passed)))
    if evaluation.regressions_run and evaluation.held + len(evaluation.broken):
        broken = bool(evaluation.broken)
        what = (
            f"{len(evaluation.broken)} regression tests break" if broken else f"{evaluation.held} regression tests hold"
        )
        factors.append((what, _ratio(HOLDS, not broken)))
    if critique is not None:
        factors.append((f"critic scores {critique.score:.2f}", 2.0 ** (2 * critique.score - 1)))
    odds = PRIOR / (1 - PRIOR)
    for _, factor in factors:
        odds *= factor
    return Confidence(odds / (1 + odds), tuple(factors))


def _together(rates: tuple[float, float], passed: int, failed: int) -> float:
    """The ratio of tests that share a blind spot; the failures first, as they say more."""
    ratio, weight = 1.0, 1.0
    for success in [False] * failed + [True] * passed:
        ratio *= _ratio(rates, success) ** weight
        weight *= BLIND_SPOT
    return ratio


def _ratio(rates: tuple[float, float], passed: bool) -> float:
    right, wrong = rates
    return right / wrong if passed else (1 - right) / (1 - wrong)
