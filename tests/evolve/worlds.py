"""A world of designs for the loop: tasks are numbers, and a design's constants decide which of them it solves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from agent.batch.job import Job, JobResult
from agent.config import Settings
from agent.evolve.exams import Exam, Exams, Verdict
from agent.evolve.layout import EvolutionFolder
from agent.evolve.parameters import parameters
from agent.evolve.proposer import Proposer
from agent.evolve.run import Options, Summary, evolve
from agent.outcome import Outcome, Spending
from agent.progress import Progress
from environments.tasks import Task

DESIGN = '''"""Solves tasks up to REACH, at a price."""

REACH = 2
EFFORT = 1
PARAMETERS = {"REACH": (1, 2, 3, 4, 5, 6, 7, 8), "EFFORT": (1, 2, 3)}


async def solve(kit):
    await kit.localize()
'''


class ByOutcome:
    """Solved is 1."""

    async def __call__(self, outcome: Outcome) -> Verdict:
        return Verdict(float(outcome.status == "solved"))


def exams(search: int = 8, held_out: int = 4) -> Exams:
    """Tasks t0, t1, ... by difficulty; those of the end likewise."""
    made = [Exam(Task(f"{name}{number}", "repo"), ByOutcome()) for name, count in (("t", search), ("h", held_out))
            for number in range(count)]  # fmt: skip
    return Exams(tuple(made[:search]), tuple(made[search:]))


class World:
    """Runs jobs by looking at the code.

    Attributes:
        jobs: design file and task of each job, in order.
        before: called with the number of each job; may raise.
        most: how many ran at a time.
    """

    def __init__(self, before: Callable[[int], JobResult | None] = lambda number: None) -> None:
        self.jobs: list[tuple[str, str]] = []
        self.before = before
        self.most = 0
        self._now = 0

    async def run(self, job: Job, progress: Progress) -> JobResult:
        number = len(self.jobs)
        self.jobs.append((Path(job.settings.design).stem, job.task.id))
        self._now += 1
        self.most = max(self.most, self._now)
        await asyncio.sleep(0)
        self._now -= 1
        assert job.settings.sandboxed
        if (other := self.before(number)) is not None:
            return other
        code = Path(job.settings.design).read_text()
        found = parameters(code)
        reach, effort = (int(found[name].value) for name in ("REACH", "EFFORT"))
        if reach == 8:
            outcome = Outcome(status="abstained", fault="broke: there is no eight")
        else:
            status = "solved" if int(job.task.id[1:]) < reach else "abstained"
            outcome = Outcome(
                status=status,  # type: ignore[arg-type]
                patch=f"{status} {job.task.id}",
                spending=Spending(usd=0.01, calls=effort, seconds=1.0),
            )
        ending = "solved-candidate" if outcome.status == "solved" else "abstained"
        return JobResult(ending, outcome=outcome.model_dump(mode="json"))  # type: ignore[arg-type]

    async def close(self) -> None:
        """Nothing to give back."""


def start(
    root: Path,
    world: World,
    *,
    of: Exams | None = None,
    settings: Settings | None = None,
    proposer_is: Proposer | None = None,
    **options: object,
) -> Summary:
    """An evolution in the world."""
    root.mkdir(parents=True, exist_ok=True)
    design = root.parent / "reach.py"
    design.write_text(DESIGN)
    asked = Options(**{"seeds": (str(design),), "designs": 8, "evaluations": 60, **options})  # type: ignore[arg-type]
    return asyncio.run(
        evolve(
            of or exams(), settings or Settings(), EvolutionFolder(root), asked, executor=world, proposer=proposer_is
        )
    )
