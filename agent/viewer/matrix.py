"""Candidates by tests: what each patch does to each test, before and after."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from agent.store.records import ExecutionRecord, NodeRecord
from agent.viewer.runs import CANDIDATES
from tools.testing.types import TestReport

REPORTS: TypeAdapter[TestReport] = TypeAdapter(TestReport)
SIGNS = {"passed": "✓", "failed": "✗", "error": "✗", "timeout": "◷", "missing": "?", "skipped": "–", "": "·"}
MAX_ROWS, MAX_COLUMNS = 40, 60


@dataclass(frozen=True)
class Verdict:
    """One test of one candidate: how it ended before and after; "" when it was not run."""

    test: str
    before: str
    after: str
    target: bool

    @property
    def sign(self) -> str:
        """A sign that says it without colour."""
        return SIGNS.get(self.after, "–")


@dataclass(frozen=True)
class Matrix:
    """The grid of a run.

    Attributes:
        tests: the columns: all targets, then every regression test that some candidate broke.
        rows: candidates, best first, with a verdict for each column.
        hidden_rows, hidden_tests: how many are left out.
    """

    tests: tuple[str, ...]
    rows: tuple[tuple[NodeRecord, tuple[Verdict, ...]], ...]
    hidden_rows: int = 0
    hidden_tests: int = 0


def before(execution: ExecutionRecord | None) -> dict[str, str]:
    """How each test ended on the base, from the first run of tests there was."""
    if execution is None or not execution.report:
        return {}
    try:
        report = REPORTS.validate_json(zlib.decompress(execution.report))
    except (zlib.error, ValidationError):
        return {}
    return {test: outcome.status for test, outcome in report.outcomes.items()}


def verdicts(node: NodeRecord, base: Mapping[str, str]) -> list[Verdict]:
    """The tests of one candidate: targets first, then what broke, then what held."""
    evaluation = node.evaluation or {}
    targets: Mapping[str, str] = _asked(evaluation)
    broken = tuple(evaluation.get("broken") or ())
    controls = evaluation.get("controls") or {}
    found = [
        Verdict(test, base.get(test, "passed" if test in controls else "failed"), status, True)
        for test, status in targets.items()
    ]
    found += [Verdict(test, base.get(test, "passed"), "failed", False) for test in broken]
    if evaluation.get("regressions_run"):
        left = [test for test, status in base.items() if status == "passed" and test not in {*targets, *broken}]
        found += [Verdict(test, "passed", "passed", False) for test in left]
    return found


def _asked(evaluation: Mapping[str, Any]) -> dict[str, str]:
    """The targets, what should go on to pass beside them, and the tests that tell finalists apart."""
    kinds = ("targets", "controls", "distinguishing")
    return {test: status for kind in kinds for test, status in (evaluation.get(kind) or {}).items()}


def matrix(nodes: Sequence[NodeRecord], base: Mapping[str, str], chosen: str = "") -> Matrix:
    """The grid of all evaluated candidates."""
    rows = [node for node in nodes if node.kind in CANDIDATES and node.evaluation]
    rows.sort(key=lambda node: (node.id != chosen, -(node.value or 0.0)))
    targets = dict.fromkeys(test for node in rows for test in _asked(node.evaluation or {}))
    broken = dict.fromkeys(test for node in rows for test in ((node.evaluation or {}).get("broken") or ()))
    columns = [*targets, *(test for test in broken if test not in targets)]
    shown = columns[:MAX_COLUMNS]
    grid = []
    for node in rows[:MAX_ROWS]:
        known = {verdict.test: verdict for verdict in verdicts(node, base)}
        run = bool((node.evaluation or {}).get("regressions_run"))
        otherwise = "passed" if run else ""
        cells = [known.get(test) or Verdict(test, base.get(test, ""), otherwise, test in targets) for test in shown]
        grid.append((node, tuple(cells)))
    return Matrix(tuple(shown), tuple(grid), max(0, len(rows) - MAX_ROWS), max(0, len(columns) - MAX_COLUMNS))
