"""On the machines of a Ray cluster: each task a Ray task, begun anew elsewhere when its machine is lost.

The batch's folder must be the same file system on every machine: what a lost task had finished is in its run's store
there, and the next machine goes on from it. Keys and addresses of models come from the environment in which each
machine's `ray start` was run; they are never sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent.batch.executors.coordinator import Coordinator
from agent.batch.executors.remote import HINT, RemoteGate, remote_progress
from agent.batch.job import Job, JobResult, run_job
from agent.batch.watching import TaskProgress
from agent.shared import opened
from agent.store.folder import RunFolder
from tools.errors import InfrastructureError, InputError

LISTEN = 0.5
"""Seconds between two looks at what the workers tell."""
LOSSES = 5
"""How often a task is begun anew because its worker, or its machine, was lost."""
GRACE = 10.0
"""Seconds that a cancelled task has to come to a safe end."""


@dataclass(frozen=True)
class ClusterOptions:
    """How a cluster is used.

    Attributes:
        address: of the cluster; "" starts one on this machine.
        cpus: processors that each task claims.
        requests: at a time to each model, from all machines together.
        usd: US dollars for all tasks; None for no limit.
        spent: US dollars spent already.
    """

    address: str = ""
    cpus: float = 1.0
    requests: int = 16
    usd: float | None = None
    spent: float = 0.0


class RayExecutor:
    """Runs jobs on a Ray cluster; see `agent.batch.executors.Executor`.

    Raises:
        InputError: Ray is not installed.
        InfrastructureError: the cluster cannot be reached.
    """

    def __init__(self, options: ClusterOptions) -> None:
        self._options = options
        self._ray = _ray()
        self._opening = asyncio.Lock()
        self._coordinator: Any = None
        self._work: Any = None
        self._shown: dict[str, TaskProgress] = {}
        self._listening: asyncio.Task[None] | None = None

    async def run(self, job: Job, progress: TaskProgress) -> JobResult:
        """See `agent.batch.executors.Executor`."""
        await self._opened()
        self._shown[str(job.folder)] = progress
        try:
            return await self._until_done(job, progress)
        finally:
            del self._shown[str(job.folder)]

    async def gate(self, owner: str) -> RemoteGate:
        """The gate of all machines, for somebody on this one who shares their limits.

        Raises:
            InfrastructureError: the cluster cannot be reached.
        """
        await self._opened()
        return RemoteGate(ActorLine(self._coordinator), owner)

    async def close(self) -> None:
        """See `agent.batch.executors.Executor`."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        if self._coordinator is not None:
            await asyncio.to_thread(self._ray.shutdown)  # of this program's part; a cluster by address stays up

    async def _opened(self) -> None:
        async with self._opening:
            if self._coordinator is None:
                await asyncio.to_thread(self._open)
                self._listening = asyncio.create_task(self._listen())

    async def _until_done(self, job: Job, progress: TaskProgress) -> JobResult:
        lost = ""
        for number in range(LOSSES + 1):
            owner = f"{job.folder}#{number}"  # a task may have several runs at a time
            try:
                return await self._once(job, owner)
            except self._ray.exceptions.RayTaskError as error:  # ours come back as results: this is the machine's
                return JobResult("failed-infra", f"a worker failed: {error.cause or error}", hint=_SAME)
            except self._ray.exceptions.RayError as error:
                lost = str(error).strip().splitlines()[0][:300]
                progress.phase("lost", f"{type(error).__name__}; beginning anew elsewhere")
                await self._coordinator.forget.remote(owner)
                RunFolder(job.folder).lock.unlink(missing_ok=True)  # its holder is dead, on whatever machine
        return JobResult("failed-infra", f"its worker was lost {LOSSES + 1} times: {lost}", hint=HINT)

    async def _once(self, job: Job, owner: str) -> JobResult:
        reference = self._work.remote(job, self._coordinator, owner, self._options.cpus)
        future = asyncio.wrap_future(reference.future())
        try:
            result: JobResult = await asyncio.shield(future)
        except asyncio.CancelledError:
            ending = asyncio.create_task(self._ended(reference, future))
            while not ending.done():  # who is cancelled twice waits all the same
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait([ending])
            raise
        return result

    async def _ended(self, reference: Any, future: asyncio.Future[Any]) -> None:
        for force in (False, True):
            self._ray.cancel(reference, force=force)
            await asyncio.wait([future], timeout=GRACE)
            if future.done():
                break
        with contextlib.suppress(Exception):
            await future

    def _open(self) -> None:
        ray, options = self._ray, self._options
        address = options.address or "local"
        more = {} if options.address else {"include_dashboard": False}
        try:
            ray.init(address=address, namespace="treewright", log_to_driver=False, configure_logging=False, **more)
        except (ConnectionError, RuntimeError, OSError, ValueError) as error:
            raise InfrastructureError(
                f"no Ray cluster at {address}: {error}",
                hint="start one with `ray start --head`, or leave the address out",
            ) from error
        strategies = importlib.import_module("ray.util.scheduling_strategies")
        here = strategies.NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        actor = ray.remote(Coordinator).options(num_cpus=0, max_concurrency=1000, scheduling_strategy=here)
        self._coordinator = actor.remote(options.requests, options.usd, options.spent)
        self._work = ray.remote(_work).options(num_cpus=options.cpus, max_retries=0, scheduling_strategy="SPREAD")

    async def _listen(self) -> None:
        while True:
            await asyncio.sleep(LISTEN)
            for id, state in await self._coordinator.told.remote():
                if id in self._shown:
                    self._shown[id].show(state)


