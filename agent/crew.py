"""The crew: the roles, the tests and the repository of one task, behind the kit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from pydantic import BaseModel

import prompts
from agent.config import Settings
from agent.execution.evaluator import Evaluator
from agent.execution.mutating import Mutating
from agent.execution.probing import Prober
from agent.execution.shell import Shell
from agent.execution.testbench import TestBench
from agent.model.errors import ContextTooLong, InvalidAnswer, Refused
from agent.roles import critic, distinguisher, drafter, planner, selector, tester, thinker
from agent.roles.episode import Episode
from agent.roles.locator import Locator
from agent.roles.team import Team
from agent.roles.workbench import Workbench, results
from agent.toolbox import OwnTool
from agent.work import Strategy, Work
from search.engine import ExpansionFailed
from tools.checks import patch_fingerprint
from tools.code.find import grep
from tools.code.view import view
from tools.errors import InputError
from tools.snapshots import SnapshotFiles, SnapshotStore

Answer = TypeVar("Answer", bound=BaseModel)

TURNS = 40
NO_MODEL = "this design needs a model"
NO_MODEL_HINT = "give --model NAME, or use --design mechanical"
NO_ANSWER = (ContextTooLong, InvalidAnswer, Refused)
"""The agent's own failures: the model answered, but nothing that can be used. All others end the run."""


class Crew:
    """What a kit is made of.

    Args:
        team: puts questions to models; None when there is no model.
        text_protocol: whether tools are called by text.
        mutating: makes the mechanical edits.
        prober: runs snippets on candidates.
        tools: of the user's, for whoever works with tools.
    """

    def __init__(
        self,
        snapshots: SnapshotStore,
        settings: Settings,
        *,
        locator: Locator,
        evaluator: Evaluator,
        bench: TestBench,
        shell: Shell,
        team: Team | None,
        text_protocol: bool,
        mutating: Mutating,
        prober: Prober,
        tools: Sequence[OwnTool] = (),
    ) -> None:
        self.base = snapshots.base
        self.evaluator = evaluator
        self.team = team
        self._snapshots = snapshots
        self._settings = settings
        self._locator = locator
        self._bench = bench
        self._shell = shell
        self._text = text_protocol
        self.mutating = mutating
        self.prober = prober
        self._tools = tools

    async def localize(self, limit: int) -> tuple[str, ...]:
        """The files, refined once by the planner when there is a model."""
        if self.team is not None and self._locator.plan is None:
            self._locator.plan = await planner.plan(self.team, self._locator, limit)
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
        self.evaluator.add_written(written.targets, written.controls)
        if suspicion := await self.evaluator.suspicion():
            await asyncio.to_thread(self._locator.look_again, suspicion)
        return tuple(target.id for target in written.targets)

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

    async def draft(self, work: Work, instruction: str, *, temperature: float, sample: int) -> Work:
        """A patch in one message, on top of what `work` has."""
        patch = self.diff(work.snapshot)
        files = work.strategy.files if work.strategy else ()
        turn = prompts.render(
            "draft",
            strategy=work.strategy,
            instruction=instruction,
            code=drafter.changed_code(self._snapshots, work.snapshot) if patch else self._locator.code(files),
            patch=patch,
            results=results(work) if patch else "",
            targets=self._target_names(),
            edit_format=drafter.EDIT_FORMAT,
        )
        try:
            after, said = await drafter.draft(
                self._need_team(), self._snapshots, work.snapshot, turn, temperature=temperature, sample=sample
            )
        except NO_ANSWER as error:
            raise ExpansionFailed(f"solver: {error}", payload=work) from error
        return replace(work, snapshot=after, note=said, evaluation=None, critique=None, asked=False)

    def code(self, paths: Sequence[str]) -> str:
        """The functions the issue is about, those of `paths` first."""
        return self._locator.code(paths)

    def retrieve(self, query: str, limit: int) -> tuple[str, ...]:
        """Code of the repository that resembles `query`."""
        return self._locator.similar(query, limit)

    def identity(self, snapshot: str) -> tuple[str, int]:
        """What patches share that differ only in layout, comments, docstrings and names of local variables.

        Beside it how many files differ from the base.
        """
        after = SnapshotFiles(self._snapshots, snapshot)
        changed = self._snapshots.changed_paths(self.base, snapshot)
        changes = {path: after.read(path) if after.exists(path) else None for path in changed}
        base = SnapshotFiles(self._snapshots, self.base)
        return patch_fingerprint(base, changes, rename_locals=True), len(changes)

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
            return replace(work, asked=True)
        return replace(work, critique=judged, asked=True)

    async def choose(self, works: Sequence[Work]) -> int | None:
        """The selector's choice among finalists, as an index."""
        patches = [(self.diff(work.snapshot), results(work)) for work in works]
        try:
            return await selector.choose(self._need_team(), patches)
        except NO_ANSWER:
            return None

    async def tell_apart(self, works: Sequence[Work], number: int) -> bool:
        """Writes tests on which finalists differ and adds them to the suite; whether there are any."""
        patches = [self.diff(work.snapshot) for work in works]
        try:
            found = await distinguisher.tell_apart(
                self._need_team(),
                self.evaluator,
                self._locator,
                self._bench.runner,
                finalists=works,
                patches=patches,
                number=number,
            )
        except NO_ANSWER:
            return False
        self.evaluator.add_distinguishing(found)
        return bool(found)

    async def mutate(self, work: Work) -> list[Work] | None:
        """The next mechanical edits that are worth a node."""
        return await self.mutating.next(work)

    def diff(self, snapshot: str) -> str:
        """The patch from the base to a snapshot."""
        return self._snapshots.diff(self.base, snapshot)

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
        return replace(
            work, snapshot=workbench.snapshot, note=ending.summary, evaluation=None, critique=None, asked=False
        )

    def _workbench(self, snapshot: str) -> Workbench:
        return Workbench(
            self._snapshots,
            snapshot,
            shell=self._shell,
            bench=self._bench,
            definitions=self._locator,
            evaluate=self.evaluator.evaluate,
            seconds=self._settings.regression_seconds,
            own=self._tools,
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
            raise InputError(NO_MODEL, hint=NO_MODEL_HINT)
        return self.team


async def ask(
    team: Team, role: str, question: str, schema: type[Answer] | None, *, temperature: float, sample: int
) -> Answer | str:
    """A free question; with a schema, a typed answer."""
    try:
        if schema is not None:
            return await team.ask(role, question, schema, temperature=temperature, sample=sample)
        opening = team.opening(question)
        return (await team.complete(role, opening, temperature=temperature, sample=sample)).text
    except NO_ANSWER as error:
        raise ExpansionFailed(f"{role}: {error}") from error
