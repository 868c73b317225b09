"""One task, end to end: from a repository and an issue to an outcome."""

from __future__ import annotations

import asyncio
import platform
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import prompts
from agent.assembly import Assembly
from agent.config import Settings
from agent.designs import load
from agent.folders import cache_folder
from agent.kit import Kit
from agent.model.catalog import parse_price
from agent.model.open import check_models, open_model
from agent.model.routing import RoleModels
from agent.model.types import Model
from agent.outcome import Factor, Outcome, Proof, Spending, Status
from agent.progress import Progress, Silent
from agent.recorder import Recorder
from agent.store.folder import RunFolder
from agent.store.lock import FolderLock
from agent.store.records import EventRecord
from agent.store.store import RunStore, Store
from environments.tasks import Task
from search.budget import Amount, Budget, BudgetExceeded
from search.tree import Node
from tools.errors import BudgetExhausted, InfrastructureError, TreewrightError
from tools.snapshots import SnapshotStore, patch_bytes

RUN = "run"
SITTING = "sitting"


async def solve(task: Task, settings: Settings, folder: RunFolder, progress: Progress | None = None) -> Outcome:
    """Solves `task`, or goes on with the run that `folder` holds.

    What finished before a run was stopped, however it was stopped, is neither paid nor run
    again: calls and executions are answered from the store.

    Returns:
        solved, abstained or budget; an interrupted or failed run raises instead.

    Raises:
        InputError: the task or the settings cannot be used.
        InfrastructureError: the machine, the model's service or the sandbox failed.
        asyncio.CancelledError: it was interrupted; the store has all that finished.
    """
    show = progress or Silent()
    with FolderLock(folder.lock), Store.open(folder.store) as store:
        run = store.create_run(RUN, task=_plain(task), config=settings.model_dump(mode="json"), versions=_versions())
        run.set_status("running")
        session = _Session(task, settings, folder, run, show)
        try:
            outcome = await session.run_design()
        except asyncio.CancelledError:
            run.set_status("interrupted")
            raise
        except TreewrightError as error:
            status: Status = "budget" if isinstance(error, BudgetExhausted) else "failed"
            session.conclude(Outcome(status=status, reason=str(error), hint=error.hint, run=str(folder.root)))
            raise
        return session.conclude(outcome)


