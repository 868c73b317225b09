"""One task, end to end: from a repository and an issue to an outcome."""

from __future__ import annotations

import asyncio
import platform
import time
from contextlib import ExitStack
from functools import cache, partial
from importlib.metadata import version
from typing import Any

import prompts
from agent.assembly import Assembly
from agent.config import Settings
from agent.crew import Crew
from agent.designs import Solve, load, source
from agent.execution.testbench import SCREENS, TESTS
from agent.folders import cache_folder
from agent.local_kit import LocalKit
from agent.model.routing import RoleModels
from agent.model.types import Model
from agent.outcome import Outcome, Spending, Status
from agent.policies import maker
from agent.progress import Progress, Silent, Told
from agent.proof import proof_of, ranked
from agent.recorder import Recorder
from agent.roles.team import Team
from agent.shared import Shared, opened
from agent.store.folder import RUN, RunFolder
from agent.store.lock import FolderLock
from agent.store.records import ExecutionRecord
from agent.store.sittings import SITTING, worked
from agent.store.store import RunStore, Store
from agent.toolbox import read_tools
from environments.tasks import Task
from search.budget import Amount, Budget, BudgetExceeded
from search.engine import ExpansionFailed
from search.tree import Node
from tools.errors import BudgetExhausted, DesignFailed, InfrastructureError, TreewrightError
from tools.snapshots import SnapshotStore, patch_bytes


async def solve(
    task: Task,
    settings: Settings,
    folder: RunFolder,
    progress: Progress | None = None,
    *,
    shared: Shared | None = None,
) -> Outcome:
    """Solves `task`, or goes on with the run that `folder` holds.

    What finished before a run was stopped, however it was stopped, is neither paid nor run
    again: calls and executions are answered from the store.

    Args:
        task: what is to be solved.
        settings: how.
        folder: of the run.
        progress: told what happens.
        shared: what this run has in common with others of this process; its own when None.

    Returns:
        solved, abstained or budget; an interrupted or failed run raises instead.

    Raises:
        InputError: the task or the settings cannot be used.
        InfrastructureError: the machine, the model's service or the sandbox failed.
        asyncio.CancelledError: it was interrupted; the store has all that finished.
    """
    if shared is None:
        async with opened(settings) as own:
            return await solve(task, settings, folder, progress, shared=own)
    show = progress or Silent()
    with FolderLock(folder.lock):
        closing = ExitStack()  # in threads: waiting for the disk here would hold up all other runs of the process
        try:
            run = await asyncio.to_thread(_begun, task, settings, folder, closing)
            session = await asyncio.to_thread(_Session, task, settings, folder, run=run, progress=show, shared=shared)
            return await _sitting(session)
        finally:
            await asyncio.to_thread(closing.close)


async def _sitting(session: _Session) -> Outcome:
    try:
        outcome = await session.run_design()
    except asyncio.CancelledError:
        session.interrupted()
        raise
    except TreewrightError as error:
        status: Status = "budget" if isinstance(error, BudgetExhausted) else "failed"
        session.conclude(Outcome(status=status, reason=str(error), hint=error.hint, run=session.place))
        raise
    return await asyncio.to_thread(session.conclude, outcome)


def _begun(task: Task, settings: Settings, folder: RunFolder, closing: ExitStack) -> RunStore:
    """The run, opened."""
    store = closing.enter_context(Store.open(folder.store))
    return store.create_run(RUN, task=_plain(task), config=settings.model_dump(mode="json"), versions=_versions())


