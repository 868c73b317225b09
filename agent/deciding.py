"""The decision of a run: filter, merge, weigh, tell finalists apart by tests, then answer or abstain."""

from __future__ import annotations

from collections.abc import Callable

from agent import scope
from agent.confidence import sound
from agent.crew import Crew
from agent.standing import Standing, Standings, finalists
from agent.work import Work
from search.budget import BudgetExceeded, Remaining
from search.tree import Node, Tree
from tools.errors import BudgetExhausted

ROUNDS = 2
"""Distinguishing tests are asked for so often at most."""
LEAST_TOKENS, LEAST_SECONDS = 20_000, 60.0
"""What must be left for one of them."""
MATRIX_ROWS = 12
"""So many of the best candidates are run on one."""
TIED = 0.1
"""Finalists that no test tells apart and that are this close are the selector's to choose from."""


class Deciding:
    """Which candidate of a tree is the answer, and whether it is good enough.

    Args:
        tree: of the candidates.
        least: the probability an answer needs.
        unwanted: whether a node is out of the running.
        crew: runs and writes tests; None until the task is set up.
    """

    def __init__(
        self, tree: Tree, *, least: float, unwanted: Callable[[Node], bool], crew: Callable[[], Crew | None]
    ) -> None:
        self._least = least
        self._unwanted = unwanted
        self._crew = crew
        self._rounds = 0
        self.standings = Standings(
            tree,
            unwanted=unwanted,
            form=lambda snapshot: known.identity(snapshot) if (known := crew()) else ("", 0),
            targets=lambda: known.evaluator.suite.tests if (known := crew()) else (),
        )

    def ranking(self) -> list[Standing]:
        """The candidates with their probabilities, the most probable first; equal patches once."""
        return self.standings.ranking() if self._crew() is not None else []

    def enough(self, node: Node) -> bool:
        """Whether the node is good enough to be the answer: no reliable test against it, and probable enough.

        What the critic said is in the probability; its word alone neither accepts nor rejects.
        """
        return self.sound(node) and self.standings.probability(node) >= self._least

    def accepted(self, node: Node) -> bool:
        """Whether the search may stop with it: good enough, and its critic has nothing to repair."""
        critique = _work(node).critique
        return (critique is None or critique.verdict == "keep") and self.enough(node)

    def sound(self, node: Node) -> bool:
        """Whether nothing but a low probability speaks against the node."""
        evaluation, crew = _work(node).evaluation, self._crew()
        if evaluation is None or self._unwanted(node) or crew is None:
            return False
        return sound(evaluation, crew.evaluator.suite.tests)

    async def select(self, budget: Callable[[], Remaining], changed: Callable[[Node], None]) -> Node | None:
        """The node to answer with; with a model, after finalists were told apart.

        Args:
            budget: what is left.
            changed: told of nodes about which more is known.
        """
        crew = self._crew()
        if crew is not None and crew.team is not None:
            await self._tell_apart(crew, budget, changed)
        ranking = self.ranking()
        if not ranking:
            return None
        best = ranking[0].probability
        tied = [each.node for each in ranking[:4] if self.accepted(each.node) and each.probability > best - TIED]
        if len(tied) < 2 or crew is None or crew.team is None:
            return ranking[0].node
        choice = await crew.choose([_work(node) for node in tied])
        return ranking[0].node if choice is None else tied[choice]

    async def _tell_apart(self, crew: Crew, budget: Callable[[], Remaining], changed: Callable[[Node], None]) -> None:
        """Writes and runs distinguishing tests while finalists are close, there are some, and the budget allows it."""
        for _ in range(ROUNDS):
            ranking = self.ranking()
            close = finalists(ranking, self.sound, self._least)
            if len(close) < 2 or _poor(budget()):
                return
            self._rounds += 1
            try:
                with scope.entered(f"distinguishing-{self._rounds}"):
                    if not await crew.tell_apart([_work(each.node) for each in close], self._rounds):
                        return
                for each in ranking[:MATRIX_ROWS]:
                    for node in (each.node, *each.same):
                        node.payload = await crew.evaluator.tell_apart(_work(node))
                        changed(node)
            except (BudgetExceeded, BudgetExhausted):
                return  # what is known decides


def _poor(left: Remaining) -> bool:
    few = left.tokens is not None and left.tokens < LEAST_TOKENS
    return few or (left.seconds is not None and left.seconds < LEAST_SECONDS)


def _work(node: Node) -> Work:
    if not isinstance(node.payload, Work):
        raise TypeError(f"{node!r} carries no work")
    return node.payload