class _Session:
    """One sitting of a run: from start or resume to its end or interruption."""

    def __init__(self, task: Task, settings: Settings, folder: RunFolder, run: RunStore, progress: Progress) -> None:
        self._task = task
        self._settings = settings
        self._folder = folder
        self._run = run
        self._progress = progress
        self._began = time.monotonic()
        self._earlier = worked(run.events())
        run.event(SITTING, {})
        self._executions = 0
        self._nodes = 0

    async def run_design(self) -> Outcome:
        """Lets the design work, and judges what it ended with."""
        solve_with = load(self._settings.design_name)
        budget = self._budget()
        model = await self._model(budget)
        recorder = Recorder(self._run)
        assembly = Assembly(
            self._task,
            self._settings,
            self._folder,
            journal=self._run,
            model=model,
            observe=recorder.observe,
            progress=self._progress,
        )
        try:
            snapshots = await assembly.snapshots()
            crew = await assembly.crew(snapshots)
            kit = Kit(
                crew,
                budget,
                seed=self._settings.seed,
                concurrency=self._settings.concurrency,
                confidence=self._settings.confidence,
                observers=(self._progress.event,),
            )
            recorder.root(kit.root)
            self._progress.phase("search", f"design {self._settings.design_name}")
            self._progress.searching(kit.tree, budget, lambda: self._run.spend().calls)
            reason = await self._design(solve_with, kit)
            self._nodes = len(kit.tree) - 1
            if assembly.bench:
                self._executions = assembly.bench.executions
            return await self._judge(kit, snapshots, reason)
        finally:
            await assembly.close()

    async def _design(self, solve_with: Any, kit: Kit) -> str:
        """Runs the design; when the budget ends it, the best node so far is submitted for it."""
        try:
            async with asyncio.timeout(self._budget_seconds(kit)):
                await solve_with(kit)
        except BudgetExceeded as error:
            return f"the budget ended it: {error}"
        except TimeoutError:
            return f"the budget of {self._settings.max_seconds:g} seconds ended it"
        except BudgetExhausted as error:
            return f"the budget ended it: {error}"
        return kit.submission.reason if kit.submission else "the design ended without an answer"

    async def _judge(self, kit: Kit, snapshots: SnapshotStore, reason: str) -> Outcome:
        candidates = kit.candidates()
        submitted = kit.submission.node if kit.submission else None
        node = submitted or (candidates[0] if candidates else None)
        if node is None:
            status: Status = "budget" if "budget" in reason else "abstained"
            return Outcome(status=status, reason=reason, run=str(self._folder.root))
        confidence = kit.confidence(node)
        patch = snapshots.diff(snapshots.base, kit.work(node).snapshot)
        solved = submitted is not None and bool(patch) and kit.accepted(node)
        if not solved and not reason:
            reason = self._doubt(kit, node, confidence.probability)
        snapshots.keep(f"answer-{node.id}", kit.work(node).snapshot)
        return Outcome(
            status="solved" if solved else "abstained",
            reason="" if solved else reason,
            run=str(self._folder.root),
            node=node.id,
            patch=patch,
            confidence=confidence.probability,
            proof=_proof(kit, node),
        )

    def _doubt(self, kit: Kit, node: Node, probability: float) -> str:
        work = kit.work(node)
        if work.evaluation is None:
            return "the best patch was not evaluated"
        if work.evaluation.broken:
            return f"the best patch breaks {len(work.evaluation.broken)} regression tests"
        if work.evaluation.targets and len(work.evaluation.fixed) < len(work.evaluation.targets):
            unfixed = len(work.evaluation.targets) - len(work.evaluation.fixed)
            return f"the best patch leaves {unfixed} of {len(work.evaluation.targets)} target tests failing"
        if work.critique is not None and work.critique.verdict != "keep":
            return f"the critic would {work.critique.verdict} the best patch"
        return f"its probability of being right, {probability:.2f}, is below {self._settings.confidence:.2f}"

    def conclude(self, outcome: Outcome) -> Outcome:
        """Writes the outcome with what was spent, to the store and as files."""
        spend = self._run.spend()
        spending = Spending(
            usd=spend.usd,
            calls=spend.calls,
            tokens=spend.tokens,
            cached=spend.cached,
            executions=len(self._run.executions("tests")),
            nodes=self._nodes,
            seconds=self._earlier + time.monotonic() - self._began,
        )
        outcome = outcome.model_copy(update={"spending": spending})
        try:
            self._folder.patch.write_bytes(patch_bytes(outcome.patch))
            text = outcome.model_dump_json(indent=1)
            self._folder.outcome.write_text(text)
        except OSError as error:
            raise InfrastructureError(f"cannot write to {self._folder.root}: {error}", hint="free space") from error
        self._run.finish(outcome.model_dump(mode="json"), status=outcome.status)
        return outcome

    async def _model(self, budget: Budget) -> Model | None:
        settings = self._settings
        if not settings.has_model:
            return None
        models = RoleModels(settings.model or "replayed", settings.role_models)
        price = parse_price(settings.unknown_price)
        if not settings.replay:
            await check_models(models, price)
        return open_model(
            models,
            run=self._run,
            budget=budget,
            unknown_price=price,
            cache=cache_folder() / "answers.db" if settings.cache else None,
            replay=Path(settings.replay) if settings.replay else None,
            record_to=Path(settings.record) if settings.record else None,
        )

    def _budget(self) -> Budget:
        spend = self._run.spend()
        return Budget(
            usd=self._settings.max_cost,
            tokens=self._settings.max_tokens or None,
            nodes=self._settings.node_limit,
            seconds=self._settings.max_seconds,
            spent=Amount(spend.usd, spend.tokens, 0),
            elapsed=self._earlier,
        )

    @staticmethod
    def _budget_seconds(kit: Kit) -> float | None:
        return kit.budget().seconds


def worked(events: Sequence[EventRecord]) -> float:
    """Seconds from the start of each sitting to the last thing that happened in it, summed."""
    total = 0.0
    began = last = None
    for event in events:
        if event.kind == SITTING:
            total += (last - began) if began is not None and last is not None else 0.0
            began = event.created
        last = event.created
    return total + ((last - began) if began is not None and last is not None else 0.0)


def _proof(kit: Kit, node: Node) -> Proof:
    work = kit.work(node)
    evaluation = work.evaluation
    factors = tuple(Factor(evidence=what, odds=odds) for what, odds in kit.confidence(node).factors)
    critic = f"{work.critique.verdict} ({work.critique.score:.2f}): {work.critique.reasons}" if work.critique else ""
    if evaluation is None:
        return Proof(critic=critic, factors=factors)
    unfixed = tuple(test for test in evaluation.targets if test not in evaluation.fixed)
    return Proof(
        fixed=evaluation.fixed,
        unfixed=unfixed,
        held=evaluation.held,
        broken=evaluation.broken,
        critic=critic,
        factors=factors,
    )


def _plain(task: Task) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(task)


def _versions() -> dict[str, Any]:
    return {"treewright": version("treewright"), "python": platform.python_version(), "prompts": prompts.versions()}
