"""The crew: the roles, the tests and the repository of one task, behind the kit."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from pydantic import BaseModel

import prompts
from agent.config import Settings
from agent.execution.evaluator import Evaluator
from agent.execution.shell import Shell
from agent.execution.testbench import TestBench
from agent.model.errors import ContextTooLong, InvalidAnswer, Refused
from agent.roles import critic, planner, selector, tester, thinker
from agent.roles.episode import Episode
from agent.roles.locator import Locator
from agent.roles.team import Team
from agent.roles.workbench import Workbench, results
from agent.work import Strategy, Work
from search.engine import ExpansionFailed
from search.events import Event
from search.tree import Node
from tools.checks import patch_fingerprint
from tools.code.find import grep
from tools.code.view import view
from tools.errors import InputError
from tools.snapshots import SnapshotFiles, SnapshotStore

Answer = TypeVar("Answer", bound=BaseModel)

TURNS = 40
FIRST_BATCH = 8
LARGEST_BATCH = 32
NO_ANSWER = (ContextTooLong, InvalidAnswer, Refused)
"""The agent's own failures: the model answered, but nothing that can be used. All others end the run."""


@dataclass(frozen=True)
class Mutant:
    """A mechanical edit as a snapshot, and what it is called."""

    snapshot: str
    name: str


class Mutating:
    """The mechanical edits of one snapshot, drawn in batches that grow: the likeliest ones are few."""

    def __init__(self, mutants: Iterator[Mutant]) -> None:
        self.ready: list[Mutant] = []
        self._mutants = mutants
        self._size = FIRST_BATCH

    def draw(self) -> list[Mutant]:
        """The next batch; empty when there are no more."""
        drawn = list(itertools.islice(self._mutants, self._size))
        self._size = min(2 * self._size, LARGEST_BATCH)
        return drawn


