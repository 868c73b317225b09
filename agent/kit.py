"""The kit: what a design may use. Everything a design does goes through here.

A design is a module with ``async def solve(kit)``. Its methods act on *work* (a snapshot with
what is known about it) and grow a tree of nodes by ``kit.search``; the budget, the journal and
the isolation are held on this side of it.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from pydantic import BaseModel

from agent import scope
from agent.confidence import Confidence, confidence
from agent.crew import Crew
from agent.work import Strategy, Work
from search.budget import Budget, Remaining
from search.engine import ExpansionFailed, Observer, SearchResult, run
from search.events import Expansion
from search.policy import create
from search.tree import Child, Node, Tree, TreeView

Answer = TypeVar("Answer", bound=BaseModel)
Expander = Callable[[Node], Awaitable[Sequence[Child]]]


@dataclass(frozen=True)
class Submission:
    """What a design ended with: a node to answer with, or a reason to answer nothing."""

    node: Node | None
    reason: str


class Kit:
    """One task in the hands of a design.

    Args:
        crew: the roles, the tests and the repository of this task.
        budget: of the whole run.
        seed: of the policies and of `rng`.
        concurrency: expansions under way at a time.
        confidence: least probability of being right for `accepted`.
        observers: told of every event of a search.
    """

    def __init__(
        self,
        crew: Crew,
        budget: Budget,
        *,
        seed: int,
        concurrency: int,
        confidence: float,
        observers: Sequence[Observer] = (),
    ) -> None:
        self._crew = crew
        self._budget = budget
        self._seed = seed
        self._concurrency = concurrency
        self._confidence = confidence
        self._observers = tuple(observers)
        self.rng = random.Random(seed)
        self.tree = Tree(Work(crew.base))
        self.submission: Submission | None = None

    @property
    def root(self) -> Node:
        """The node of the unchanged repository."""
        return self.tree.root

    @property
    def problem(self) -> str:
        """The issue's text."""
        return self._crew.problem

    @property
    def has_model(self) -> bool:
        """Whether there is a model to ask."""
        return self._crew.team is not None

    def budget(self) -> Remaining:
        """What may still be spent: US dollars, tokens, nodes, seconds; None where there is no limit."""
        return self._budget.remaining()

    def work(self, node: Node) -> Work:
        """What a node carries."""
        if not isinstance(node.payload, Work):
            raise TypeError(f"{node!r} carries no work")
        return node.payload

    async def localize(self, limit: int = 10) -> tuple[str, ...]:
        """Paths of the files the issue is about, best first; refined by the planner when there is a model."""
        return await self._crew.localize(limit)

    async def view(self, path: str, start: int | None = None, end: int | None = None, node: Node | None = None) -> str:
        """Numbered lines of a file, as it is at `node`."""
        return await self._crew.view(self.work(node or self.root).snapshot, path, start, end)

    async def grep(self, pattern: str, glob: str | None = None, node: Node | None = None) -> str:
        """Lines that match a regular expression, as they are at `node`."""
        return await self._crew.grep(self.work(node or self.root).snapshot, pattern, glob)

    async def write_tests(self, count: int = 2) -> tuple[str, ...]:
        """Writes tests that reproduce the issue; the ids of those that fail on the base for its reason.

        They become targets of every evaluation that follows. None are written when the failing
        tests are known, when that was switched off, or when there is no model.
        """
        return await self._crew.write_tests(count)

    async def think(self, node: Node, count: int = 3) -> list[Child]:
        """Different strategies, the best bet first, as children for `node`."""
        strategies = await self._crew.think(count)
        return [Child("strategy", replace(self.work(node), strategy=each, evaluation=None)) for each in strategies]

    async def implement(self, node: Node, *, temperature: float = 0.0, sample: int = 0) -> Work:
        """A patch that follows the node's strategy, if it has one.

        Raises:
            ExpansionFailed: the solver ended without a patch.
        """
        return await self._crew.implement(self.work(node), temperature=temperature, sample=sample)

    async def repair(self, node: Node) -> Work:
        """The node's patch, repaired from what its tests and its critic said.

        Raises:
            ExpansionFailed: the debugger ended without a different patch.
        """
        siblings = [self.work(child).snapshot for child in node.children if not child.failed]
        return await self._crew.repair(self.work(node), siblings)

    async def mutate(self, node: Node) -> Work | None:
        """The next mechanical edit of the node's code, likeliest first; None when there are no more."""
        return await self._crew.mutate(self.work(node))

    async def evaluate(self, work: Work) -> Work:
        """`work` with what running its tests says."""
        return await self._crew.evaluator.evaluate(work)

    async def critique(self, work: Work) -> Work:
        """`work` with what the critic says; unchanged when there is no model."""
        return await self._crew.critique(work)

    async def ask(self, question: str, schema: type[Answer], *, role: str = "assistant", sample: int = 0) -> Answer:
        """A typed answer of a role of one's own invention.

        Raises:
            InputError: there is no model.
        """
        return await self._crew.ask(role, question, schema, sample=sample)

    async def episode(self, node: Node, instruction: str, *, role: str = "solver", turns: int = 30) -> Work:
        """A model with tools works on the node's repository as instructed.

        Raises:
            ExpansionFailed: it ended without a change.
        """
        return await self._crew.episode(self.work(node), instruction, role=role, turns=turns)

    def child(self, work: Work, kind: str = "patch") -> Child:
        """A node for the tree, valued by its evaluation and critique."""
        return Child("repair" if kind == "repair" else "patch", work, work.value)

    def confidence(self, node: Node) -> Confidence:
        """How probable it is that the node's patch is right."""
        work = self.work(node)
        return confidence(work.evaluation, work.critique, self._crew.evaluator.suite.targets)

    def accepted(self, node: Node) -> bool:
        """Whether the node is good enough to stop: plausible by its tests, kept by its critic, probable enough."""
        work = self.work(node)
        if node.failed or work.evaluation is None:
            return False
        proved = work.evaluation.plausible or (
            not work.evaluation.targets and work.evaluation.regressions_run and not work.evaluation.broken
        )
        kept = work.critique is None or work.critique.verdict == "keep"
        return proved and kept and self.confidence(node).probability >= self._confidence

    async def search(
        self,
        policy: str,
        expand: Mapping[str, Expander],
        actions: Callable[[Node], Sequence[str]],
        *,
        stop: Callable[[TreeView], bool] | None = None,
    ) -> SearchResult:
        """Grows the tree from the root.

        Args:
            policy: the name of a policy.
            expand: for each action, what makes children of a node.
            actions: what is possible at a node, the preferred action first.
            stop: when to end; by default as soon as a node is `accepted`.
        """

        async def expansion(attempt: Expansion) -> Sequence[Child]:
            with scope.entered(attempt.id):
                return await expand[attempt.action](attempt.node)

        return await run(
            self.tree,
            create(policy, self._seed),
            expansion,
            actions=actions,
            concurrency=self._concurrency,
            budget=self._budget,
            stop=stop or self._any_accepted,
            observers=(self._crew.observe, *self._observers),
        )

    def candidates(self) -> list[Node]:
        """The patches of the tree, the most probable first; equal patches once."""
        nodes = [node for node in self.tree if node.kind in ("patch", "repair") and not node.failed]
        ranked = sorted(nodes, key=lambda node: (-self.confidence(node).probability, -(node.value or 0), node.order))
        return self._crew.merge_equal(ranked, lambda node: self.work(node).snapshot)

    async def select(self) -> Node | None:
        """The node to answer with: the most probable one, after the selector chose among close finalists."""
        ranked = self.candidates()
        if not ranked:
            return None
        best = self.confidence(ranked[0]).probability
        close = [node for node in ranked[:4] if self.accepted(node) and self.confidence(node).probability > best - 0.1]
        if len(close) < 2 or not self.has_model:
            return ranked[0]
        choice = await self._crew.choose([self.work(node) for node in close])
        return ranked[0] if choice is None else close[choice]

    async def submit(self, node: Node) -> None:
        """Answers with the node's patch; whether that counts as solved is decided by its confidence."""
        self.submission = Submission(node, "")

    async def abstain(self, reason: str) -> None:
        """Answers nothing, and says why."""
        self.submission = Submission(None, reason)

    def _any_accepted(self, tree: TreeView) -> bool:
        return tree.best is not None and any(
            self.accepted(node) for node in tree if node.kind in ("patch", "repair") and node.value is not None
        )


__all__ = ["ExpansionFailed", "Kit", "Node", "Strategy", "Submission", "Work"]
