"""The kit: what a design may use. Everything a design does goes through here.

A design is a module with ``async def solve(kit)``. The kit's methods act on *work* (a snapshot with
what is known about it) and grow a tree of nodes by `Kit.search`. The interface is the same whether
the design runs in this process or in a sandbox of its own, behind a pipe: arguments and results are
plain data, nodes of the tree, and work that the kit made. The budget, the journal, the tests and the
answer are held on the other side; a design cannot make work, nor change what is known about it.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, Protocol, TypeVar, overload

from pydantic import BaseModel, Field

from agent.work import Confidence, Critique, Evaluation, Strategy, Work
from search.budget import BudgetExceeded, Remaining
from search.engine import Actions, ExpansionFailed, Revalue, SearchResult, Stop
from search.tree import Child, Node, TreeView
from tools.errors import InputError

Answer = TypeVar("Answer", bound=BaseModel)
Expander = Callable[[Node], Awaitable[Sequence[Child | Revalue]]]
Count = Annotated[int, Field(ge=1, le=64)]
Temperature = Annotated[float, Field(ge=0, le=2)]
Seconds = Annotated[float, Field(gt=0, le=60)]
Name = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[A-Za-z][A-Za-z0-9_ -]*$")]
Line = Annotated[str, Field(max_length=2000)]
Prose = Annotated[str, Field(max_length=100_000)]
Options = Mapping[str, bool | int | float | str]
Kind = Literal["patch", "repair"]
About = Literal["code", "issue"]


@dataclass(frozen=True)
class Submission:
    """What a design ended with: a node to answer with, or a reason to answer nothing."""

    node: Node | None
    reason: str


class Kit(Protocol):
    """One task in the hands of a design.

    Attributes:
        rng: random numbers that are the same for the same seed.
    """

    rng: random.Random

    @property
    def root(self) -> Node:
        """The node of the unchanged repository."""
        ...

    @property
    def tree(self) -> TreeView:
        """All nodes so far: it can be iterated, has a length, gives a node by its id, and knows its `best`."""
        ...

    @property
    def problem(self) -> str:
        """The issue's text."""
        ...

    @property
    def has_model(self) -> bool:
        """Whether there is a model to ask."""
        ...

    def budget(self) -> Remaining:
        """What may still be spent: US dollars, tokens, nodes, seconds; None where there is no limit."""
        ...

    def work(self, node: Node) -> Work:
        """What a node carries."""
        ...

    async def localize(self, limit: Count = 10) -> tuple[str, ...]:
        """Paths of the files the issue is about, best first; refined by the planner when there is a model."""
        ...

    async def view(self, path: Line, start: int | None = None, end: int | None = None, node: Node | None = None) -> str:
        """Numbered lines of a file, as it is at `node` (the root, if not given).

        Raises:
            InputError: there is no such file.
        """
        ...

    async def grep(self, pattern: Line, glob: Line | None = None, node: Node | None = None) -> str:
        """Lines that match a regular expression, as they are at `node` (the root, if not given)."""
        ...

    async def write_tests(self, count: Count = 2) -> tuple[str, ...]:
        """Writes tests that reproduce the issue; the ids of those that fail on the base for its reason.

        They become targets of every evaluation that follows. None are written when the failing
        tests are known, when that was switched off, or when there is no model.
        """
        ...

    async def think(self, node: Node, count: Count = 3) -> list[Child]:
        """Different strategies, the best bet first, as children for `node`.

        Raises:
            ExpansionFailed: the thinker gave none.
        """
        ...

    def strategy(self, node: Node, title: Line, description: Prose = "", files: Sequence[Line] = ()) -> Child:
        """A strategy of the design's own, as a child for `node`."""
        ...

    async def implement(self, node: Node, *, temperature: Temperature = 0.0, sample: int = 0) -> Work:
        """A patch that follows the node's strategy, if it has one.

        Equal requests have equal answers; draws at a temperature differ by `sample`.

        Raises:
            ExpansionFailed: the solver ended without a patch.
        """
        ...

    async def draft(
        self, node: Node, instruction: Prose = "", *, temperature: Temperature = 0.0, sample: int = 0
    ) -> Work:
        """A patch in one message of the solver, without tools; what sampling in numbers draws from.

        On a node with a patch the solver sees it, and what its tests said. Equal requests have equal answers.

        Raises:
            ExpansionFailed: the answer has no edits that can be made, also when asked again.
        """
        ...

    async def repair(self, node: Node) -> Work:
        """The node's patch, repaired from what its tests and its critic said.

        Raises:
            ExpansionFailed: the debugger ended without a different patch.
        """
        ...

    async def mutate(self, node: Node) -> list[Work] | None:
        """The mechanical edits worth a node among the next ones of the node's code, likeliest first.

        They make more of the failing tests pass than before, or let one get further. Often there are none in a batch;
        None when there are no more edits.
        """
        ...

    async def evaluate(self, work: Work) -> Work:
        """`work` with what running its tests says."""
        ...

    async def probe(self, works: Sequence[Work], snippets: Sequence[Prose], seconds: Seconds = 5.0) -> list[list[str]]:
        """What pieces of Python show on each work: the matrix works x snippets.

        A snippet starts in a process of its own at the root of the repository. It shows ``value REPR`` of its last
        expression (``value None`` when it has none), ``raised TYPE``, ``out of time``, ``ended early`` or
        ``not run``. An assert thus passes when it shows a value; equal rows are equal behaviour.
        """
        ...

    async def identity(self, work: Work) -> str:
        """The same text for patches that differ only in layout, comments, docstrings and names of local variables."""
        ...

    async def code(self, paths: Sequence[Line] = ()) -> str:
        """The functions the issue is about, whole, within a budget; those of `paths` first."""
        ...

    async def retrieve(self, query: Prose, limit: Count = 5) -> tuple[str, ...]:
        """Functions of the repository that resemble `query` (words or a sketch in code), and usages of what it calls.

        Each begins with a comment that says where it is; comments and docstrings are left out. What `code` shows is
        not repeated.
        """
        ...

    async def critique(self, work: Work) -> Work:
        """`work` with what the critic says; unchanged when there is no model or it was not evaluated."""
        ...

    @overload
    async def ask(
        self,
        question: Prose,
        schema: None = None,
        *,
        role: Name = "assistant",
        about: About = "code",
        temperature: Temperature = 0.0,
        sample: int = 0,
    ) -> str: ...

    @overload
    async def ask(
        self,
        question: Prose,
        schema: type[Answer],
        *,
        role: Name = "assistant",
        about: About = "code",
        temperature: Temperature = 0.0,
        sample: int = 0,
    ) -> Answer: ...

    async def ask(
        self,
        question: Prose,
        schema: type[Answer] | None = None,
        *,
        role: Name = "assistant",
        about: About = "code",
        temperature: Temperature = 0.0,
        sample: int = 0,
    ) -> Answer | str:
        """What a role of the design's own invention answers: text, or an object of `schema`.

        The role sees the issue and the located code before the question, or the issue alone: that needs neither the
        repository nor its tests to be set up.

        Raises:
            ExpansionFailed: the answer cannot be used.
            InputError: there is no model.
        """
        ...

    async def episode(self, node: Node, instruction: Prose, *, role: Name = "solver", turns: Count = 30) -> Work:
        """A model with tools works on the node's repository as instructed.

        Raises:
            ExpansionFailed: it ended without a change.
        """
        ...

    async def diff(self, node: Node) -> str:
        """The patch from the unchanged repository to `node`."""
        ...

    def child(self, work: Work, kind: Kind = "patch") -> Child:
        """A node for the tree, valued by its evaluation and critique."""
        ...

    def confidence(self, node: Node) -> Confidence:
        """How probable it is that the node's patch is right, given all candidates and what each did on each test."""
        ...

    def accepted(self, node: Node) -> bool:
        """Whether the node is good enough to stop: no reliable test against it, kept by its critic, probable enough."""
        ...

    async def search(
        self,
        policy: Name,
        expand: Mapping[str, Expander],
        actions: Actions,
        *,
        options: Options | None = None,
        stop: Stop | None = None,
    ) -> SearchResult:
        """Grows the tree from the root.

        Args:
            policy: the name of a policy: where to expand next.
            options: of the policy, by the names of its constructor.
            expand: for each action, what makes children of a node. It may raise `ExpansionFailed`.
            actions: the names of what is possible at a node, the preferred action first.
            stop: asked after every change of the tree; by default true as soon as a node is `accepted`.
        """
        ...

    def candidates(self) -> list[Node]:
        """The patches of the tree, the most probable first; equal patches once."""
        ...

    async def select(self) -> Node | None:
        """The node to answer with: the most probable one, after a model told close finalists apart by tests."""
        ...

    async def submit(self, node: Node) -> None:
        """Answers with the node's patch; whether that counts as solved is decided by its confidence."""
        ...

    async def abstain(self, reason: Line) -> None:
        """Answers nothing, and says why."""
        ...


__all__ = [
    "BudgetExceeded",
    "Child",
    "Confidence",
    "Critique",
    "Evaluation",
    "ExpansionFailed",
    "InputError",
    "Kit",
    "Node",
    "Remaining",
    "Revalue",
    "SearchResult",
    "Strategy",
    "Submission",
    "TreeView",
    "Work",
]
