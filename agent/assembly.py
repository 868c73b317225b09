"""Putting a run together: repository, sandboxes, tests, localization, roles; each step told to the progress."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from agent.config import Settings
from agent.crew import Crew, Mutant
from agent.execution.evaluator import Evaluator
from agent.execution.places import Places
from agent.execution.shell import Shell
from agent.execution.testbench import TestBench, place_probe
from agent.folders import cache_folder
from agent.model.types import Model
from agent.progress import Progress
from agent.repositories import obtain
from agent.roles.locator import Locator
from agent.roles.team import Team
from agent.store.folder import RunFolder
from agent.store.store import RunStore
from environments.base import GIB, Command, Limits, Mount
from environments.interpreters import Interpreter, find_python
from environments.registry import create
from environments.tasks import Task
from environments.workspaces import Workspace, WorkspacePool
from search.events import Event
from tools.errors import InfrastructureError, InputError
from tools.issues import parse_issue
from tools.localization import Localizer
from tools.snapshots import SnapshotFiles, SnapshotStore
from tools.testing.detect import detect
from tools.testing.types import TestReport, TestRunner

MOUNT = "/workspace"
SETUP_SECONDS = 1800.0
SHELL_SECONDS = 120.0
REGRESSION_FILES = 8
RANKED_FILES = 50
BESIDE_OWN = 2
"""Test files watched besides those of the failing tests, which say most."""


class Assembly:
    """Builds what a kit needs, and takes it down again.

    Args:
        task: what is to be solved.
        settings: how.
        folder: of the run.
        journal: keeps the results of executions.
        model: answers requests; None when there is none.
        observe: told of every event of the tree.
        progress: told of every phase.
    """

    def __init__(
        self,
        task: Task,
        settings: Settings,
        folder: RunFolder,
        *,
        journal: RunStore,
        model: Model | None,
        observe: Callable[[Event], None],
        progress: Progress,
    ) -> None:
        self._task = task
        self._settings = settings
        self._folder = folder
        self._journal = journal
        self._model = model
        self._observe = observe
        self._progress = progress
        self._closing = AsyncExitStack()
        self.bench: TestBench | None = None

    async def snapshots(self) -> SnapshotStore:
        """The run's snapshots, made or found again."""
        task = self._task
        source = await obtain(task.repository, cache_folder() / "repositories")
        if self._folder.git.exists():
            store = await asyncio.to_thread(SnapshotStore.open, self._folder.git)
        else:
            store = await asyncio.to_thread(
                SnapshotStore.create, self._folder.git, source, task.base, include_uncommitted=task.include_uncommitted
            )
        self._closing.callback(store.close)
        detail = f"{task.repository} at {store.source_commit[:12]}"
        if store.dirty and not task.include_uncommitted:
            detail += f" ({len(store.uncommitted)} uncommitted changes left out; --include-uncommitted takes them)"
        self._progress.phase("repository", detail)
        if store.submodules:
            self._progress.phase("repository", f"submodules are left empty: {', '.join(store.submodules[:3])}")
        return store

    async def crew(self, snapshots: SnapshotStore) -> Crew:
        """Everything behind the kit, with the baseline measured."""
        files = SnapshotFiles(snapshots, snapshots.base)
        if not files.paths():
            raise InputError("the repository has no files at this revision", hint="give another --base")
        places, python = await self._places(snapshots)
        runner = detect(files, command=self._task.test or None, python=python)
        place_probe(runner, self._folder.probe)
        limits = Limits(memory=4 * GIB, processes=512, disk=2 * GIB)
        bench = TestBench(
            places,
            snapshots,
            runner,
            self._journal,
            probe=self._folder.probe,
            test_seconds=self._settings.test_seconds,
            limits=limits,
        )
        self.bench = bench
        locator = await self._locator(snapshots, files)
        evaluator = Evaluator(bench, snapshots, seconds=self._settings.regression_seconds)
        await self._baseline(evaluator, locator, runner)
        team = None
        if self._model is not None:
            baseline = evaluator.suite.baseline
            context = locator.context(self._task.problem, snapshots.base, runner=runner.name, baseline=baseline)
            team = Team(self._model, context)
        return Crew(
            self._task.problem,
            snapshots,
            self._settings,
            locator=locator,
            evaluator=evaluator,
            bench=bench,
            shell=Shell(
                places,
                self._journal,
                Limits(SHELL_SECONDS, memory=4 * GIB, processes=512),
                programs=str(Path(python).parent) if "/" in python else "",
            ),
            team=team,
            text_protocol=_text_protocol(self._settings),
            mutants=self._mutants(snapshots, evaluator, locator),
            observe=self._observe,
        )

    async def close(self) -> None:
        """Stops what runs and removes the workspaces."""
        await self._closing.aclose()

    async def _places(self, snapshots: SnapshotStore) -> tuple[Places, str]:
        environment = create(self._settings.environment, image=self._settings.image or None)
        mount = self._mount(snapshots)
        mounts = [Mount(self._made(self._folder.probe), str(self._folder.probe))]
        python = self._task.python or "python3"
        if environment.name != "docker":
            interpreter: Interpreter = await asyncio.to_thread(find_python, self._task.python or None, snapshots.source)
            python = str(interpreter.path)
            mounts += interpreter.mounts
        pool = WorkspacePool(snapshots, self._folder.workspaces, self._settings.concurrency)
        self._closing.push_async_callback(pool.close)
        places = Places(pool, environment, mount=mount, mounts=mounts, scratch=self._folder.reports)
        self._closing.push_async_callback(places.close)
        self._progress.phase("environment", f"{environment.name}, {python}")
        if self._task.setup and not pool.prepared:
            await pool.prepare(lambda workspace: self._set_up(places, workspace))
        return places, python

    def _mount(self, snapshots: SnapshotStore) -> str:
        """Where the workspace is seen inside: at the user's own path, so that their editable installs find it."""
        source = snapshots.source
        if (source / ".git").exists() and source.is_absolute() and len(source.parts) > 2:
            return str(source)
        return MOUNT

    async def _set_up(self, places: Places, workspace: Workspace) -> None:
        self._progress.phase("setup", self._task.setup)
        place = await places.around(workspace)
        command = Command.shell(
            self._task.setup,
            limits=Limits(SETUP_SECONDS, memory=8 * GIB, processes=1024, disk=8 * GIB),
            network=self._settings.setup_network,
        )
        result = await place.sandbox.run(command)
        if not result.ok:
            tail = "\n".join(result.output.strip().splitlines()[-15:])
            why = f"the {result.stopped} limit" if result.stopped else f"exit code {result.exit_code}"
            hint = "check the command"
            if not self._settings.setup_network:
                hint += "; if it downloads something, add --setup-network"
            raise InfrastructureError(f"the setup command ended with {why}:\n{tail}", hint=hint)

    async def _locator(self, snapshots: SnapshotStore, files: SnapshotFiles) -> Locator:
        self._progress.phase("localization", f"{len(files.paths())} files")
        localizer = await asyncio.to_thread(
            Localizer,
            snapshots.git_dir,
            snapshots.base,
            history=snapshots.source,
            history_commit=snapshots.source_commit,
        )
        ranking = await asyncio.to_thread(localizer.rank, parse_issue(self._task.problem), k=RANKED_FILES)
        return Locator(localizer, ranking, files)

    async def _baseline(self, evaluator: Evaluator, locator: Locator, runner: TestRunner) -> None:
        failing = self._task.failing_tests
        regression: Sequence[str] = ()
        if runner.selects:
            near = locator.regression_tests(REGRESSION_FILES)
            own = tuple(path for path in locator.files if any(_is_in(test, path) for test in failing))
            regression = tuple(dict.fromkeys((*own, *near)))[: len(own) + BESIDE_OWN] if own else near
        self._progress.phase("baseline", f"{runner.name}, {len(regression)} test files" if regression else runner.name)
        suite = await evaluator.measure_base(failing, regression, coverage=bool(failing) or self._model is None)
        still = [test for test in failing if test in suite.baseline.passing]
        if still:
            raise InputError(f"{still[0]} passes on the base", hint="name a test that fails, or another --base")
        absent = [test for test in failing if _is_absent(test, suite.report)]
        if absent:
            raise InputError(
                f"the runner does not know the test {absent[0]}"
                + (f" ({suite.report.problem})" if suite.report.problem else ""),
                hint="name it as the test runner does, such as tests/test_x.py::test_y",
            )
        if not failing and self._model is None:
            evaluator.adopt_failures()
            if not evaluator.suite.targets:
                raise InputError(
                    "without a model a failing test is needed, and none of the tests fail",
                    hint="give --failing-test ID, or --model NAME",
                )
        if not suite.baseline.passing and not suite.targets:
            why = next(
                (outcome.message for outcome in suite.report.outcomes.values() if outcome.message), suite.report.problem
            )
            last = why.strip().splitlines()[-1] if why.strip() else "no message"
            self._progress.phase("baseline", f"no test passes: {last}; is a --setup or another --python needed?")
        counts = suite.baseline
        self._progress.phase(
            "baseline", f"{len(counts.passing)} pass, {len(counts.failing)} fail, {len(counts.flaky)} flaky"
        )

    def _mutants(
        self, snapshots: SnapshotStore, evaluator: Evaluator, locator: Locator
    ) -> Callable[[str], Iterator[Mutant]]:
        from agent.execution.mutants import mutants

        return lambda snapshot: mutants(snapshots, snapshot, evaluator.suite, locator.functions)

    @staticmethod
    def _made(folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def _is_absent(test: str, report: TestReport) -> bool:
    """Whether the runner has no such test: it is not in the report, or could not be loaded."""
    return report.status(test) == "missing" or (
        report.problem.startswith("collection failed") and test in report.problem
    )


def _is_in(test: str, path: str) -> bool:
    """Whether a test id, by path or by dotted name, belongs to a file."""
    return test.partition("::")[0] == path or test.startswith(path.removesuffix(".py").replace("/", ".") + ".")


def _text_protocol(settings: Settings) -> bool:
    if settings.protocol != "auto":
        return settings.protocol == "text"
    if not settings.model:
        return False
    from agent.model.catalog import calls_tools

    return not calls_tools(settings.model)
