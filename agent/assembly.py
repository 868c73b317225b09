"""Putting a run together: repository, sandboxes, tests, localization, roles; each step told to the progress."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

from agent.config import Settings
from agent.crew import Crew
from agent.execution.evaluator import Evaluator
from agent.execution.home import Home, benchmark_home
from agent.execution.memory import Journal
from agent.execution.mutating import Mutating
from agent.execution.places import Places
from agent.execution.probing import Prober
from agent.execution.shell import SYSTEM_PATH, Shell
from agent.execution.testbench import CUT_SHORT, TestBench, place_probe
from agent.folders import cache_folder
from agent.model.types import Model
from agent.progress import Progress
from agent.repository_settings import with_repository_settings
from agent.roles.locator import Locator
from agent.roles.team import Team
from agent.shared import Limit
from agent.store.folder import RunFolder
from agent.store.store import RunStore
from agent.toolbox import OwnTool
from environments.base import GIB, Command, Limits, Mount
from environments.interpreters import Interpreter, find_python
from environments.limited import LimitedEnvironment
from environments.registry import create
from environments.repositories import is_data, obtain
from environments.tasks import Task
from environments.workspaces import Workspace, WorkspacePool
from tools.errors import InfrastructureError, InputError
from tools.issues import parse_issue
from tools.localization import Localizer
from tools.snapshots import SnapshotFiles, SnapshotStore
from tools.testing.commands import spoken
from tools.testing.types import TestReport, TestRunner

MOUNT = "/workspace"
OWN_PACKAGES = "python3 -m venv .packages && .packages/bin/pip install -e . pytest"
"""A setup command whose environment the tests then run with; see `WorkspacePool.environment`."""
SETUP_SECONDS = 1800.0
SHELL_SECONDS = 120.0
REGRESSION_FILES = 8
BESIDE_OWN = 2
"""Test files watched besides those of the failing tests, which say most."""
BASELINE_SHARE, LEAST_SECONDS = 1 / 6, 10.0
"""Of the seconds of a run, for one run of tests that can be cut short: what it does not reach is not watched."""


class Assembly:
    """Builds what a kit needs, and takes it down again.

    Args:
        task: what is to be solved.
        settings: how.
        folder: of the run.
        journal: keeps the results of executions.
        model: answers requests; None when there is none.
        progress: told of every phase.
        sandboxes: how many commands run at a time, with those of other runs; None for no limit.
        tools: of the user's, for whoever works with tools.
        tests: keeps the results of tests, when that is another than `journal`.
    """

    def __init__(
        self,
        task: Task,
        settings: Settings,
        folder: RunFolder,
        *,
        journal: RunStore,
        model: Model | None,
        progress: Progress,
        sandboxes: Limit | None = None,
        tools: Sequence[OwnTool] = (),
        tests: Journal | None = None,
    ) -> None:
        self._tools = tools
        self._sandboxes = sandboxes
        self._task = task
        self._settings = settings
        self._folder = folder
        self._journal = journal
        self._tests: Journal = tests or journal
        self._model = model
        self._progress = progress
        self._closing = AsyncExitStack()
        self.bench: TestBench | None = None
        self._setup_is_ours = True

    async def snapshots(self) -> SnapshotStore:
        """The run's snapshots, made or found again."""
        task = self._task
        source = await obtain(task.repository, cache_folder() / "repositories", base=task.base)
        if self._folder.git.exists():
            store = await asyncio.to_thread(SnapshotStore.open, self._folder.git)
        else:
            store = await asyncio.to_thread(
                SnapshotStore.create,
                self._folder.git,
                source,
                task.base,
                include_uncommitted=task.include_uncommitted,
                may_lack=is_data,
            )
        self._closing.callback(store.close)
        detail = f"{task.repository} at {store.source_commit[:12]}"
        self._progress.phase("repository", detail)
        if store.dirty and not task.include_uncommitted:
            left = f"{len(store.uncommitted)} uncommitted changes left out; --include-uncommitted takes them"
            self._progress.phase("repository", left)
        if store.missing:
            what = f"{len(store.missing)} files are empty here, as the repository lacks their content"
            self._progress.phase("repository", f"{what}: {', '.join(store.missing[:3])}")
        if store.submodules:
            self._progress.phase("repository", f"submodules are left empty: {', '.join(store.submodules[:3])}")
        return store

    async def crew(self, snapshots: SnapshotStore) -> Crew:
        """Everything behind the kit, with the baseline measured."""
        files = SnapshotFiles(snapshots, snapshots.base)
        if not files.paths():
            raise InputError("the repository has no files at this revision", hint="give another --base")
        asked = self._task
        self._task, taken = with_repository_settings(asked, files)
        self._setup_is_ours = self._task.setup == asked.setup
        if taken:
            self._progress.phase("repository", taken)
        home = await self._home(snapshots)
        places, python = await self._places(snapshots, home)
        home = replace(home, python=python)
        runner = home.runner(files, self._task.test)
        place_probe(runner, self._folder.probe)
        limits = Limits(memory=4 * GIB, processes=512, disk=2 * GIB)
        bench = TestBench(
            places,
            snapshots,
            runner,
            self._tests,
            probe=self._folder.probe,
            test_seconds=self._settings.test_seconds,
            limits=limits,
        )
        self.bench = bench
        locator = await self._locator(snapshots, files)
        evaluator = Evaluator(bench, snapshots, seconds=self._regression_seconds(runner))
        await self._baseline(evaluator, locator, runner, python)
        return Crew(
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
                env=home.env,
            ),
            team=await self._team(evaluator, locator, runner, snapshots.base),
            text_protocol=_text_protocol(self._settings),
            mutating=Mutating(snapshots, evaluator, lambda: locator.functions),
            prober=Prober(places, snapshots, self._tests, python=python, limits=limits),
            tools=self._tools,
        )

    async def _team(self, evaluator: Evaluator, locator: Locator, runner: TestRunner, base: str) -> Team | None:
        """Who is asked, with what all of them are told; None without a model."""
        if self._model is None:
            return None
        if suspicion := await evaluator.suspicion():
            await asyncio.to_thread(locator.look_again, suspicion)
        suite = evaluator.suite
        context = locator.context(
            self._task.problem, base, runner=spoken(runner), baseline=suite.baseline, why=_last_words(suite.report)
        )
        return Team(self._model, context)

    async def close(self) -> None:
        """Stops what runs and removes the workspaces."""
        await self._closing.aclose()

    async def _home(self, snapshots: SnapshotStore) -> Home:
        """What the repository's code runs with: an environment of a benchmark, or an interpreter of this machine."""
        task = self._task
        if task.environment:
            self._progress.phase("environment", task.environment)
            image = self._settings.image if self._settings.environment == "docker" else ""
            return await benchmark_home(
                task, self._folder.root, docker=self._settings.environment == "docker", image=image
            )
        mount = self._mount(snapshots)
        if self._settings.environment == "docker":
            return Home(task.python or "python3", mount, image=self._settings.image)
        interpreter: Interpreter = await asyncio.to_thread(find_python, task.python or None, snapshots.source)
        return Home(str(interpreter.path), mount, interpreter.mounts)

    async def _places(self, snapshots: SnapshotStore, home: Home) -> tuple[Places, str]:
        environment = create(self._settings.environment, image=home.image or None)
        if self._sandboxes is not None:
            environment = LimitedEnvironment(environment, self._sandboxes)
        mounts = [Mount(self._made(self._folder.probe), str(self._folder.probe)), *home.mounts]
        pool = WorkspacePool(snapshots, self._folder.workspaces, self._settings.concurrency, home.products, home.shelf)
        self._closing.push_async_callback(pool.close)
        places = Places(pool, environment, mount=home.mount, mounts=mounts, scratch=self._folder.reports)
        self._closing.push_async_callback(places.close)
        self._progress.phase("environment", f"{environment.name}, {home.python}")
        if self._task.setup and not pool.prepared:
            await pool.prepare(lambda workspace: self._set_up(places, workspace, home.python))
        own = self._task.setup and "/" not in self._task.python and environment.name != "local"
        if own and (made := pool.environment):
            self._progress.phase("environment", f"{made}, made by the setup command")
            return places, f"{home.mount}/{made}/bin/python"
        return places, home.python

    def _mount(self, snapshots: SnapshotStore) -> str:
        """Where the workspace is seen inside: at the user's own path, so that their editable installs find it."""
        source = snapshots.source
        if (source / ".git").exists() and source.is_absolute() and len(source.parts) > 2:
            return str(source)
        return MOUNT

    async def _set_up(self, places: Places, workspace: Workspace, python: str) -> None:
        self._progress.phase("setup", self._task.setup)
        place = await places.around(workspace)
        command = Command.shell(
            self._task.setup,
            env={"PATH": f"{Path(python).parent}:{SYSTEM_PATH}"} if "/" in python else None,
            limits=Limits(SETUP_SECONDS, memory=8 * GIB, processes=1024, disk=8 * GIB),
            network=self._settings.setup_network and self._setup_is_ours,
        )
        result = await place.sandbox.run(command)
        if not result.ok:
            tail = "\n".join(result.output.strip().splitlines()[-15:])
            why = f"the {result.stopped} limit" if result.stopped else f"exit code {result.exit_code}"
            hint = "check the command"
            if not self._setup_is_ours:
                hint += "; it is the repository's own and gets no network: give it as --setup with --setup-network"
            elif not self._settings.setup_network:
                hint += "; if it downloads something, add --setup-network"
            elif "pip install" in self._task.setup:
                hint += f"; packages go into an environment that it makes: {OWN_PACKAGES}"
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
        return await asyncio.to_thread(Locator, localizer, parse_issue(self._task.problem), files)

    def _regression_seconds(self, runner: TestRunner) -> float:
        begun = Settings(**self._journal.record().config)  # with other limits a resumed run would ask other questions
        share = max(LEAST_SECONDS, BASELINE_SHARE * begun.max_seconds)
        return min(begun.regression_seconds, share if runner.selects and runner.covers else math.inf)

    async def _baseline(self, evaluator: Evaluator, locator: Locator, runner: TestRunner, python: str) -> None:
        failing = self._task.failing_tests
        regression: Sequence[str] = ()
        if runner.selects:
            near = await asyncio.to_thread(locator.regression_tests, REGRESSION_FILES)
            own = tuple(path for path in locator.files if any(_is_in(test, path) for test in failing))
            regression = tuple(dict.fromkeys((*own, *near)))[: len(own) + BESIDE_OWN] if own else near
        self._progress.phase("baseline", f"{runner.name}, {len(regression)} test files" if regression else runner.name)
        suite = await evaluator.measure_base(
            failing, regression, focus=None if self._model is None else locator.lines()
        )
        barren = {path for path in regression if not any(_is_in(test, path) for test in suite.baseline.passing)}
        if len(barren) < len(regression):  # else ids do not tell files, or nothing runs at all
            locator.barren = frozenset(barren)
        still = [test for test in failing if test in suite.baseline.passing]
        if still:
            raise InputError(f"{still[0]} passes on the base", hint="name a test that fails, or another --base")
        absent = [test for test in failing if _is_absent(test, suite.report)]
        if absent and suite.report.problem == CUT_SHORT:
            hint = "give more time: --max-seconds, TREEWRIGHT_TEST_SECONDS"
            raise InputError(f"the test {absent[0]} did not end in its time on the base", hint=hint)
        if absent:
            raise _unknown_test(absent[0], runner.name, suite.report, python)
        if not failing and self._model is None:
            evaluator.adopt_failures()
            if not evaluator.suite.targets:
                raise InputError(
                    "without a model a failing test is needed, and none of the tests fail",
                    hint="give --failing-test ID, or --model NAME",
                )
        if not suite.baseline.passing and not suite.targets:
            self._progress.phase(
                "baseline", f"no test passes: {_last_words(suite.report)}; is a --setup or another --python needed?"
            )
        counts = suite.baseline
        self._progress.phase(
            "baseline", f"{len(counts.passing)} pass, {len(counts.failing)} fail, {len(counts.flaky)} flaky"
        )

    @staticmethod
    def _made(folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def _unknown_test(test: str, runner: str, report: TestReport, python: str) -> InputError:
    """What to do about a test that the runner cannot find, or about a runner that is not there."""
    problem = f"the runner does not know the test {test}" + (f" ({report.problem})" if report.problem else "")
    if report.problem.startswith("the tests cannot start"):
        return InputError(
            f"the tests cannot start with {python}: {report.problem.partition(': ')[2]}",
            hint=f"--python of an environment that has its packages, or --setup-network --setup '{OWN_PACKAGES}'",
        )
    form = {"pytest": "such as tests/test_x.py::test_y", "command": "as its report has it"}.get(runner)
    hint = f"name it as {runner} does, {form or 'such as tests.test_x.Case.test_y'}; it has to be in the commit"
    return InputError(problem, hint=hint)


def _last_words(report: TestReport) -> str:
    """The last line of what the first test that failed says, or what is wrong with the run as a whole."""
    why = next((outcome.message for outcome in report.outcomes.values() if outcome.message), report.problem)
    return why.strip().splitlines()[-1] if why.strip() else "no message"


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
