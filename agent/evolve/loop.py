"""The loop of an evolution: ask the strategy, make a design or try one on a task, keep what came of it; and again.

What is under way is kept before it begins, under the number of the decision. A kill loses at most that work: the same
command takes the open decisions up again, and runs that had begun go on from their stores.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from agent.batch.scheduler import Finish
from agent.batch.watching import Running
from agent.evolve.archive import Archive, identity
from agent.evolve.exams import Exams
from agent.evolve.novelty import shape, twins
from agent.evolve.plan import Plan
from agent.evolve.proposer import Occasion, Proposal, Proposer
from agent.evolve.reader import scored
from agent.evolve.records import DesignRecord, ResultRecord
from agent.evolve.strategy import Evaluate, Expand, Member, Strategy, View
from agent.evolve.trials import Stopped, Trials, Unavailable
from agent.evolve.watching import State, Watcher
from agent.isolation import gate

OPEN = "decisions"
DROPPED = "dropped"
SEED = 0
"""Of the runs on the search split: one run of a design on a task."""


@dataclass
class _Open:
    """A decision under way."""

    number: int
    decision: Evaluate | Expand
    proposal: int = -1

    def plain(self) -> dict[str, Any]:
        if isinstance(self.decision, Evaluate):
            return {"number": self.number, "design": self.decision.design, "task": self.decision.task}
        return {"number": self.number, "parents": list(self.decision.parents), "proposal": self.proposal}

    @staticmethod
    def read(row: dict[str, Any]) -> _Open:
        if "parents" in row:
            return _Open(row["number"], Expand(tuple(row["parents"])), row["proposal"])
        return _Open(row["number"], Evaluate(row["design"], row["task"]))


class Evolution:
    """Runs a plan to its end.

    Args:
        plan: what is to be done.
        archive: where it is kept.
        exams: the tasks.
        strategy: decides.
        proposer: writes designs.
        trials: runs them.
        watcher: told of everything.
        state: shown to a person; kept up to date here.
        parallel: how many things at a time.
    """

    def __init__(
        self,
        plan: Plan,
        archive: Archive,
        exams: Exams,
        *,
        strategy: Strategy,
        proposer: Proposer,
        trials: Trials,
        watcher: Watcher,
        state: State,
        parallel: int = 1,
    ) -> None:
        self._plan = plan
        self._archive = archive
        self._exams = exams
        self._strategy = strategy
        self._proposer = proposer
        self._trials = trials
        self._watcher = watcher
        self._state = state
        self._parallel = parallel
        kept = archive.fact(OPEN) or {"next": 0, "proposals": 0, "open": []}
        self._next: int = kept["next"]
        self._proposals: int = kept["proposals"]
        self._open = {row["number"]: _Open.read(row) for row in kept["open"]}
        self._making: dict[str, int] = {}
        self._dropped: dict[str, str] = dict(archive.fact(DROPPED) or {})

    async def run(self) -> Finish:
        """Goes on until designs or evaluations are used up; returns early when nothing can go on now.

        Raises:
            asyncio.CancelledError: it was interrupted; what finished is in the archive.
        """
        running: dict[asyncio.Task[None], _Open] = {}
        waiting = [self._open[number] for number in sorted(self._open)]
        try:
            while True:
                while len(running) < self._parallel and (chosen := self._choose(waiting)) is not None:
                    running[asyncio.create_task(self._carry_out(chosen))] = chosen
                if not running:
                    return Finish()
                done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    opened = running.pop(task)
                    task.result()
                    del self._open[opened.number]
                    self._keep()
                    self.refresh()
        except Stopped as stopped:
            self._watcher.told(f"stopping: {stopped.finish.reason}")
            return stopped.finish
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    def _choose(self, waiting: list[_Open]) -> _Open | None:
        """What to do next: what was cut off first, then what the strategy says."""
        if waiting:
            return waiting.pop(0)
        decision = self._strategy.ask(self._view(), random.Random(f"{self._plan.seed} ask {self._next}"))
        if decision is None:
            return None
        chosen = _Open(self._next, decision)
        self._next += 1
        if isinstance(decision, Expand):
            chosen.proposal = self._proposals
            self._proposals += 1
        self._open[chosen.number] = chosen
        self._keep()
        return chosen

    def _keep(self) -> None:
        open_ones = [self._open[number].plain() for number in sorted(self._open)]
        self._archive.keep(OPEN, {"next": self._next, "proposals": self._proposals, "open": open_ones})

    async def _carry_out(self, chosen: _Open) -> None:
        if isinstance(chosen.decision, Evaluate):
            await self._evaluate(self._archive.design(chosen.decision.design), chosen.decision.task)
        else:
            await self._expand(chosen.decision, chosen.proposal)

    async def _evaluate(self, design: DesignRecord, task: str) -> ResultRecord | None:
        """The result of a design on a task, kept; None when the task cannot be run."""
        for row in self._archive.results("search"):
            if (row.design, row.task, row.seed) == (design.id, task, SEED):
                return row
        self._trials.place(design.id, design.code)
        try:
            result = await self._trials.run(design.id, design.name, self._exams.find(task), seed=SEED, split="search")
        except Unavailable as error:
            self._drop(task, str(error))
            return None
        self._archive.record(result)
        self._watcher.scored(design, result)
        return result

    def _drop(self, task: str, reason: str) -> None:
        self._dropped[task] = reason
        self._archive.keep(DROPPED, self._dropped)
        self._watcher.told(f"{task} is left out: {reason}")

    async def _expand(self, decision: Expand, number: int) -> None:
        """A new design: proposed, passed through the gate, tried out once; or kept as the failure it is."""
        designs = self._archive.designs()
        if any(design.meta.get("proposal") == number for design in designs):
            return
        known = {each.design.id: each for each in scored(designs, self._archive.results("search"))}
        occasion = Occasion(
            number,
            [known[parent] for parent in decision.parents],
            list(known.values()),
            frozenset(map(_shape, designs)) | self._making.keys(),
            random.Random(f"{self._plan.seed} propose {number}"),
            self._try_out,
        )
        proposal = await self._proposer.propose(occasion)
        try:
            record = await self._admitted(proposal, number)
            self._archive.add(record)
        finally:
            self._making = {shape: who for shape, who in self._making.items() if who != number}
        self._watcher.made(record, [known[parent].design.name for parent in record.parents if parent in known])

    async def _admitted(self, proposal: Proposal, number: int) -> DesignRecord:
        designs = self._archive.designs()
        by_id = {design.id: design for design in designs}
        record = DesignRecord(
            identity(proposal.code),
            proposal.name,
            proposal.code,
            thought=proposal.thought,
            parents=proposal.parents,
            generation=1 + max(by_id[parent].generation for parent in proposal.parents),
            operator=proposal.operator,
            standing="archived",
            meta={**proposal.meta, "proposal": number},
        )
        error = proposal.error or self._against(record, designs)
        if not error:
            record = replace(record, shape=shape(record.code))
            self._making[record.shape] = number
            error = await self._try_out(record.code, record=record)
        if not error:
            return record
        if record.id in {
            design.id for design in self._archive.designs()
        }:  # nothing is overwritten: the failure gets an id of its own
            record = replace(record, id=identity(f"{number}\n{record.code}"))
        return replace(record, standing="refused", error=error)

    def _against(self, record: DesignRecord, designs: Sequence[DesignRecord]) -> str:
        """What the gate and the archive have against a design; "" for nothing."""
        if found := gate.check(record.code):
            return "; ".join(map(str, found[:5]))
        mine = shape(record.code)
        for design in designs:
            if design.standing != "refused" and mine == _shape(design):
                return f"it is the same design as {design.name} ({design.id})"
        return "it is the same design as one that is being made" if mine in self._making else ""

    async def _try_out(self, code: str, *, record: DesignRecord | None = None) -> str:
        """What goes wrong when code is run on the first task; its result there counts when it is kept."""
        if found := gate.check(code):
            return "; ".join(map(str, found[:5]))
        trial = record or DesignRecord(identity(code), "a draft", code)
        for task in self._tasks():
            self._trials.place(trial.id, trial.code)
            try:
                result = await self._trials.run(trial.id, trial.name, self._exams.find(task), seed=SEED, split="search")
            except Unavailable as error:
                self._drop(task, str(error))
                continue
            fault = str(result.detail.get("fault", "")) or (result.error if not result.detail else "")
            if not fault and record is not None:
                self._archive.record(result)
                self._watcher.scored(record, result)
            return fault
        return "there is no task left to try it on"

    def _tasks(self) -> tuple[str, ...]:
        return tuple(task for task in self._plan.search if task not in self._dropped)

    def _view(self) -> View:
        designs, results = self._archive.designs(), self._archive.results("search")
        pending: dict[str, set[str]] = {}
        expanding = []
        for each in self._open.values():
            if isinstance(each.decision, Evaluate):
                pending.setdefault(each.decision.design, set()).add(each.decision.task)
            else:
                expanding.append(each.decision.parents)
        same = twins(designs, results)
        usable = [design for design in designs if design.standing != "refused" and design.id not in same]
        tasks = self._tasks()
        by_design = {each.design.id: each for each in scored(designs, results)}
        members = [
            Member(
                design.id,
                place,
                design.parents,
                {task: score for task, score in by_design[design.id].scores.items() if task in tasks},
                frozenset(pending.get(design.id, ())),
                _cost(results, design.id),
            )
            for place, design in enumerate(usable)
        ]
        made = [design for design in designs if design.standing != "seed"]
        spare = sum(len(by_design[twin].scores) for twin in same)  # spent, though nobody sees them
        spare += len(expanding)  # each will be tried out
        return View(
            members,
            tasks,
            expanding,
            evaluations=max(0, self._plan.evaluations - spare),
            designs=self._plan.designs,
            seeds=sum(design.standing == "seed" for design in usable),
            tried=len(made),
        )

    def refresh(self) -> None:
        """Brings what a person sees up to date."""
        view, designs = self._view(), self._archive.designs()
        results = self._archive.results()
        self._state.designs = (view.tried, self._plan.designs)
        self._state.evaluations = (sum(row.split == "search" for row in results), self._plan.evaluations)
        self._state.refused = sum(design.standing == "refused" for design in designs)
        self._state.usd = sum(row.usd for row in results)
        if view.best is not None:
            name = next(design.name for design in designs if design.id == view.best.id)
            self._state.best = (name, view.best.mean, len(view.best.scores))


def running_of(state: State) -> dict[str, Running]:
    """The place where trials say what is under way."""
    found: dict[str, Running] = {}
    state.running = found
    return found


def _shape(design: DesignRecord) -> str:
    return design.shape or shape(design.code)


def _cost(results: Sequence[ResultRecord], design: str) -> float:
    """Mean cost of a task, in the dearest unit that anything was paid in: US dollars, calls, test runs."""
    own = [row for row in results if row.design == design]
    if not own:
        return 0.0
    for unit in ("usd", "calls", "executions"):
        if any(getattr(row, unit) for row in results):
            return float(sum(getattr(row, unit) for row in own) / len(own))
    return 0.0