_SAME = "every machine needs the same version of Treewright, installed alike"


def _ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    logging.getLogger("ray").setLevel(logging.ERROR)
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        ray: Any = importlib.import_module("ray")
        importlib.import_module("ray.exceptions")
    except ImportError as error:
        raise InputError("Ray is not installed", hint="install treewright[ray] on every machine") from error
    return ray


def _work(job: Job, coordinator: Any, owner: str, cpus: float) -> JobResult:
    """One job, in a worker of some machine."""

    async def work() -> JobResult:
        sandboxes = asyncio.Semaphore(max(1, round(cpus)))
        line = ActorLine(coordinator)
        async with opened(job.settings, gate=RemoteGate(line, owner), sandboxes=sandboxes) as shared:
            return await run_job(job, remote_progress(line, str(job.folder)), shared=shared)

    return asyncio.run(work())


class ActorLine:
    """A line over Ray; see `agent.batch.executors.remote.Line`.

    Args:
        coordinator: handle of the `Coordinator`.
    """

    def __init__(self, coordinator: Any) -> None:
        self._coordinator = coordinator

    async def enter(self, owner: str, model: str, usd: float, tokens: int) -> Mapping[str, Any]:
        """See `Line.enter`."""
        return await self._answer(self._coordinator.enter.remote(owner, model, usd, tokens))

    async def claim(self, owner: str) -> Mapping[str, Any]:
        """See `Line.claim`."""
        return await self._answer(self._coordinator.claim.remote(owner))

    def leave(self, ticket: int, usd: float | None, tokens: int, verdict: float | None) -> None:
        """See `Line.leave`."""
        self._coordinator.leave.remote(ticket, usd, tokens, verdict)

    def tell(self, id: str, state: Mapping[str, Any]) -> None:
        """See `Line.tell`."""
        self._coordinator.tell.remote(id, state)

    @staticmethod
    async def _answer(reference: Any) -> Mapping[str, Any]:
        try:
            answer: Mapping[str, Any] = await reference
        except _ray().exceptions.RayError as error:
            raise InfrastructureError(
                f"the batch's coordinator is gone: {error}", hint="begin the batch again"
            ) from error
        return answer
