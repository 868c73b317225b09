"""Where the candidates of a tree stand: what is known of all of them at a moment, merged, weighed, ranked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agent.confidence import Seen, explained, matrix_of, probabilities, refuted
from agent.execution.evaluator import Target
from agent.work import Confidence, Work
from search.selection.matrix import Matrix
from search.tree import CANDIDATES, Node, Tree


@dataclass(frozen=True)
class Standing:
    """One distinct candidate.

    Attributes:
        node: the first of the best value among those with this patch.
        probability: that it is right; 0 when it was not evaluated.
        same: other nodes whose patches are the same but for layout, comments, docstrings and names of local variables.
        behaviour: number of what it did on the tests, by rank; equal for candidates that cannot be told apart by them.
    """

    node: Node
    probability: float
    same: tuple[Node, ...]
    behaviour: int


CLOSE = 0.15
"""Finalists are at most this far behind the most probable candidate."""
FINALISTS = 4


def finalists(ranking: Sequence[Standing], wanted: Callable[[Node], bool], least: float) -> list[Standing]:
    """The candidates among which the decision could still go either way; fewer than two when it could not.

    Args:
        ranking: the most probable first.
        wanted: whether a node could be the answer, if it were probable enough.
        least: the probability an answer needs. Where the best has less than half of that, no test helps.
    """
    eligible = [each for each in ranking if wanted(each.node)]
    if not eligible or eligible[0].probability < least / 2:
        return []
    return [each for each in eligible[:FINALISTS] if each.probability >= eligible[0].probability - CLOSE]


class Standings:
    """The candidates of a tree.

    Args:
        tree: whose patches and repairs they are.
        unwanted: whether a node is out of the running.
        form: of a snapshot, see `agent.crew.Crew.identity`; and how many files it changes.
        targets: the tests that candidates were run on, as they are now.
    """

    def __init__(
        self,
        tree: Tree,
        *,
        unwanted: Callable[[Node], bool],
        form: Callable[[str], tuple[str, int]],
        targets: Callable[[], Sequence[Target]],
    ) -> None:
        self._tree = tree
        self._unwanted = unwanted
        self._form = form
        self._targets = targets
        self._forms: dict[str, tuple[str, int]] = {}
        self._key: object = None
        self._nodes: dict[str, int] = {}
        self._seen: list[Seen] = []
        self._chances: list[float] = []

    def probability(self, node: Node) -> float:
        """That the node's patch is right; 0 when it was not evaluated."""
        self._look()
        return self._chance(node)

    def explained(self, node: Node) -> Confidence:
        """The same with the factors it comes from."""
        self._look()
        place = self._nodes.get(node.id)
        if place is None:
            return Confidence(0.0, (("not evaluated", 0.0),))
        return explained(self._seen, place, self._targets())

    def matrix(self) -> Matrix:
        """The candidates that were evaluated, in the order of the tree, and what they did on the tests."""
        self._look()
        return matrix_of(self._seen, self._targets())

    def ranking(self) -> list[Standing]:
        """The candidates, the most probable first, equal patches once; those that a reliable test refutes come last."""
        self._look()
        nodes = [node for node in self._tree if node.kind in CANDIDATES and not self._unwanted(node)]
        nodes.sort(
            key=lambda node: (
                self._refuted(node),
                -self._chance(node),
                -(node.value or 0),
                -_work(node).score,
                node.order,
            )
        )
        groups: dict[str, list[Node]] = {}
        for node in nodes:
            groups.setdefault(self._form_of(_work(node).snapshot)[0], []).append(node)
        behaviour = self.matrix().behaviour if self._seen else ()
        numbers: dict[int, int] = {}
        found = []
        for first, *same in groups.values():
            place = self._nodes.get(first.id)
            kind = -1 - first.order if place is None else int(behaviour[place])
            number = numbers.setdefault(kind, len(numbers))
            found.append(Standing(first, self._chance(first), tuple(same), number))
        return found

    def _refuted(self, node: Node) -> bool:
        place = self._nodes.get(node.id)
        return place is not None and refuted(self._seen[place].evaluation, self._targets())

    def _chance(self, node: Node) -> float:
        place = self._nodes.get(node.id)
        return 0.0 if place is None else self._chances[place]

    def _look(self) -> None:
        """Weigh everything anew when something changed."""
        nodes = [
            node
            for node in self._tree
            if node.kind in CANDIDATES and _work(node).evaluation is not None and not self._unwanted(node)
        ]
        targets = self._targets()
        key = ([node.id for node in nodes], [id(node.payload) for node in nodes], [target.id for target in targets])
        if key == self._key:
            return
        self._nodes = {node.id: place for place, node in enumerate(nodes)}
        self._seen = [Seen(_work(node), *self._form_of(_work(node).snapshot)) for node in nodes]
        self._chances = probabilities(self._seen, targets)
        self._key = key

    def _form_of(self, snapshot: str) -> tuple[str, int]:
        found = self._forms.get(snapshot)
        if found is None:
            found = self._forms[snapshot] = self._form(snapshot)
        return found


def _work(node: Node) -> Work:
    if not isinstance(node.payload, Work):
        raise TypeError(f"{node!r} carries no work")
    return node.payload
