"""An evolution from its start, or from where it was left, to its honest end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent import designs as built_in
from agent.batch.executors import Executor
from agent.batch.executors.local import LocalExecutor
from agent.batch.scheduler import Finish
from agent.config import Settings
from agent.evolve import finale
from agent.evolve.archive import Archive, identity
from agent.evolve.exams import Exams
from agent.evolve.layout import EvolutionFolder
from agent.evolve.loop import OPEN, Evolution, running_of
from agent.evolve.meta import MetaAgent
from agent.evolve.novelty import shape
from agent.evolve.offline import Offline
from agent.evolve.plan import PLAN, Plan, check_same, run_settings
from agent.evolve.proposer import Proposer
from agent.evolve.records import DesignRecord
from agent.evolve.report import write_report
from agent.evolve.strategy import create
from agent.evolve.trials import Stopped, Trials
from agent.evolve.watching import State, Unwatched, Watcher
from agent.execution.memory import Memory
from agent.isolation import gate
from agent.model.catalog import parse_price
from agent.model.gate import REQUESTS, LocalGate
from agent.model.open import check_models, open_model
from agent.model.routing import RoleModels
from agent.shared import Shared, opened
from agent.store.lock import FolderLock
from agent.store.store import Store
from tools.errors import InputError

OFFLINE, META = "offline", "meta"
STRATEGY = "hgm"
"""Measured to be the best at equal evaluations: docs/evolution.md."""


@dataclass(frozen=True)
class Options:
    """How an evolution is run.

    Attributes:
        strategy: decides what is developed and tried.
        seeds: names or files of the designs to start with.
        designs: how many new ones may be made.
        evaluations: how many runs on the search split.
        proposer: `offline` or `meta`; by default what there is a model for.
        parallel: things at a time.
        usd: US dollars for all of it, earlier sittings included; None for no limit.
        requests: at a time, to each model.
        finale: whether the end is held; without it the evolution can be gone on with.
        executor: `local`, this process; or `ray`, the machines of a cluster, which see `folder` under the same path.
        address: of the cluster; "" starts one on this machine.
        cpus: processors that each run claims there.
    """

    strategy: str = STRATEGY
    seeds: tuple[str, ...] = ()
    designs: int = 30
    evaluations: int = 200
    proposer: str = ""
    parallel: int = 1
    usd: float | None = None
    requests: int = REQUESTS
    finale: bool = True
    executor: str = "local"
    address: str = ""
    cpus: float = 1.0


@dataclass(frozen=True)
class Summary:
    """What a sitting ended with.

    Attributes:
        finish: whether it came to its end.
        state: at the end.
        end: champion against hand-written; None while there is none.
    """

    finish: Finish
    state: State
    end: Mapping[str, Any] | None

    @property
    def exit_code(self) -> int:
        """0 when it came to its end, else that of what stopped it."""
        return self.finish.exit_code or (3 if self.finish.reason else 0)


async def evolve(
    exams: Exams,
    settings: Settings,
    folder: EvolutionFolder,
    options: Options,
    *,
    watcher: Watcher | None = None,
    executor: Executor | None = None,
    proposer: Proposer | None = None,
) -> Summary:
    """Runs an evolution, or goes on with the one that `folder` holds.

    Raises:
        InputError: the plan cannot be used, differs from what was begun, or another process runs this evolution.
        asyncio.CancelledError: it was interrupted; the archive has all that finished.
    """
    _refuse(settings)
    watching = watcher or Unwatched()
    if settings.has_model and not settings.replay:
        models = RoleModels(settings.model or "replayed", settings.role_models)
        await check_models(models, parse_price(settings.unknown_price))
    plan = planned(exams, settings, options)
    folder.root.mkdir(parents=True, exist_ok=True)
    state = State(plan.strategy)
    async with AsyncExitStack() as stack:
        stack.enter_context(FolderLock(folder.lock))
        archive = stack.enter_context(Archive(folder.archive))
        _open(archive, plan)
        watching.opened(state)
        shared, here = await _workers(settings, folder, options, spent(archive, folder), stack)
        if executor is not None:
            stack.push_async_callback(executor.close)
        trials = Trials(executor or here, plan.settings, folder, running_of(state))
        writer = proposer or _proposer(plan, settings, folder, exams, shared=shared, stack=stack)
        finish = Finish()
        try:
            search = Evolution(
                plan, archive, exams, strategy=create(plan.strategy), proposer=writer, trials=trials,
                watcher=watching, state=state, parallel=options.parallel,
            )  # fmt: skip
            search.refresh()
            if archive.fact(finale.FINALISTS) is None:
                finish = await search.run()
            if options.finale and not finish.reason:
                finish = await _held(archive, exams, trials, watching, options.parallel)
        finally:
            state.usd = spent(archive, folder)
            write_report(folder, archive)
        return Summary(finish, state, archive.fact(finale.END))


async def _workers(
    settings: Settings, folder: EvolutionFolder, options: Options, paid: float, stack: AsyncExitStack
) -> tuple[Shared, Executor]:
    """What the meta agent and the runs share, one budget above all, and what runs the runs.

    Machines of a cluster make each test run anew: the memory of them is a file of this process.

    Raises:
        InputError: there is no such executor, or Ray is not installed.
        InfrastructureError: the cluster cannot be reached.
    """
    if options.executor == "ray":
        from agent.batch.executors.cluster import ClusterOptions, RayExecutor

        cluster = RayExecutor(ClusterOptions(options.address, options.cpus, options.requests, options.usd, paid))
        stack.push_async_callback(cluster.close)
        shared = opened(settings, gate=await cluster.gate(META))
        return await stack.enter_async_context(shared), cluster
    if options.executor != "local":
        raise InputError(f"no executor {options.executor!r}", hint="local, or ray")
    passage = LocalGate(options.requests, usd=options.usd, spent=paid)
    memory = stack.enter_context(Memory(folder.memory))
    sandboxes = max(options.parallel, os.cpu_count() or 1)
    shared = opened(settings, gate=passage, sandboxes=asyncio.Semaphore(sandboxes), memory=memory)
    found = await stack.enter_async_context(shared)
    return found, LocalExecutor(settings, gate=passage, sandboxes=sandboxes, shared=found)


async def _held(archive: Archive, exams: Exams, trials: Trials, watcher: Watcher, parallel: int) -> Finish:
    """The end, or what stopped it."""
    stopped: list[Stopped] = []
    try:
        await finale.hold(archive, exams, trials, watcher, parallel=parallel)
    except* Stopped as group:
        stopped += [error for error in group.exceptions if isinstance(error, Stopped)]
    return stopped[0].finish if stopped else Finish()


def planned(exams: Exams, settings: Settings, options: Options) -> Plan:
    """The plan of what is asked for."""
    proposer = options.proposer or (META if settings.has_model else OFFLINE)
    if proposer == META and not settings.has_model:
        raise InputError("the meta agent needs a model", hint="give --model NAME, or --proposer offline")
    create(options.strategy)
    return Plan(
        strategy=options.strategy,
        proposer=proposer,
        seeds=options.seeds or default_seeds(settings),
        search=tuple(exam.id for exam in exams.search),
        held_out=tuple(exam.id for exam in exams.held_out),
        designs=options.designs,
        evaluations=options.evaluations,
        seed=settings.seed,
        settings=run_settings(settings),
        source=dict(exams.source),
    )


def default_seeds(settings: Settings) -> tuple[str, ...]:
    """Designs to start with: the default, and others that need no more than there is."""
    if not settings.has_model:
        return ("mechanical",)
    return ("linear", "best_of_n", "self_refine", "codetree")


def spent(archive: Archive, folder: EvolutionFolder) -> float:
    """US dollars so far: of all results, of runs that were cut off, and of the meta agent."""
    total = sum(row.usd for row in archive.results())
    kept = {(row.design, row.task) for row in archive.results()}
    for row in (archive.fact(OPEN) or {"open": []})["open"]:
        if "task" in row and (row["design"], row["task"]) not in kept:
            total += _spent(folder.run(row["design"], row["task"], 0).store)
    return total + _spent(folder.meta)


def _spent(path: Path) -> float:
    if not path.exists():
        return 0.0
    with Store.open(path) as store:
        return sum(store.run(record.id).spend().usd for record in store.runs())


def _refuse(settings: Settings) -> None:
    if settings.environment == "local":
        raise InputError(
            "designs that nobody has read are not run without a sandbox",
            hint="use --environment bubblewrap, or docker with an image that has Python",
        )


def _open(archive: Archive, plan: Plan) -> None:
    """Keeps the plan and the seeds, or checks that they are those that were begun with."""
    kept = archive.fact(PLAN)
    if kept is not None:
        old = Plan.model_validate(kept)
        check_same(old, plan)
        if archive.fact(finale.FINALISTS) is not None and (old.designs, old.evaluations) != (
            plan.designs,
            plan.evaluations,
        ):
            raise InputError(
                "this evolution has had its end: its held-out tasks are used up",
                hint="begin another one with --out, with other held-out tasks (--seed)",
            )
    for record in seeds(plan.seeds):
        archive.add(record)
    archive.keep(PLAN, plan.model_dump(mode="json"))


def seeds(names: Sequence[str]) -> list[DesignRecord]:
    """The designs to start with.

    Raises:
        InputError: there is none of that name, or it is not fit for the sandbox.
    """
    found = []
    for name in names:
        code = built_in.source(name)
        if findings := gate.check(code):
            raise InputError(f"{name} cannot be a seed: {findings[0]}", hint="`treewright designs check` says why")
        shown = Path(name).stem if name.endswith(".py") else name
        found.append(DesignRecord(identity(code), shown, code, shape=shape(code)))
    return found


def _proposer(
    plan: Plan, settings: Settings, folder: EvolutionFolder, exams: Exams, *, shared: Shared, stack: AsyncExitStack
) -> Proposer:
    """Who writes designs, by the plan; what the meta agent was answered is kept in a store of its own."""
    if plan.proposer == OFFLINE:
        return Offline()
    assert shared.transport is not None  # planned() refuses the meta agent without a model
    store = stack.enter_context(Store.open(folder.meta))
    model = open_model(
        RoleModels(settings.model or "replayed", settings.role_models),
        transport=shared.transport,
        gate=shared.gate,
        run=store.create_run(META, task={}, config=settings.model_dump(mode="json")),
        unknown_price=parse_price(settings.unknown_price),
    )
    return MetaAgent(model, {exam.id: exam.task.problem for exam in exams.search})
