"""Mechanical edits as snapshots, likeliest first."""

from __future__ import annotations

from collections.abc import Iterator

from agent.crew import Mutant
from agent.execution.evaluator import Suite
from tools.faults.suspicious import suspicious_lines
from tools.mechanical.mutation import apply
from tools.mechanical.propose import propose
from tools.snapshots import Change, SnapshotFiles, SnapshotStore
from tools.testing.naming import is_test_file


def mutants(snapshots: SnapshotStore, snapshot: str, suite: Suite) -> Iterator[Mutant]:
    """The edits of the lines that failing targets execute, by suspiciousness and prior; test files are left alone."""
    files = SnapshotFiles(snapshots, snapshot)
    failing = [target.id for target in suite.targets]
    suspicious: dict[str, dict[int, float]] = {}
    for line in suspicious_lines(suite.report, failing=failing, files=files):
        if files.exists(line.path) and not is_test_file(line.path):
            suspicious.setdefault(line.path, {})[line.line] = line.score
    sources = {path: files.read(path) for path in suspicious}
    for mutation in propose(sources, suspicious):
        content = apply(sources[mutation.path], mutation)
        trailers = {"Template": mutation.template}
        made = snapshots.commit(
            snapshot,
            {mutation.path: Change(content)},
            subject=f"{mutation.template} in {mutation.path}",
            trailers=trailers,
        )
        yield Mutant(made, f"{mutation.template} at {mutation.path}:{mutation.line}")
