"""Mechanical edits as snapshots, likeliest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent.crew import Mutant
from agent.execution.evaluator import Suite
from tools.code.definitions import definitions
from tools.faults.suspicious import suspicious_lines
from tools.localization import RankedFunction
from tools.mechanical.mutation import apply
from tools.mechanical.propose import propose
from tools.snapshots import Change, SnapshotFiles, SnapshotStore
from tools.testing.naming import is_test_file

REPRESENTATION = frozenset({"__repr__", "__str__", "__format__"})
REPORTING = 0.1
"""Weight of lines that a failing assertion executes only to describe what it compared."""

SHARPNESS = 3
"""The power of suspiciousness: a formula orders lines, but spreads them too little for probabilities."""


def mutants(
    snapshots: SnapshotStore, snapshot: str, suite: Suite, functions: Sequence[RankedFunction]
) -> Iterator[Mutant]:
    """The edits of the lines that failing targets execute, likeliest first; test files are left alone.

    The suspiciousness of a line is halved, except in the functions that the issue seems to be
    about: there by less, the least in the first of them.
    """
    files = SnapshotFiles(snapshots, snapshot)
    failing = [target.id for target in suite.targets]
    suspicious: dict[str, dict[int, float]] = {}
    for line in suspicious_lines(suite.report, failing=failing, files=files):
        if files.exists(line.path) and not is_test_file(line.path):
            suspicious.setdefault(line.path, {})[line.line] = line.score**SHARPNESS
    for path, number in _crashes(suite, failing):
        if path in suspicious:
            suspicious[path][number] = 1.0
    sources = {path: files.read(path) for path in suspicious}
    for path, lines in suspicious.items():
        weights = _weights(path, sources[path], functions)
        suspicious[path] = {line: score * weights.get(line, 0.5) for line, score in lines.items()}
    exceptions = [outcome.exception for test, outcome in suite.report.outcomes.items() if test in failing]
    for mutation in propose(sources, suspicious, exceptions=exceptions):
        content = apply(sources[mutation.path], mutation)
        trailers = {"Template": mutation.template}
        made = snapshots.commit(
            snapshot,
            {mutation.path: Change(content)},
            subject=f"{mutation.template} in {mutation.path}",
            trailers=trailers,
        )
        yield Mutant(made, f"{mutation.template} at {mutation.path}:{mutation.line}")


def _weights(path: str, source: bytes, functions: Sequence[RankedFunction]) -> dict[int, float]:
    """Weight of the lines of a file whose weight is not one half."""
    weights: dict[int, float] = {}
    for rank, function in enumerate(functions):
        if function.path == path:
            for line in range(function.start, function.end + 1):
                weights.setdefault(line, 0.5 + 0.5 / (1 + rank))
    for definition in definitions(path, source):
        if definition.name.rpartition(".")[2] in REPRESENTATION:
            weights |= dict.fromkeys(range(definition.start, definition.end + 1), REPORTING)
    return weights


def _crashes(suite: Suite, failing: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Where exceptions were raised, when that was in the code and not in an assertion of the test."""
    for test in failing:
        outcome = suite.report.outcomes.get(test)
        if outcome is not None and outcome.frames and not is_test_file(outcome.frames[-1].path):
            yield outcome.frames[-1].path, outcome.frames[-1].line
