"""The report formats of other languages' test tools, one a file.

A reader takes the text a command left and gives outcomes, with a problem where the text disagrees with itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tools.testing.types import Status, TestOutcome

MESSAGE_LENGTH = 8000
SEVERITY: tuple[Status, ...] = ("missing", "skipped", "xfailed", "xpassed", "passed", "failed", "error", "timeout")


@dataclass(frozen=True)
class Reading:
    """What a text says.

    Attributes:
        outcomes: in its order; the same id may come more than once.
        problem: empty, or where the text disagrees with itself.
    """

    outcomes: tuple[TestOutcome, ...] = ()
    problem: str = ""


def worst(outcomes: Iterable[TestOutcome]) -> dict[str, TestOutcome]:
    """By id, the worst outcome of those that share it; in the order of their first appearance."""
    merged: dict[str, TestOutcome] = {}
    for outcome in outcomes:
        known = merged.get(outcome.id)
        if known is None or SEVERITY.index(outcome.status) > SEVERITY.index(known.status):
            merged[outcome.id] = outcome
    return merged