class Crew:
    """What a kit is made of.

    Args:
        problem: the issue.
        team: puts questions to models; None when there is no model.
        text_protocol: whether tools are called by text.
        mutants: makes the mechanical edits of a snapshot, likeliest first.
        observe: told of every event, so that the store has it before anything relies on it.
    """

    def __init__(
        self,
        problem: str,
        snapshots: SnapshotStore,
        settings: Settings,
        *,
        locator: Locator,
        evaluator: Evaluator,
        bench: TestBench,
        shell: Shell,
        team: Team | None,
        text_protocol: bool,
        mutants: Callable[[str], Iterator[Mutant]],
        observe: Callable[[Event], None],
    ) -> None:
        self.problem = problem
        self.base = snapshots.base
        self.evaluator = evaluator
        self.team = team
        self.observe = observe
        self._snapshots = snapshots
        self._settings = settings
        self._locator = locator
        self._bench = bench
        self._shell = shell
        self._text = text_protocol
        self._mutants = mutants
        self._mutating: dict[str, Mutating] = {}
        self._drawing = asyncio.Lock()

    async def localize(self, limit: int) -> tuple[str, ...]:
        """The files, refined once by the planner when there is a model."""
        if self.team is not None and self._locator.plan is None:
            with contextlib.suppress(*NO_ANSWER):  # then the tokenless order stands
                self._locator.plan = await planner.plan(self.team, self._locator.files, limit)
        return self._locator.paths()[:limit]

    async def view(self, snapshot: str, path: str, start: int | None, end: int | None) -> str:
        """Numbered lines of a file of a snapshot."""
        return await asyncio.to_thread(view, SnapshotFiles(self._snapshots, snapshot), path, start or 1, end)

    async def grep(self, snapshot: str, pattern: str, glob: str | None) -> str:
        """Matching lines of a snapshot."""
        return await asyncio.to_thread(grep, SnapshotFiles(self._snapshots, snapshot), pattern, glob or "")

    async def write_tests(self, count: int) -> tuple[str, ...]:
        """Reproduction tests, added to the targets."""
        if self.team is None or not self._settings.reproduction or self.evaluator.suite.targets:
            return ()
        written = await tester.reproduce(self.team, self.evaluator, self._locator, self._bench.runner, count=count)
        for target in written:
            self.evaluator.add_target(target)
        return tuple(target.id for target in written)

    async def think(self, count: int) -> Sequence[Strategy]:
        """Strategies for the issue."""
        try:
            return await thinker.think(self._need_team(), self._locator, count)
        except NO_ANSWER as error:
            raise ExpansionFailed(f"thinker: {error}", kind="strategy") from error

    async def implement(self, work: Work, *, temperature: float, sample: int) -> Work:
        """A patch for the strategy of `work`."""
        turn = prompts.render(
            "solver",
            strategy=work.strategy,
            code=self._locator.code(work.strategy.files if work.strategy else ()),
            turns=TURNS,
            targets=self._target_names(),
            text_protocol=self._protocol(work),
        )
        return await self._work_on(work, "solver", turn, temperature=temperature, sample=sample)

    async def repair(self, work: Work, siblings: Sequence[str]) -> Work:
        """A different patch, from what is known of this one."""
        turn = prompts.render(
            "debugger",
            strategy=work.strategy,
            patch=self.diff(work.snapshot),
            results=results(work),
            critique=work.critique.reasons if work.critique else "",
            siblings=[self.diff(snapshot) for snapshot in siblings],
            turns=TURNS,
            targets=self._target_names(),
            text_protocol=self._protocol(work),
        )
        return await self._work_on(work, "debugger", turn, temperature=0.0, sample=0)

    async def episode(self, work: Work, instruction: str, *, role: str, turns: int) -> Work:
        """A tool loop with an instruction of the design's own."""
        turn = instruction + ("\n\n" + self._protocol(work) if self._text else "")
        return await self._work_on(work, role, turn, temperature=0.0, sample=0, turns=turns)

    async def critique(self, work: Work) -> Work:
        """`work` with the critic's word."""
        if self.team is None or work.evaluation is None:
            return work
        tests = {path: content for target in self.evaluator.suite.targets for path, content in target.files.items()}
        try:
            judged = await critic.critique(self.team, work, self.diff(work.snapshot), results(work), tests)
        except NO_ANSWER:  # a critic that cannot be understood abstains
            return work
        return replace(work, critique=judged)

    async def choose(self, works: Sequence[Work]) -> int | None:
        """The selector's choice among finalists, as an index."""
        patches = [(self.diff(work.snapshot), results(work)) for work in works]
        try:
            return await selector.choose(self._need_team(), patches)
        except NO_ANSWER:
            return None

    async def ask(self, role: str, question: str, schema: type[Answer], *, sample: int) -> Answer:
        """A free question with a typed answer."""
        return await self._need_team().ask(role, question, schema, sample=sample)

    async def mutate(self, work: Work) -> Work | None:
        """The next mechanical edit of a snapshot."""
        async with self._drawing:  # an iterator serves one at a time
            if work.snapshot not in self._mutating:
                self._mutating[work.snapshot] = Mutating(self._mutants(work.snapshot))
            mutating = self._mutating[work.snapshot]
            if not mutating.ready:
                mutating.ready = await asyncio.to_thread(mutating.draw)
                await self.evaluator.foresee(work.snapshot, [mutant.snapshot for mutant in mutating.ready])
            if not mutating.ready:
                return None
            mutant = mutating.ready.pop(0)
        return Work(mutant.snapshot, note=mutant.name)

    def diff(self, snapshot: str) -> str:
        """The patch from the base to a snapshot."""
        return self._snapshots.diff(self.base, snapshot)

    def merge_equal(self, nodes: Sequence[Node], snapshot: Callable[[Node], str]) -> list[Node]:
        """The first of each group of nodes whose patches are equal but for layout, comments and docstrings."""
        seen: set[str] = set()
        kept = []
        base = SnapshotFiles(self._snapshots, self.base)
        for node in nodes:
            after = SnapshotFiles(self._snapshots, snapshot(node))
            changed = self._snapshots.changed_paths(self.base, snapshot(node))
            changes = {path: after.read(path) if after.exists(path) else None for path in changed}
            identity = patch_fingerprint(base, changes)
            if identity not in seen:
                seen.add(identity)
                kept.append(node)
        return kept

    async def _work_on(
        self, work: Work, role: str, turn: str, *, temperature: float, sample: int, turns: int = TURNS
    ) -> Work:
        workbench = self._workbench(work.snapshot)
        episode = Episode(
            self._need_team(),
            role,
            workbench.tools(),
            max_turns=turns,
            text=self._text,
            edits_tool=workbench.edits_tool,
            temperature=temperature,
            sample=sample,
        )
        try:
            ending = await episode.run(turn)
        except NO_ANSWER as error:
            raise ExpansionFailed(f"{role}: {error}", payload=work) from error
        if self._snapshots.commit_of(workbench.snapshot).tree == self._snapshots.commit_of(work.snapshot).tree:
            raise ExpansionFailed(f"{role}: {ending.summary}", payload=work)
        return replace(work, snapshot=workbench.snapshot, note=ending.summary, evaluation=None, critique=None)

    def _workbench(self, snapshot: str) -> Workbench:
        return Workbench(
            self._snapshots,
            snapshot,
            shell=self._shell,
            bench=self._bench,
            definitions=self._locator,
            evaluate=self.evaluator.evaluate,
            seconds=self._settings.regression_seconds,
        )

    def _protocol(self, work: Work) -> str:
        if not self._text:
            return ""
        from tools.edits import EDIT_FORMAT

        tools = self._workbench(work.snapshot).tools()
        return prompts.render("text_protocol", tools=tools, edit_format=EDIT_FORMAT)

    def _target_names(self) -> list[str]:
        """Ids of tests that the repository has; of written ones the file says enough."""
        return list(dict.fromkeys(min(target.files, default=target.id) for target in self.evaluator.suite.targets))

    def _need_team(self) -> Team:
        if self.team is None:
            raise InputError("this design needs a model", hint="give --model NAME, or use --design mechanical")
        return self.team
