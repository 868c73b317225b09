"""The judgement of one patch by hidden tests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from environments.base import Limits
from environments.verdicts.canaries import Canaries, make_canaries
from environments.verdicts.graded import Graded, Unapplied, grade_tree
from environments.verdicts.sealed_run import LIMITS, Ground, Run, Tree, run_sealed
from environments.verdicts.suspicious import equals_everything
from tools.snapshots import Change, SnapshotFiles, SnapshotStore
from tools.testing.naming import TEST_FOLDERS, is_test_file
from tools.testing.runners.probed import ProbeRunner
from tools.testing.types import TestRunner

Status = Literal["resolved", "unresolved", "unapplied", "empty", "refused", "tampered"]
INSTALLED = "installed"


@dataclass(frozen=True)
class Verdict:
    """What was found about a patch.

    Attributes:
        status: "resolved" when all hidden tests passed and nothing speaks against it; "tampered" when something
            made tests pass that was no fix; "refused" when the patch holds what no test can see through.
        reason: why it is not resolved.
        tests: status of each hidden test.
        left_out: paths of the patch that were not graded, with the reason.
        fuzzy: the patch applied with some lines of context ignored.
        canaries: how many tests of ours ran among the hidden ones; 0 where the runner is not known.
        seconds: it took.
    """

    status: Status
    reason: str = ""
    tests: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    fuzzy: bool = False
    canaries: int = 0
    seconds: float = 0.0

    @property
    def resolved(self) -> bool:
        """Whether the patch counts as a solution."""
        return self.status == "resolved"


@dataclass(frozen=True)
class Court:
    """Takes verdicts.

    Attributes:
        ground: where.
        scratch: folder for what a verdict needs, gone afterwards.
        per_test_seconds: limit of one phase of one test.
        limits: of a whole run.
    """

    ground: Ground
    scratch: Path
    per_test_seconds: float = 300.0
    limits: Limits = LIMITS

    async def judge(
        self,
        store: SnapshotStore,
        patch: str,
        test_patch: str,
        tests: Sequence[str],
        runner_for: Callable[[SnapshotFiles], TestRunner],
    ) -> Verdict:
        """Grades a patch on the store's base.

        Args:
            store: of the repository; its base is what the patches are for.
            patch: to be graded.
            test_patch: the hidden tests.
            tests: ids that must pass, in the runner's naming.
            runner_for: finds the runner for the graded files.

        Raises:
            InputError: the hidden tests do not apply, or there is no way to run them.
            InfrastructureError: the sandbox failed.
        """
        began = time.monotonic()
        if not patch.strip():
            return Verdict("empty", "there is no patch")
        try:
            graded = await asyncio.to_thread(self.graded, store, patch, test_patch, tests)
        except Unapplied as error:
            return Verdict("unapplied", str(error))
        if found := await asyncio.to_thread(refusal, store, graded):
            return Verdict("refused", found, left_out=graded.left_out)
        runner = runner_for(SnapshotFiles(store, graded.snapshot))
        hearing = await self.hear(store, graded, runner, tests)
        status, reason = hearing.judgement()
        if status == "resolved":
            status, reason = _passed(hearing, tests)
        statuses = {test: hearing.run.report.status(test) for test in tests}
        count = len(hearing.canaries.must_fail + hearing.canaries.must_pass) if hearing.canaries else 0
        seconds = time.monotonic() - began
        return Verdict(status, reason, statuses, graded.left_out, graded.fuzzy, count, round(seconds, 3))

    def graded(self, store: SnapshotStore, patch: str, test_patch: str, tests: Sequence[str]) -> Graded:
        """The tree of the base, the sources of the patch and the hidden tests. Blocking."""
        products = self.ground.products
        return grade_tree(
            store,
            patch,
            test_patch,
            installed=self.ground.installed,
            products=products.files.keys() if products else (),
            run=[test.partition("::")[0] for test in tests if ".py" in test],
        )

    async def hear(self, store: SnapshotStore, graded: Graded, runner: TestRunner, tests: Sequence[str]) -> Hearing:
        """Runs the hidden tests with canaries among them, and once more without the patch where that tells more."""
        files = {entry.path for entry in store.files(graded.snapshot)}
        run_files = [path for path in (_file_of(test, runner, files) for test in tests) if path]
        canaries = None
        snapshot = graded.snapshot
        if isinstance(runner, ProbeRunner) and run_files:
            canaries = make_canaries(runner, _place_for_canaries(run_files))
            snapshot = _with(store, snapshot, canaries)
        held = {*graded.hidden, *run_files, *([canaries.path] if canaries else ())}
        wanted = [*tests, *([canaries.path] if canaries else ())]
        run = await self._run(Tree(store, snapshot, held), runner, wanted)
        hearing = Hearing(graded, run, canaries)
        if hearing.unexplained:
            control = store.commit_tree(store.base, _without(store, graded), subject="Control")
            control = _with(store, control, canaries) if canaries else control
            again = await self._run(Tree(store, control, held), runner, wanted)
            hearing = Hearing(graded, run, canaries, frozenset(again.opened.changed))
        return hearing

    async def _run(self, tree: Tree, runner: TestRunner, tests: Sequence[str]) -> Run:
        return await run_sealed(
            self.ground,
            tree,
            runner,
            tests,
            scratch=self.scratch,
            per_test_seconds=self.per_test_seconds,
            limits=self.limits,
        )


@dataclass(frozen=True)
class Hearing:
    """A run of hidden tests with its canaries.

    Attributes:
        graded: the tree.
        run: what happened.
        canaries: that were among the tests.
        usual: parts of the test framework that the repository replaces by itself, without the patch.
    """

    graded: Graded
    run: Run
    canaries: Canaries | None
    usual: frozenset[str] = frozenset()

    @property
    def unexplained(self) -> list[str]:
        """Replaced parts of the framework of which one cannot tell who replaced them."""
        return [name for name, origin in self.run.opened.changed.items() if origin == "" and name not in self.usual]

    def judgement(self) -> tuple[Status, str]:
        """Says "tampered" with the reason, else "resolved": what the tests themselves say is another question."""
        opened, report = self.run.opened, self.run.report
        if opened.forged:
            return "tampered", f"the report was written to by others: {opened.forged}"
        for name, origin in opened.changed.items():
            if name in self.usual or origin == INSTALLED:
                continue
            if origin in self.graded.kept or not origin:
                return "tampered", f"{name} was replaced by {origin or 'code of no file'}"
        if self.canaries is not None and (betrayed := self.canaries.betrayed(report)):
            return "tampered", f"a test that cannot pass did not fail: {report.status(betrayed[0])}"
        return "resolved", ""


def _passed(hearing: Hearing, tests: Sequence[str]) -> tuple[Status, str]:
    report, result = hearing.run.report, hearing.run.result
    failing = [test for test in tests if report.status(test) != "passed"]
    if result.stopped:
        return "unresolved", f"the run was stopped: {result.stopped} limit"
    if failing:
        why = f"{len(failing)} of {len(tests)} tests did not pass: {failing[0]} {report.status(failing[0])}"
        return "unresolved", f"{why} ({report.problem})" if report.problem else why
    if not tests:
        return "unresolved", "there are no tests to pass"
    if "crashed" in report.problem or "exit code 0" in report.problem:
        return "unresolved", f"the run did not end as it should: {report.problem}"
    if hearing.canaries is not None and (silenced := hearing.canaries.silenced(report)):
        return "tampered", f"a test of known outcome is {report.status(silenced[0])}"
    return "resolved", ""


def refusal(store: SnapshotStore, graded: Graded) -> str:
    """What in the sources of a patch no test can see through; empty for nothing. Blocking."""
    base = store.entries(store.base)
    after = store.entries(graded.snapshot)
    for path in graded.kept:
        if path.endswith(".py") and path in after:
            before = store.read(store.base, path) if path in base else b""
            if found := equals_everything(before, store.read(graded.snapshot, path)):
                return f"{path} adds {found[0]}, whose objects are equal to everything"
    return ""


def _with(store: SnapshotStore, snapshot: str, canaries: Canaries) -> str:
    return store.commit(snapshot, {canaries.path: Change(canaries.source.encode())}, subject="Canaries")


def _without(store: SnapshotStore, graded: Graded) -> str:
    """The tree with the hidden tests, but without the patch."""
    entries = store.entries(graded.snapshot)
    hidden = {path: entries.get(path) for path in graded.hidden}
    return store.trees.update(store.commit_of(store.base).tree, hidden)


def _place_for_canaries(run_files: Sequence[str]) -> str:
    """A file in whose folder tests are found: a test file, else one right below the outermost test folder.

    Folders of data may hold Python files too, whose number some suites count.
    """
    if named := [path for path in run_files if is_test_file(path)]:
        return named[0]
    parts = run_files[0].split("/")
    depth = next((at + 1 for at, part in enumerate(parts[:-1]) if part in TEST_FOLDERS), len(parts) - 1)
    return "/".join([*parts[:depth], parts[-1]])


def _file_of(test: str, runner: TestRunner, files: set[str]) -> str:
    """The file that a test is in, by its path or by its dotted name; empty when there is none."""
    path = test.partition("::")[0]
    if path in files:
        return path if path.endswith(".py") else ""
    top = getattr(runner, "top", None) or ""
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        candidate = "/".join([*([top] if top else []), *parts[:length]]) + ".py"
        if candidate in files:
            return candidate
    return ""