class _Session:
    """One sitting of a run: from start or resume to its end or interruption."""

    def __init__(
        self,
        task: Task,
        settings: Settings,
        folder: RunFolder,
        *,
        run: RunStore,
        progress: Progress,
        shared: Shared,
    ) -> None:
        self._shared = shared
        self._task = task
        self._settings = settings
        self._folder = folder
        self._run = run
        self._progress = Told(run, progress)
        self._began = time.monotonic()
        self._earlier = worked(run.events())
        self._spent = run.spend()
        run.event(SITTING, {})
        self._executions = 0
        self._charged = 0.0
        self._nodes = 0
        self._limit: asyncio.Timeout | None = None
        self._fault = ""

    @property
    def place(self) -> str:
        """Where the run is."""
        return str(self._folder.root)

    def interrupted(self) -> None:
        """Writes that it can be gone on with."""
        self._run.set_status("interrupted")

    async def run_design(self) -> Outcome:
        """Lets the design work, and judges what it ended with."""
        solve_with = self._load()
        policies, tools = maker(self._settings.policy), read_tools(self._settings.tools)
        budget = self._budget()
        model = await self._model(budget)
        recorder = Recorder(self._run)
        memory, charge = self._shared.memory, partial(self._charge, budget)
        assembly = Assembly(
            self._task,
            self._settings,
            self._folder,
            journal=self._run,
            model=model,
            progress=self._progress,
            sandboxes=self._shared.sandboxes,
            tools=tools,
            tests=memory.of(self._task, self._settings, self._run, charge) if memory else None,
        )
        snapshots: SnapshotStore | None = None

        async def ground() -> Crew:
            nonlocal snapshots
            snapshots = await assembly.snapshots()
            crew = await assembly.crew(snapshots)
            recorder.based(kit.root, snapshots)
            self._progress.phase("search", f"design {self._settings.design_name}")
            return crew

        kit = LocalKit(
            self._task.problem,
            ground,
            desk=Team(model, prompts.render("issue", problem=self._task.problem)) if model else None,
            observe=recorder.observe,
            budget=budget,
            seed=self._settings.seed,
            concurrency=self._settings.concurrency,
            confidence=self._settings.least_probability,
            observers=(self._progress.event,),
            run=self._run,
            held=self._give_time,
            policies=policies,
        )
        try:
            await asyncio.to_thread(recorder.root, kit.root)
            self._progress.searching(kit.tree, budget, lambda: self._run.spend().calls)
            reason = await self._design(solve_with, kit)
            if kit.failure is not None:
                raise kit.failure
            self._nodes = len(kit.tree) - 1
            if assembly.bench:
                self._executions = assembly.bench.executions
            return await self._judge(kit, snapshots, reason)
        finally:
            await assembly.close()

    def _charge(self, budget: Budget, seconds: float) -> None:
        """Counts what was remembered as if it had been run again."""
        budget.give_time(-seconds)
        self._give_time(-seconds)
        self._charged += seconds

    def _load(self) -> Solve:
        """The design: in this process, or in a sandbox of its own."""
        settings = self._settings
        if not settings.sandboxed:
            return load(settings.design_name)
        from agent.isolation.launch import Sandboxed, Sandboxing
        from environments.registry import create

        environment = create(settings.environment, image=settings.image or None)
        return Sandboxed(source(settings.design_name), Sandboxing(environment), seed=settings.seed)

    async def _design(self, solve_with: Solve, kit: LocalKit) -> str:
        """Runs the design; when the budget ends it, the best node so far is submitted for it."""
        try:
            async with asyncio.timeout(self._budget_seconds(kit)) as self._limit:
                await solve_with(kit)
        except BudgetExceeded as error:
            return f"the budget ended it: {error}"
        except DesignFailed as error:
            self._fault = f"{error.conduct}: {error}"
            return f"the design {self._fault}"
        except ExpansionFailed as error:
            return f"the design gave up: {error}"
        except TimeoutError:
            return f"the budget of {self._settings.max_seconds:g} seconds ended it"
        except BudgetExhausted as error:
            return f"the budget ended it: {error}"
        return kit.submission.reason if kit.submission else "the design ended without an answer"

    def _give_time(self, seconds: float) -> None:
        """A pause does not count."""
        if self._limit is not None and (when := self._limit.when()) is not None:
            self._limit.reschedule(when + seconds)

    async def _judge(self, kit: LocalKit, snapshots: SnapshotStore | None, reason: str) -> Outcome:
        standing = kit.deciding.ranking()
        candidates = [each.node for each in standing]
        submitted = kit.submission.node if kit.submission else None
        if kit.submission is None and candidates and kit.deciding.enough(candidates[0]):
            submitted = candidates[0]  # the budget ended a search that had what it looked for
        node = submitted or (candidates[0] if candidates else None)
        if node is None or snapshots is None:
            status: Status = "budget" if "budget" in reason else "abstained"
            return Outcome(status=status, reason=reason, run=str(self._folder.root))
        confidence = kit.confidence(node)
        patch = snapshots.diff(snapshots.base, kit.work(node).snapshot)
        solved = submitted is not None and bool(patch) and kit.deciding.enough(node)
        if not solved and not reason:
            reason = self._doubt(kit, node, confidence.probability)
        return Outcome(
            status="solved" if solved else "abstained",
            reason="" if solved else reason,
            run=str(self._folder.root),
            node=node.id,
            patch=patch,
            confidence=confidence.probability,
            required=self._settings.least_probability,
            ranking=tuple(ranked(kit, snapshots, each) for each in standing),
            proof=proof_of(kit, node),
        )

    def _doubt(self, kit: LocalKit, node: Node, probability: float) -> str:
        work = kit.work(node)
        critique = work.critique
        if work.evaluation is None:
            return "the best patch was not evaluated"
        if work.evaluation.broken:
            number = len(work.evaluation.broken)
            doubted = ", and its critic holds that the tests are wrong" if critique and critique.blames_tests else ""
            return f"the best patch breaks {number} regression test{'s' if number > 1 else ''}{doubted}"
        reason = f"its probability of being right, {probability:.2f}, is below {self._settings.least_probability:.2f}"
        if work.evaluation.targets and len(work.evaluation.fixed) < len(work.evaluation.targets):
            unfixed = len(work.evaluation.targets) - len(work.evaluation.fixed)
            return f"the best patch leaves {unfixed} of {len(work.evaluation.targets)} target tests failing; {reason}"
        if critique is not None and critique.verdict != "keep":
            return f"the critic would {critique.verdict} the best patch; {reason}"
        return reason

    def conclude(self, outcome: Outcome) -> Outcome:
        """Writes the outcome with what was spent, to the store and as files."""
        spend = self._run.spend()
        spending = Spending(
            usd=spend.usd,
            calls=spend.calls,
            reused=spend.reused,
            tokens=spend.tokens,
            cached=spend.cached,
            executions=sum(record.result.get("runs", 1) for record in self._test_runs()),
            nodes=self._nodes,
            seconds=self._earlier + time.monotonic() - self._began + self._charged,
        )
        outcome = outcome.model_copy(update={"spending": spending, "fault": self._fault})
        try:
            self._folder.patch.write_bytes(patch_bytes(outcome.patch))
            text = outcome.to_json()
            self._folder.outcome.write_text(text)
        except OSError as error:
            raise InfrastructureError(f"cannot write to {self._folder.root}: {error}", hint="free space") from error
        self._run.finish(outcome.model_dump(mode="json"), status=outcome.status)
        return outcome

    def _test_runs(self) -> list[ExecutionRecord]:
        return [record for scope in (TESTS, SCREENS) for record in self._run.executions(scope)]

    async def _model(self, budget: Budget) -> Model | None:
        settings = self._settings
        if self._shared.transport is None:
            return None
        from agent.model.catalog import parse_price
        from agent.model.open import check_models, open_model

        models = RoleModels(settings.model or "replayed", settings.role_models)
        price = parse_price(settings.unknown_price)
        if not settings.replay:
            await check_models(models, price)
        return open_model(
            models,
            transport=self._shared.transport,
            gate=self._shared.gate,
            run=self._run,
            budget=budget,
            unknown_price=price,
            cache=cache_folder() / "answers.db" if settings.cache else None,
        )

    def _budget(self) -> Budget:
        return Budget(
            usd=self._settings.max_cost,
            tokens=self._settings.max_tokens or None,
            nodes=self._settings.node_limit,
            seconds=self._settings.max_seconds,
            spent=Amount(self._spent.usd, self._spent.tokens, 0),
            elapsed=self._earlier,
        )

    @staticmethod
    def _budget_seconds(kit: LocalKit) -> float | None:
        return kit.budget().seconds


def _plain(task: Task) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(task)


@cache
def _versions() -> dict[str, Any]:
    return {"treewright": version("treewright"), "python": platform.python_version(), "prompts": prompts.versions()}
