"""CodeTree: depth first with pruning, and each of our corrections behind its own switch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from search.events import Event, ExpansionEnded, ExpansionStarted, NodeAdded, NodeUpdated
from search.frontier import FrontierPolicy, Key, expected
from search.policy import Choice, awaits_the_first
from search.tree import CANDIDATES, Judgement, Node, TreeView, ancestry

CORRECTIONS: dict[str, Any] = {
    "best_fallback": True,
    "by_value": True,
    "count_calls": True,
    "critic_abstains": True,
    "veto_lowers": True,
}
"""All corrections at once."""

_NEUTRAL = 0.5
_WEIGHT = 1.0 / 3.0
"""The critic's integer of 0 to 5 counts fifteenths there; our score in [0, 1] is a fifth of it."""


class Codetree(FrontierPolicy):
    """A stack of strategies, solutions and repairs from which those that do worse than their parent are dropped.

    Source: CodeTree (Li et al., 2024) and its published loop. A program that fails visible tests stands at the share
    passed + critic / 15 and is repaired unless that is below its parent's, or equal at a depth above the critic's
    integer. One that passes them all is accepted when the critic keeps it, else stands at 1 + 5 / 15 and is repaired.
    The score only prunes; the stack keeps the order of the proposals. The limit of depth is the caller's, through the
    actions that are open. Without a `Judgement` a node stands at its value, and equals stay.

    Args:
        seed: not used.
        best_fallback: with nothing accepted, answer with what stands best; there it is the last program that failed.
        by_value: take the best open node instead of the latest; of many workers one waits when better may be under way.
        count_calls: `limit` counts every call; there programs only, though thinker and critic cost as much.
        critic_abstains: a critic that was not understood says nothing; there it accepts what passes the tests, and
            gives 0 to what fails them.
        veto_lowers: a vetoed program that passes the tests stays in the running at what the critic gave it; there it is
            forgotten as an answer.
        revive: put dropped nodes behind all others instead of forgetting them, so that no budget is left unused.
        limit: programs (or calls) after which nothing more is asked for; 20 in the paper, None for no limit of its own.
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        best_fallback: bool = False,
        by_value: bool = False,
        count_calls: bool = False,
        critic_abstains: bool = False,
        veto_lowers: bool = False,
        revive: bool = False,
        limit: int | None = None,
    ) -> None:
        super().__init__(seed)
        self.best_fallback = best_fallback
        self.by_value = by_value
        self.count_calls = count_calls
        self.critic_abstains = critic_abstains
        self.veto_lowers = veto_lowers
        self.revive = revive
        self.limit = limit
        self._costs: dict[str, int] = {}
        self._spent = 0

    def ask(self, tree: TreeView) -> Choice | None:
        """The next of the stack, while the policy's own limit lasts."""
        if self.limit is not None and self._spent + (0 if self.count_calls else tree.root.pending) >= self.limit:
            return None
        if self.by_value and awaits_the_first(tree):
            return None
        return super().ask(tree)

    def observe(self, event: Event) -> None:
        """Count what was spent, and put the node where it belongs."""
        match event:
            case NodeAdded(node=node) | NodeUpdated(node=node):
                self._count(node)
            case ExpansionStarted(expansion=expansion) | ExpansionEnded(expansion=expansion):
                self._count(expansion.node)
        super().observe(event)

    def admits(self, node: Node) -> bool:
        """A dropped node only when it may be revived."""
        return bool(node.open) and (self.revive or not self._dropped(node))

    def key(self, node: Node) -> Key:
        """Dropped or not; then rounds and value, or the latest family first and the place within it."""
        late = float(self._dropped(node))
        if self.by_value:
            value = next((above.value for above in ancestry(node) if above.value is not None), 1.0)
            return (late, node.expansions, -value, node.order)
        return (late, node.index - node.order, node.index)

    def brings(self, node: Node, tree: TreeView) -> Key | None:
        """By value, a fresh node of the value that is expected. A stack waits for nothing: its latest goes first."""
        value = expected(node, tree)
        return (0.0, 0, -value, len(tree)) if self.by_value and value is not None else None

    def standing(self, node: Node) -> float:
        """The paper's score of a program, in [0, 4/3]; the plain value when there is no judgement."""
        judged = node.judgement
        if judged is None:
            return node.value or 0.0
        if _passes(judged) and not (self.veto_lowers and judged.kept is False):
            return judged.passed + _WEIGHT
        unknown = _NEUTRAL if self.critic_abstains else 0.0
        return judged.passed + _WEIGHT * (unknown if judged.critic is None else judged.critic)

    def accepts(self, node: Node) -> bool:
        """Whether the program ends the search: it passes all tests and the critic does not object.

        The paper also accepts a third program in a row that passes, whatever the critic says.
        """
        judged = node.judgement
        if judged is None or node.failed or not _passes(judged):
            return False
        if judged.kept is None:
            return not (judged.asked and self.critic_abstains)
        parent = node.parent
        insisted = (
            _rank(node) == 3 and parent is not None and parent.judgement is not None and _passes(parent.judgement)
        )
        return judged.kept or insisted

    def answer(self, tree: Iterable[Node]) -> Node | None:
        """What this loop ends with: the first accepted program, else its fallback, else nothing."""
        programs = [node for node in tree if node.kind in CANDIDATES and not node.failed and node.value is not None]
        for node in programs:
            if self.accepts(node):
                return node
        vetoed = [node for node in programs if node.judgement is not None and _passes(node.judgement)]
        left = [node for node in programs if node not in vetoed]
        if self.best_fallback:
            return max(
                programs if self.veto_lowers else left or programs[:1],
                key=lambda node: (self.standing(node), -node.order),
                default=None,
            )
        if self.veto_lowers and vetoed:
            return vetoed[-1]
        return left[-1] if left else next(iter(programs), None)

    def _dropped(self, node: Node) -> bool:
        parent, judged = node.parent, node.judgement
        if parent is None or node.value is None:
            return False
        if judged is None:
            return parent.value is not None and node.value < parent.value
        if _passes(judged):
            return False
        mine, theirs = self.standing(node), self.standing(parent)
        integer = 5.0 * (_NEUTRAL if judged.critic is None and self.critic_abstains else judged.critic or 0.0)
        return mine < theirs or (mine == theirs and _rank(node) > integer)

    def _count(self, node: Node) -> None:
        """What the node has cost: the expansions of it and its critic, or 1 when it is a program."""
        if self.count_calls:
            cost = node.expansions + int(node.judgement is not None and node.judgement.asked)
        else:
            cost = int(node.kind in CANDIDATES)
        self._spent += cost - self._costs.get(node.id, 0)
        self._costs[node.id] = cost


def _passes(judged: Judgement) -> bool:
    return judged.passed > 0.99


def _rank(node: Node) -> int:
    """The how-many-eth program of its line: the paper's depth."""
    return sum(above.kind in CANDIDATES for above in ancestry(node))
