"""One design on one task: run in its sandbox, scored on this side, kept as a row."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from agent.batch.executors import Executor
from agent.batch.job import Job, JobResult
from agent.batch.scheduler import Finish
from agent.batch.watching import Running, TaskProgress
from agent.batch.watching import Unwatched as NoBatch
from agent.config import Settings
from agent.evolve.exams import Exam
from agent.evolve.layout import EvolutionFolder
from agent.evolve.novelty import behaviour
from agent.evolve.records import ResultRecord, Split
from agent.outcome import Outcome
from tools.errors import InputError, TreewrightError

RETRIES = 2
PAUSE = 2.0


class Stopped(Exception):
    """The evolution cannot go on now: money, access, the machine."""

    def __init__(self, finish: Finish) -> None:
        super().__init__(finish.reason)
        self.finish = finish


class Unavailable(Exception):
    """The task cannot be run here, by any design."""


class Trials:
    """Runs designs on exams.

    Args:
        executor: runs them.
        settings: of every run, as in the plan.
        folder: of the evolution.
        running: where what is under way is shown.
    """

    def __init__(
        self, executor: Executor, settings: Mapping[str, Any], folder: EvolutionFolder, running: dict[str, Running]
    ) -> None:
        self._executor = executor
        self._settings = settings
        self._folder = folder
        self._running = running
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def place(self, id: str, code: str) -> None:
        """Write the file of a design."""
        path = self._folder.code(id)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code, encoding="utf-8", errors="surrogatepass")

    async def run(self, id: str, name: str, exam: Exam, *, seed: int, split: Split) -> ResultRecord:
        """The score of a design on an exam.

        Raises:
            Unavailable: the task cannot be run on this machine.
            Stopped: nothing can be run now.
        """
        values = {**self._settings, "design": str(self._folder.code(id)), "sandboxed": True, "seed": seed}
        job = Job(exam.task, Settings(**values), self._folder.run(id, exam.id, seed).root)
        shown = Running(f"{name} on {exam.id}")
        key = f"{id} {exam.id} {seed}"
        # one after the other on a task whose tests are remembered; two may also have written the very same design
        async with self._locks[key if job.settings.has_model else exam.id]:
            self._running[key] = shown
            began = time.time()
            try:
                result = await self._attempts(job, TaskProgress(shown, NoBatch()))
                return await self._scored(id, exam, result, seed=seed, split=split, began=began)
            finally:
                del self._running[key]

    async def _attempts(self, job: Job, progress: TaskProgress) -> JobResult:
        for attempt in range(RETRIES + 1):
            result = await self._executor.run(job, progress)
            if result.status is None:
                raise Stopped(Finish(result.reason, result.hint, result.exit_code))
            if result.status == "unavailable":
                raise Unavailable(result.reason)
            if result.status != "failed-infra":
                return result
            await asyncio.sleep(PAUSE * 2**attempt)
        raise Stopped(Finish(f"{job.task.id}: {result.reason}", result.hint or "the same command goes on", 3))

    async def _scored(
        self, id: str, exam: Exam, result: JobResult, *, seed: int, split: Split, began: float
    ) -> ResultRecord:
        if result.outcome is None:  # the design broke before there was anything to say
            error = result.reason or "it ended without an outcome"
            return ResultRecord(id, exam.id, seed, split, 0.0, str(result.status), error=error, created=time.time())
        outcome = Outcome.model_validate(result.outcome)
        try:
            verdict = await exam.judge(outcome)
        except InputError as error:
            raise Unavailable(str(error)) from error
        except TreewrightError as error:
            raise Stopped(Finish(f"the judge of {exam.id} failed: {error}", error.hint, 3)) from error
        spent = outcome.spending
        return ResultRecord(
            id,
            exam.id,
            seed,
            split,
            verdict.score,
            str(result.status),
            usd=spent.usd,
            calls=spent.calls + spent.reused,  # as if asked anew: who met a task first pays no more than who came later
            tokens=spent.tokens,
            nodes=spent.nodes,
            executions=spent.executions,
            seconds=spent.seconds,
            error=outcome.fault or ("" if verdict.score > 0 else outcome.reason),
            detail={**verdict.detail, "behaviour": behaviour(outcome), "fault": outcome.fault, "began": began},
            created=time.time(),
        )
