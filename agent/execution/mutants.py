"""Mechanical edits of a snapshot, likeliest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.execution.testbench import FileEdit
from tools.code.definitions import definitions
from tools.faults.suspicious import suspicious_lines
from tools.faults.wording import wording
from tools.localization import RankedFunction
from tools.mechanical.hot import hot_function
from tools.mechanical.mutation import Mutation
from tools.mechanical.propose import parse, propose
from tools.snapshots import SnapshotFiles
from tools.testing.naming import is_test_file
from tools.testing.types import TestReport

REPRESENTATION = frozenset({"__repr__", "__str__", "__format__"})
REPORTING = 0.1
"""Weight of lines that a failing assertion executes only to describe what it compared."""

SILENT = 0.3
"""Weight of lines that share no word with the failing tests."""
SHARPNESS = 3
"""The power of suspiciousness: a formula orders lines, but spreads them too little for probabilities."""


@dataclass(frozen=True)
class Mutant:
    """A mechanical edit: the changed file, and what was changed."""

    edit: FileEdit
    mutation: Mutation

    @property
    def name(self) -> str:
        """A few words for a person."""
        return f"{self.mutation.template} at {self.mutation.path}:{self.mutation.line}"


def mutants(
    files: SnapshotFiles, report: TestReport, failing: Sequence[str], functions: Sequence[RankedFunction]
) -> Iterator[Mutant]:
    """The edits of the lines that failing targets execute, likeliest first; test files are left alone.

    The suspiciousness of a line is halved, except in the functions that the issue seems to be
    about: there by less, the least in the first of them.

    Args:
        files: of the snapshot that is edited.
        report: of the same snapshot, with coverage.
        failing: the targets that fail.
        functions: what the issue seems to be about, best first.
    """
    suspicious: dict[str, dict[int, float]] = {}
    for line in suspicious_lines(report, failing=failing, files=files):
        if files.exists(line.path) and not is_test_file(line.path):
            suspicious.setdefault(line.path, {})[line.line] = line.score**SHARPNESS
    for path, number in _crashes(report, failing):
        if path in suspicious:
            suspicious[path][number] = 1.0
    sources = {path: files.read(path) for path in suspicious}
    shared = wording(files, failing, suspicious)
    for path, lines in suspicious.items():
        weights = _weights(path, sources[path], functions)
        suspicious[path] = {
            line: score * weights.get(line, 0.5) * (SILENT + (1 - SILENT) * shared.get(path, {}).get(line, 0.0))
            for line, score in lines.items()
        }
    exceptions = [outcome.exception for test, outcome in report.outcomes.items() if test in failing]
    parsed = {path: parse(path, content) for path, content in sources.items()}
    for mutation in propose(sources, suspicious, exceptions=exceptions):
        source = parsed[mutation.path]
        edited = source.edited(mutation) if source else None
        if source and edited is not None:
            yield Mutant(FileEdit(mutation.path, edited, hot_function(source, mutation)), mutation)


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


def _crashes(report: TestReport, failing: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Where exceptions were raised, when that was in the code and not in an assertion of the test."""
    for test in failing:
        outcome = report.outcomes.get(test)
        if outcome is not None and outcome.frames and not is_test_file(outcome.frames[-1].path):
            yield outcome.frames[-1].path, outcome.frames[-1].line
