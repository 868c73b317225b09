"""The kit of one task, in this process: what stands behind `agent.kit.Kit`.

The budget, the journal and the isolation are held here, whoever calls.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import overload

from agent import scope
from agent.crew import NO_MODEL, NO_MODEL_HINT, Crew, ask
from agent.deciding import Deciding
from agent.kit import About, Answer, Expander, Kind, Options, Submission
from agent.policies import Make, maker
from agent.roles.team import Team
from agent.steering import Steering
from agent.store.store import RunStore
from agent.work import Confidence, Strategy, Work
from search.budget import Budget, Remaining
from search.engine import Actions, Observer, Revalue, SearchResult, Stop, run
from search.events import Expansion, NodeUpdated
from search.tree import Child, Judgement, Node, Tree, TreeView
from tools.errors import InputError


class LocalKit:
    """One task in the hands of a design.

    Nothing of the task is set up before a design needs it: one that only asks, or that gives up on reading the
    issue, costs no sandbox, no test run and no index.

    Args:
        problem: the issue's text.
        ground: sets the roles, the tests and the repository of this task up; called once, when first needed.
        desk: answers questions about the issue alone; None when there is no model.
        observe: told of every event, so that the store has it before anything relies on it.
        budget: of the whole run.
        seed: of the policies and of `rng`.
        concurrency: expansions under way at a time.
        confidence: least probability of being right for `accepted`.
        observers: told of every event of a search.
        run: where a person's orders are read and their effects written.
        held: told how many seconds a person held the search.
        policies: makes the policies that searches ask for by name.
    """

    def __init__(
        self,
        problem: str,
        ground: Callable[[], Awaitable[Crew]],
        *,
        desk: Team | None,
        observe: Observer,
        budget: Budget,
        seed: int,
        concurrency: int,
        confidence: float,
        observers: Sequence[Observer] = (),
        run: RunStore | None = None,
        held: Callable[[float], None] | None = None,
        policies: Make | None = None,
    ) -> None:
        self.problem = problem
        self.failure: Exception | None = None
        self._ground = ground
        self._grounding = asyncio.Lock()
        self._crew: Crew | None = None
        self._desk = desk
        self._observe = observe
        self._budget = budget
        self._seed = seed
        self._concurrency = concurrency
        self._observers = list(observers)
        self.rng = random.Random(seed)
        self.tree = Tree(Work(""))
        self.submission: Submission | None = None
        self.deciding = Deciding(self.tree, least=confidence, unwanted=self._unwanted, crew=lambda: self._crew)
        self.steering = Steering(run, self.tree, _judgement) if run is not None else None
        self._held = held
        self._make_policy = policies or maker()

    def watch(self, observer: Observer) -> None:
        """Tell `observer` of every event of the searches that follow."""
        self._observers.append(observer)

    def unwatch(self, observer: Observer) -> None:
        """Tell it no more."""
        self._observers.remove(observer)

    @property
    def root(self) -> Node:
        """The node of the unchanged repository."""
        return self.tree.root

    @property
    def has_model(self) -> bool:
        """See `Kit.has_model`."""
        return self._desk is not None

    def budget(self) -> Remaining:
        """See `Kit.budget`."""
        return self._budget.remaining()

    def work(self, node: Node) -> Work:
        """See `Kit.work`."""
        if not isinstance(node.payload, Work):
            raise TypeError(f"{node!r} carries no work")
        return node.payload

    async def localize(self, limit: int = 10) -> tuple[str, ...]:
        """See `Kit.localize`."""
        return await (await self._grounded()).localize(limit)

    async def view(self, path: str, start: int | None = None, end: int | None = None, node: Node | None = None) -> str:
        """See `Kit.view`."""
        crew = await self._grounded()
        return await crew.view(self._based(self.work(node or self.root)).snapshot, path, start, end)

    async def grep(self, pattern: str, glob: str | None = None, node: Node | None = None) -> str:
        """See `Kit.grep`."""
        crew = await self._grounded()
        return await crew.grep(self._based(self.work(node or self.root)).snapshot, pattern, glob)

    async def write_tests(self, count: int = 2) -> tuple[str, ...]:
        """See `Kit.write_tests`."""
        return await (await self._grounded()).write_tests(count)

    async def think(self, node: Node, count: int = 3) -> list[Child]:
        """See `Kit.think`."""
        strategies = await (await self._grounded()).think(count)
        return [Child("strategy", replace(self.work(node), strategy=each, evaluation=None)) for each in strategies]

    def strategy(self, node: Node, title: str, description: str = "", files: Sequence[str] = ()) -> Child:
        """See `Kit.strategy`."""
        own = Strategy(title=title[:300], description=description[:8000], files=tuple(files))
        return Child("strategy", replace(self.work(node), strategy=own, evaluation=None, critique=None))

    async def implement(self, node: Node, *, temperature: float = 0.0, sample: int = 0) -> Work:
        """See `Kit.implement`."""
        crew = await self._grounded()
        return await crew.implement(self._based(self.work(node)), temperature=temperature, sample=sample)

    async def draft(self, node: Node, instruction: str = "", *, temperature: float = 0.0, sample: int = 0) -> Work:
        """See `Kit.draft`."""
        crew = await self._grounded()
        return await crew.draft(self._based(self.work(node)), instruction, temperature=temperature, sample=sample)

    async def repair(self, node: Node) -> Work:
        """See `Kit.repair`."""
        crew = await self._grounded()
        siblings = [self.work(child).snapshot for child in node.children if not child.failed]
        return await crew.repair(self._based(self.work(node)), siblings)

    async def mutate(self, node: Node) -> list[Work] | None:
        """See `Kit.mutate`."""
        crew = await self._grounded()
        return await crew.mutate(self._based(self.work(node)))

    async def evaluate(self, work: Work) -> Work:
        """See `Kit.evaluate`."""
        crew = await self._grounded()
        return await crew.evaluator.evaluate(self._based(work))

    async def probe(self, works: Sequence[Work], snippets: Sequence[str], seconds: float = 5.0) -> list[list[str]]:
        """See `Kit.probe`."""
        prober = (await self._grounded()).prober
        rows = {work.snapshot: self._based(work).snapshot for work in works}
        asked = [prober.run(snapshot, snippets, seconds=seconds) for snapshot in rows.values()]
        shown = dict(zip(rows, await asyncio.gather(*asked), strict=True))
        return [shown[work.snapshot] for work in works]

    async def identity(self, work: Work) -> str:
        """See `Kit.identity`."""
        crew = await self._grounded()
        return (await asyncio.to_thread(crew.identity, self._based(work).snapshot))[0]

    async def code(self, paths: Sequence[str] = ()) -> str:
        """See `Kit.code`."""
        return await asyncio.to_thread((await self._grounded()).code, paths)

    async def retrieve(self, query: str, limit: int = 5) -> tuple[str, ...]:
        """See `Kit.retrieve`."""
        return await asyncio.to_thread((await self._grounded()).retrieve, query, limit)

    async def critique(self, work: Work) -> Work:
        """See `Kit.critique`."""
        crew = await self._grounded()
        return await crew.critique(self._based(work))

    @overload
    async def ask(
        self,
        question: str,
        schema: None = None,
        *,
        role: str = "assistant",
        about: About = "code",
        temperature: float = 0.0,
        sample: int = 0,
    ) -> str: ...

    @overload
    async def ask(
        self,
        question: str,
        schema: type[Answer],
        *,
        role: str = "assistant",
        about: About = "code",
        temperature: float = 0.0,
        sample: int = 0,
    ) -> Answer: ...

    async def ask(
        self,
        question: str,
        schema: type[Answer] | None = None,
        *,
        role: str = "assistant",
        about: About = "code",
        temperature: float = 0.0,
        sample: int = 0,
    ) -> Answer | str:
        """See `Kit.ask`."""
        team = self._desk if about == "issue" else (await self._grounded()).team
        if team is None:
            raise InputError(NO_MODEL, hint=NO_MODEL_HINT)
        return await ask(team, role, question, schema, temperature=temperature, sample=sample)

    async def episode(self, node: Node, instruction: str, *, role: str = "solver", turns: int = 30) -> Work:
        """See `Kit.episode`."""
        crew = await self._grounded()
        return await crew.episode(self._based(self.work(node)), instruction, role=role, turns=turns)

    async def diff(self, node: Node) -> str:
        """See `Kit.diff`."""
        crew = await self._grounded()
        return await asyncio.to_thread(crew.diff, self._based(self.work(node)).snapshot)

    def child(self, work: Work, kind: Kind = "patch") -> Child:
        """See `Kit.child`."""
        return Child(kind, work, work.value, judgement=_judgement(work))

    def confidence(self, node: Node) -> Confidence:
        """See `Kit.confidence`."""
        return self.deciding.standings.explained(node)

    def accepted(self, node: Node) -> bool:
        """See `Kit.accepted`."""
        return self.deciding.accepted(node)

    async def search(
        self,
        policy: str,
        expand: Mapping[str, Expander],
        actions: Actions,
        *,
        options: Options | None = None,
        stop: Stop | None = None,
    ) -> SearchResult:
        """See `Kit.search`."""

        async def expansion(attempt: Expansion) -> Sequence[Child | Revalue]:
            said = steering.guidance(attempt.node, attempt.action) if steering else ""
            with scope.entered(attempt.id, said):
                return await expand[attempt.action](attempt.node)

        def possible(node: Node) -> Sequence[str] | Awaitable[Sequence[str]]:
            return () if steering is not None and steering.closed(node) else actions(node)

        steering = self.steering
        if steering is not None:
            steering.begin(expand)
        return await run(
            self.tree,
            self._make_policy(policy, self._seed, options or {}),
            expansion,
            actions=possible,
            concurrency=self._concurrency,
            budget=self._budget,
            stop=stop or self._any_accepted,
            observers=(self._observe, *self._observers),
            steer=steering,
            held=self._held,
        )

    def candidates(self) -> list[Node]:
        """See `Kit.candidates`."""
        return [each.node for each in self.deciding.ranking()]

    def _unwanted(self, node: Node) -> bool:
        """Whether it failed, or a person does not want it."""
        return node.failed or (self.steering is not None and self.steering.excluded(node))

    async def select(self) -> Node | None:
        """See `Kit.select`."""
        return await self.deciding.select(self.budget, self._changed)

    def _changed(self, node: Node) -> None:
        for observe in (self._observe, *self._observers):
            observe(NodeUpdated(node))

    async def submit(self, node: Node) -> None:
        """See `Kit.submit`."""
        self.submission = Submission(node, "")

    async def abstain(self, reason: str) -> None:
        """See `Kit.abstain`."""
        self.submission = Submission(None, reason)

    async def _grounded(self) -> Crew:
        """The crew, set up when it is first needed."""
        async with self._grounding:
            if self.failure is not None:
                raise self.failure
            if self._crew is None:
                try:
                    crew = await self._ground()
                except Exception as error:
                    self.failure = error  # whatever a design makes of it, the run ends with this
                    raise
                self.root.payload = self._based(self.work(self.root), crew.base)
                self._crew = crew
        return self._crew

    def _based(self, work: Work, base: str = "") -> Work:
        """`work` with its snapshot, which is the base when it was made before there was one."""
        return work if work.snapshot else replace(work, snapshot=base or self.work(self.root).snapshot)

    def _any_accepted(self, tree: TreeView) -> bool:
        return tree.best is not None and any(
            self.accepted(node) for node in tree if node.kind in ("patch", "repair") and node.value is not None
        )


def _judgement(work: Work) -> Judgement | None:
    """What a policy may know of a candidate: passed is 1 exactly when its tests prove it."""
    if work.evaluation is None:
        return None
    passed = 1.0 if work.evaluation.proved else min(0.99, work.evaluation.score)
    if work.critique is None:
        return Judgement(passed, asked=work.asked)
    return Judgement(passed, work.critique.score, work.critique.verdict == "keep", asked=True)
