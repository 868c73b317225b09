"""Mechanical edits drawn in batches and screened by the targets: what is worth a node of the tree."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator, Sequence

from agent.execution.evaluator import Evaluator
from agent.execution.mutants import Mutant, mutants
from agent.work import Work
from tools.localization import RankedFunction
from tools.snapshots import Change, SnapshotFiles, SnapshotStore
from tools.testing.naming import is_test_file
from tools.testing.types import TestReport

FIRST_BATCH = 32
LARGEST_BATCH = 192
UNSCREENED = 1
"""Where edits cannot be screened each is a node."""
FURTHER = 2
"""How many edits of a batch are kept that make no test pass, but let one get further than before."""


class Mutating:
    """The mechanical edits of the snapshots of one task.

    Args:
        functions: what the issue seems to be about, best first; asked when they are needed.
    """

    def __init__(
        self, snapshots: SnapshotStore, evaluator: Evaluator, functions: Callable[[], Sequence[RankedFunction]]
    ) -> None:
        self._snapshots = snapshots
        self._evaluator = evaluator
        self._functions = functions
        self._drawing: dict[str, _Drawing] = {}
        self._lock = asyncio.Lock()

    async def next(self, work: Work) -> list[Work] | None:
        """Screens the next batch of edits; those that are worth a node, or None when there are no more edits."""
        async with self._lock:
            drawing = self._drawing.get(work.snapshot)
            if drawing is None:
                drawing = self._drawing[work.snapshot] = await self._begin(work.snapshot)
            screens = self._evaluator.screens
            batch = await asyncio.to_thread(drawing.draw, 0 if screens else UNSCREENED)
        if not batch:
            return None
        if not screens:
            return [await asyncio.to_thread(self._made, work, mutant) for mutant in batch]
        reports = await self._evaluator.screen(work.snapshot, [mutant.edit for mutant in batch])
        kept = _worth(batch, reports, drawing.report, [target.id for target in self._evaluator.suite.targets])
        return [await asyncio.to_thread(self._made, work, mutant) for mutant in kept]

    async def _begin(self, snapshot: str) -> _Drawing:
        report = await self._evaluator.locate(snapshot)
        targets = [target.id for target in self._evaluator.suite.targets]
        failing = [test for test in targets if report.status(test) != "passed"]
        files = SnapshotFiles(self._snapshots, snapshot)
        return _Drawing(report, mutants(files, report, failing, self._functions()))

    def _made(self, work: Work, mutant: Mutant) -> Work:
        mutation = mutant.mutation
        snapshot = self._snapshots.commit(
            work.snapshot,
            {mutation.path: Change(mutant.edit.content)},
            subject=f"{mutation.template} in {mutation.path}",
            trailers={"Template": mutation.template},
        )
        note = f"{work.note}; {mutant.name}" if work.note else mutant.name
        form = min(work.form, form_factor(mutation.template))
        return Work(snapshot, note=note, form=form, score=work.score * mutation.score, enumerated=True)


class _Drawing:
    """The edits of one snapshot, in batches that grow: the likeliest ones are few."""

    def __init__(self, report: TestReport, edits: Iterator[Mutant]) -> None:
        self.report = report
        self._edits = edits
        self._size = FIRST_BATCH

    def draw(self, limit: int = 0) -> list[Mutant]:
        drawn = list(itertools.islice(self._edits, limit or self._size))
        self._size = min(2 * self._size, LARGEST_BATCH)
        return drawn


FORMS = {"delete": 0.25, "drop_operand": 0.25, "empty_body": 0.25, "swallow": 0.25, "put_under": 0.5}
"""Factors on the odds of being right of an edit that passes the tests. Code that is taken away, or an error that is no
longer raised, takes the failure with it, whether or not it was the fault; code that is put under a condition often does
not run any more either."""


def form_factor(template: str) -> float:
    """How the odds of being right change by the form of an edit that passes the tests."""
    return FORMS.get(template, 1.0)


def _worth(
    batch: Sequence[Mutant], reports: Sequence[TestReport], before: TestReport, targets: Sequence[str]
) -> list[Mutant]:
    """The edits that make more targets pass, and the first few that let one get further."""
    passing = sum(before.status(test) == "passed" for test in targets)
    better, further = [], []
    for mutant, report in zip(batch, reports, strict=True):
        if report.problem == "not run":
            continue
        now = sum(report.status(test) == "passed" for test in targets)
        if now > passing:
            better.append(mutant)
        elif now == passing and any(_further(before, report, test) for test in targets):
            further.append(mutant)
    return better + further[:FURTHER]


def _further(before: TestReport, after: TestReport, test: str) -> bool:
    """Whether the failing test got past the line of its file at which it ended before."""
    lines = []
    for report in (before, after):
        outcome = report.outcomes.get(test)
        frames = [frame for frame in outcome.frames if is_test_file(frame.path)] if outcome else []
        if not frames:
            return False
        lines.append((frames[0].path, frames[0].function, frames[0].line))
    return lines[0][:2] == lines[1][:2] and lines[1][2] > lines[0][2]
