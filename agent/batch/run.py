"""A batch from its start, or from where it was left, to its files."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from agent.batch.executors import Executor
from agent.batch.executors.local import MORE_THREADS, LocalExecutor
from agent.batch.layout import BatchFolder
from agent.batch.ledger import Ledger, Totals
from agent.batch.manifest import check_same, describe, read_manifest, write_manifest
from agent.batch.predictions import write_predictions
from agent.batch.report import write_report
from agent.batch.scheduler import Finish, Scheduler
from agent.batch.status import AGENT_ENDINGS, Status
from agent.batch.watching import Unwatched, Watcher
from agent.config import Settings
from agent.designs import load
from agent.model.catalog import parse_price
from agent.model.gate import REQUESTS, LocalGate
from agent.model.open import check_models
from agent.model.recorded import RecordedTransport
from agent.model.routing import RoleModels
from agent.store.lock import FolderLock
from agent.store.records import Spend
from agent.store.store import Store
from environments.tasks import Task
from tools.errors import InputError, TreewrightError

ALL = "all"


@dataclass(frozen=True)
class Options:
    """How a batch is run.

    Attributes:
        jobs: tasks at a time.
        requests: at a time, to each model.
        sandboxes: commands at a time.
        usd: US dollars for all tasks, those of earlier sittings included; None for no limit.
        retry_infra: how often an infrastructure failure is tried again in one sitting.
        redo: ended tasks to do over: ids, statuses, or `all` that an agent ended.
        abstentions: whether patches that their runs do not believe in are predictions too.
        name: of the system in the predictions; made of design and model when empty.
        source: where the tasks come from, for the manifest.
        executor: `local`, this machine; or `ray`, the machines of a cluster.
        workers: processes on this machine that share the tasks; 1 for this one alone.
        address: of the cluster; "" starts one on this machine.
        cpus: processors that each task claims there.
        store: URL of the PostgreSQL that has the ledger; "" for the one that the batch began with, or a file.
    """

    jobs: int = 1
    requests: int = REQUESTS
    sandboxes: int = 1
    usd: float | None = None
    retry_infra: int = 1
    redo: tuple[str, ...] = ()
    abstentions: bool = False
    name: str = ""
    source: Mapping[str, Any] = field(default_factory=dict)
    executor: str = "local"
    workers: int = 1
    address: str = ""
    cpus: float = 1.0
    store: str = field(default="", repr=False)  # there may be a password in it


@dataclass(frozen=True)
class Summary:
    """What a sitting of a batch ended with.

    Attributes:
        finish: whether it came to its end.
        totals: of the whole batch.
        predictions: how many were written.
    """

    finish: Finish
    totals: Totals
    predictions: int

    @property
    def exit_code(self) -> int:
        """0 all tasks ended without an infrastructure failure, 3 some did not, 4 the money for all of them is spent."""
        return (
            self.finish.exit_code or 3
            if self.finish.reason or self.totals.counts.get("failed-infra") or self.totals.open
            else 0
        )


async def run_batch(
    tasks: Sequence[Task],
    settings: Settings,
    folder: BatchFolder,
    options: Options,
    *,
    watcher: Watcher | None = None,
    executor: Executor | None = None,
) -> Summary:
    """Runs the tasks that are not ended yet, and writes predictions.

    Raises:
        InputError: the settings cannot be used, differ from those that the batch was begun with, another process
            runs this batch, or the database holds another one.
        asyncio.CancelledError: it was interrupted; the files are written all the same.
    """
    load(settings.design_name)
    if options.workers > 1 and options.executor == "local" and executor is None:
        from agent.batch.executors.workers import prepare

        prepare(settings)
    if settings.has_model and not settings.replay:
        await check_models(
            RoleModels(settings.model or "replayed", settings.role_models), parse_price(settings.unknown_price)
        )
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(options.jobs + MORE_THREADS, "batch"))
    with FolderLock(folder.lock), _open(tasks, settings, folder, options) as ledger:
        ledger.add(tasks)
        _reopen(ledger, folder, options.redo)
        settle(ledger, folder)
        workers = executor or open_executor(settings, options, ledger.totals().usd)
        scheduler = Scheduler(
            folder,
            ledger,
            workers,
            settings,
            jobs=options.jobs,
            retry_infra=options.retry_infra,
            watcher=watcher or Unwatched(),
        )
        try:
            finish = await scheduler.run()
        finally:
            await workers.close()
            settle(ledger, folder)
            written = write_outputs(folder, ledger, options)
        return Summary(finish, ledger.totals(), written)


def open_executor(settings: Settings, options: Options, spent: float) -> Executor:
    """What runs the tasks; `spent` US dollars are spent already.

    Raises:
        InputError: there is no such executor, Ray is not installed, or several workers cannot share the recording.
    """
    if options.executor == "local" and options.workers > 1:
        from agent.batch.executors.coordinator import Coordinator
        from agent.batch.executors.workers import WorkersExecutor

        if settings.replay and not RecordedTransport(Path(settings.replay)).unordered:
            raise InputError(
                f"{settings.replay} has answers that are given one after another, which only one process can do",
                hint="--workers 1",
            )
        coordinator = Coordinator(options.requests, options.usd, spent, options.sandboxes)
        return WorkersExecutor(settings, workers=options.workers, jobs=options.jobs, coordinator=coordinator)
    if options.executor == "local":
        gate = LocalGate(options.requests, usd=options.usd, spent=spent)
        return LocalExecutor(settings, gate=gate, sandboxes=options.sandboxes)
    if options.executor != "ray":
        raise InputError(f"no executor {options.executor!r}", hint="local, or ray")
    from agent.batch.executors.cluster import ClusterOptions, RayExecutor

    return RayExecutor(ClusterOptions(options.address, options.cpus, options.requests, options.usd, spent))


def settle(ledger: Ledger, folder: BatchFolder) -> None:
    """Write what tasks have cost that came to no outcome, by their runs' stores; a damaged one changes nothing."""
    for id in ledger.ids("pending", "running", "failed-infra"):
        store = folder.run(id).store
        spends: list[Spend] = []
        if store.exists():
            with suppress(TreewrightError), Store.open(store) as runs:
                spends = [runs.run(record.id).spend() for record in runs.runs()]
        if spends:
            usd, calls, tokens = (sum(getattr(each, name) for each in spends) for name in ("usd", "calls", "tokens"))
            ledger.note(id, usd=usd, calls=calls, tokens=tokens)


