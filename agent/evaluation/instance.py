"""One instance of a benchmark, graded in its own environment by the official rules."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from environments.base import Environment
from environments.benchmarks.model import BenchmarkTask
from environments.provision.ground import ground_of
from environments.provision.prepared import Prepared, Provider
from environments.repositories import is_data, obtain
from environments.verdicts.graded import Graded, Unapplied, grade_tree
from environments.verdicts.judge import Court, Hearing, refusal
from environments.verdicts.official import NOT_HERE, Outcome, official_runner, outcome_of, read, test_files
from environments.verdicts.sealed_run import Ground
from tools.errors import InfrastructureError, InputError
from tools.snapshots import SnapshotFiles, SnapshotStore
from tools.testing.types import TestRunner

SIGNALLED = 128
LOG_CHARACTERS = 4000


@dataclass(frozen=True)
class InstanceResult:
    """What grading an instance found.

    Attributes:
        status: resolved, unresolved, empty, unapplied, refused, tampered, unavailable (no environment) or error (the
            machine failed); the last two say nothing about the patch.
        reason: why it is not resolved.
        fail_to_pass: status per test.
        pass_to_pass: status per test.
        flaky: tests that failed once and passed when they were run again.
        not_here: PASS_TO_PASS tests that fail without the patch, too, so that they say nothing about it; only looked
            for in environments of this machine, as an image has what its tests need.
        left_out: paths of the patch that were not graded, with the reason.
        missing: data files that were empty, as the repository lacks their content.
        fuzzy: the patch applied with some lines of context ignored.
        environment: name of it.
        seconds: it took, without building the environment.
        log: the end of what the run printed, when it is not resolved.
    """

    status: str
    reason: str = ""
    fail_to_pass: Mapping[str, str] = field(default_factory=dict)
    pass_to_pass: Mapping[str, str] = field(default_factory=dict)
    flaky: tuple[str, ...] = ()
    not_here: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    fuzzy: bool = False
    environment: str = ""
    seconds: float = 0.0
    log: str = ""

    @property
    def resolved(self) -> bool:
        """Whether the patch counts as a solution."""
        return self.status == "resolved"

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {"resolved": self.resolved, **asdict(self)}


@dataclass(frozen=True)
class Grader:
    """Grades instances.

    Attributes:
        environments: provides them.
        sandbox: runs the tests of environments that are no images.
        repositories: folder of cloned repositories.
        run_empty: run the tests for an empty patch too, instead of taking it for unresolved.
    """

    environments: Provider
    sandbox: Environment
    repositories: Path
    run_empty: bool = False

    async def grade(self, task: BenchmarkTask, patch: str) -> InstanceResult:
        """Grades a patch; whatever goes wrong with the machine becomes a status of its own."""
        if not patch.strip() and not self.run_empty:
            return InstanceResult("empty", "there is no patch")
        try:
            folder, prepared = await self.environments.prepared(task.task)
        except InputError as error:
            return InstanceResult("unavailable", str(error))
        began = time.monotonic()
        try:
            result = await self._in_environment(task, patch, folder, prepared)
        except (InfrastructureError, InputError) as error:
            result = InstanceResult("error", str(error))
        return replace(result, environment=prepared.name, seconds=round(time.monotonic() - began, 1))

    async def _in_environment(
        self, task: BenchmarkTask, patch: str, folder: Path, prepared: Prepared
    ) -> InstanceResult:
        source = await obtain(task.task.repository, self.repositories, base=task.task.base)
        with tempfile.TemporaryDirectory(prefix="treewright-grade-", ignore_cleanup_errors=True) as name:
            scratch = Path(name)
            store = await asyncio.to_thread(
                SnapshotStore.create, scratch / "store.git", source, task.task.base, may_lack=is_data
            )
            try:
                ground = await asyncio.to_thread(ground_of, folder, prepared, self.sandbox)
                return await _judge(task, patch, prepared, Court(ground, scratch), store)
            finally:
                store.close()


async def _judge(
    task: BenchmarkTask, patch: str, prepared: Prepared, court: Court, store: SnapshotStore
) -> InstanceResult:
    try:
        graded = await asyncio.to_thread(_tree, store, patch, task, court.ground)
    except Unapplied as error:
        return InstanceResult("unapplied", str(error))
    if refused := await asyncio.to_thread(refusal, store, graded):
        return InstanceResult("refused", refused, left_out=graded.left_out)
    runner = official_runner(task.project, SnapshotFiles(store, graded.snapshot), prepared.test, prepared.python)
    trial = _Trial(task, court, store, graded, runner)
    hearing, outcome = await trial.hear()
    if hearing.run.result.exit_code >= SIGNALLED and not outcome.resolved:
        hearing, outcome = await trial.hear()
    flaky: tuple[str, ...] = ()
    if not outcome.failing(outcome.fail_to_pass) and outcome.failing(outcome.pass_to_pass):
        hearing, outcome, flaky = await trial.once_more(hearing, outcome)
        if not prepared.image:
            outcome = await trial.without_what_fails_anyway(hearing, outcome)
    status, reason = _status(hearing, outcome)
    return InstanceResult(
        status,
        reason,
        outcome.fail_to_pass,
        outcome.pass_to_pass,
        flaky,
        tuple(test for test, found in outcome.pass_to_pass.items() if found == NOT_HERE),
        graded.left_out,
        store.missing,
        graded.fuzzy,
        log="" if status == "resolved" else hearing.run.result.output[-LOG_CHARACTERS:],
    )


@dataclass(frozen=True)
class _Trial:
    """The hidden tests of a task on one graded tree, as often as they have to run."""

    task: BenchmarkTask
    court: Court
    store: SnapshotStore
    graded: Graded
    runner: TestRunner

    async def hear(self) -> tuple[Hearing, Outcome]:
        hearing = await self.court.hear(self.store, self.graded, self.runner, test_files(self.task))
        run = hearing.run
        reading = read(self.task.project, run.result.output, run.report, run.opened.report)
        return hearing, outcome_of(self.task, reading)

    async def once_more(self, hearing: Hearing, outcome: Outcome) -> tuple[Hearing, Outcome, tuple[str, ...]]:
        """A PASS_TO_PASS test that passes the second time is flaky; what fails twice counts."""
        second, again = await self.hear()
        failing = set(again.failing(again.pass_to_pass))
        flaky = tuple(test for test in outcome.failing(outcome.pass_to_pass) if test not in failing)
        merged = {**outcome.pass_to_pass, **{test: again.pass_to_pass[test] for test in flaky}}
        honest = second.judgement()[0] == "resolved"
        return hearing if honest else second, replace(outcome, pass_to_pass=merged), flaky

    async def without_what_fails_anyway(self, hearing: Hearing, outcome: Outcome) -> Outcome:
        """Marks the failing PASS_TO_PASS tests that fail on the base, too: the machine lacks what they need.

        An honest run only; the patch has no say in the run that decides.
        """
        failing = outcome.failing(outcome.pass_to_pass)
        if not failing or hearing.judgement()[0] != "resolved":
            return outcome
        graded = await asyncio.to_thread(_tree, self.store, "", self.task, self.court.ground)
        _, base = await replace(self, graded=graded).hear()
        anyway = set(base.failing(base.pass_to_pass))
        marked = {test: NOT_HERE for test in failing if test in anyway}
        return replace(outcome, pass_to_pass={**outcome.pass_to_pass, **marked})


def _tree(store: SnapshotStore, patch: str, task: BenchmarkTask, ground: Ground) -> Graded:
    products = ground.products.files.keys() if ground.products else ()
    return grade_tree(store, patch, task.gold.test_patch, installed=ground.installed, products=products)


def _status(hearing: Hearing, outcome: Outcome) -> tuple[str, str]:
    status, reason = hearing.judgement()
    if status != "resolved":
        return status, reason
    if hearing.run.result.stopped and not outcome.resolved:
        return "unresolved", f"the run was stopped: {hearing.run.result.stopped} limit"
    for name, which in (("FAIL_TO_PASS", outcome.fail_to_pass), ("PASS_TO_PASS", outcome.pass_to_pass)):
        if failing := outcome.failing(which):
            first = f"{failing[0]} {which[failing[0]]}"
            problem = f"; {hearing.run.report.problem[:300]}" if hearing.run.report.problem else ""
            return "unresolved", f"{len(failing)} of {len(which)} {name} did not pass: {first}{problem}"
    if hearing.canaries is not None and (silenced := hearing.canaries.silenced(hearing.run.report)):
        return "tampered", f"a test of known outcome is {hearing.run.report.status(silenced[0])}"
    return ("resolved", "") if outcome.resolved else ("unresolved", "there are no tests to pass")