def write_outputs(folder: BatchFolder, ledger: Ledger, options: Options) -> int:
    """Writes the predictions and the report; returns how many predictions there are."""
    name = read_manifest(folder).name
    written = write_predictions(folder.predictions, ledger.rows(), name, abstentions=options.abstentions)
    write_report(folder, options.store)
    return written


def _open(tasks: Sequence[Task], settings: Settings, folder: BatchFolder, options: Options) -> Ledger:
    """The ledger, with a manifest beside it; a batch that could not have its ledger leaves none behind."""
    new = describe(tasks, settings, source=options.source, name=options.name, store=options.store)
    old = read_manifest(folder) if folder.manifest.exists() else None
    if old is not None:
        check_same(old, new)
        new = new.model_copy(update={"created": old.created, "name": options.name or old.name, "store": old.store})
    ledger = Ledger(options.store or new.store or folder.database, beacon=folder.manifest if new.store else None)
    try:
        if old is None and new.store and ledger.owner():
            ledger.claim(new.owner)  # says that it is another one's
        if old is None or old.dataset_hash != new.dataset_hash or old.settings != new.settings:
            write_manifest(folder, new)
        if new.store:
            ledger.claim(new.owner)
    except BaseException:
        ledger.close()
        raise
    return ledger


def _reopen(ledger: Ledger, folder: BatchFolder, redo: Sequence[str]) -> None:
    """Opens what is to be tried again: what the infrastructure ended, and what was asked for."""
    ledger.reopen(ledger.ids("failed-infra", "unavailable"))
    known = set(ledger.ids())
    for wanted in redo:
        if wanted == ALL:
            chosen = ledger.ids(*AGENT_ENDINGS)
        elif wanted in get_args(Status):
            chosen = [id for id in ledger.ids() if ledger.row(id).status == wanted]
        elif wanted in known:
            chosen = [wanted]
        else:
            raise InputError(
                f"--redo {wanted}: no such task or status", hint=f"a task's id, {ALL}, {', '.join(AGENT_ENDINGS)}"
            )
        for id in chosen:
            _put_aside(folder, id)
        ledger.reopen(chosen, anew=True)


def _put_aside(folder: BatchFolder, id: str) -> None:
    """Keeps the run that is done over, under another name."""
    root = folder.run(id).root
    if root.exists():
        number = 1
        while (aside := root.with_name(f"{root.name}~{number}")).exists():
            number += 1
        root.rename(aside)
