"""A person's orders, as the engine obeys them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from search.budget import Budget
from search.engine import run
from search.events import Event, Expansion, ExpansionEnded
from search.policy import Choice, create
from search.steering import Orders
from search.tree import Child, Node, Tree, TreeView


class Hand:
    """Gives prepared orders at moments, and keeps when it was asked."""

    def __init__(self, orders: dict[int, Orders]) -> None:
        self.orders = orders
        self.asked: list[tuple[int, bool]] = []

    def __call__(self, tree: TreeView, moment: int, *, last: bool) -> Orders:
        self.asked.append((moment, last))
        return self.orders.pop(moment, Orders())


async def expand(expansion: Expansion) -> Sequence[Child]:
    """One child each."""
    return [Child("patch", value=0.5)]


def twice(node: Node) -> Sequence[str]:
    """Two expansions of the root, nothing else."""
    return ("grow",) if node.kind == "root" and node.expansions < 2 else ()


async def test_what_a_person_asks_for_comes_first_open_or_not() -> None:
    tree = Tree()
    order: list[str] = []

    async def noted(expansion: Expansion) -> Sequence[Child]:
        order.append(expansion.node.kind)
        return await expand(expansion)

    first = tree.add(tree.root, Child("strategy"), action="given", ordinal=0, index=0)
    hand = Hand({2: Orders(forced=(Choice(first, "grow"),))})
    result = await run(tree, create("breadth_first"), noted, actions=twice, steer=hand)
    assert order == ["root", "strategy", "root"]
    assert result.expansions == 3
    assert [child.action for child in first.children] == ["grow"]


async def test_an_order_after_the_stop_rule_is_still_carried_out() -> None:
    tree = Tree()
    hand = Hand({2: Orders(forced=(Choice(tree.root, "grow"), Choice(tree.root, "grow")))})
    result = await run(
        tree, create("breadth_first"), expand, actions=twice, stop=lambda tree: len(tree) > 1, steer=hand
    )
    assert result.reason == "stopped"
    assert len(tree) == 4
    assert hand.asked[-1] == (6, True)


async def test_stopping_cancels_what_is_under_way() -> None:
    tree = Tree()
    ended: list[ExpansionEnded] = []

    async def endless(expansion: Expansion) -> Sequence[Child]:
        await asyncio.sleep(3600)
        return []

    def observe(event: Event) -> None:
        if isinstance(event, ExpansionEnded):
            ended.append(event)

    hand = Hand({1: Orders(stop=True)})
    result = await run(tree, create("breadth_first"), endless, actions=twice, steer=hand, observers=(observe,))
    assert (result.reason, result.detail) == ("stopped", "a person stopped it")
    assert [event.cancelled for event in ended] == [True]


async def test_a_pause_holds_and_its_time_does_not_count() -> None:
    tree = Tree()
    gone: list[float] = []
    now = 0.0
    budget = Budget(seconds=3600, clock=lambda: now)

    def steer(view: TreeView, moment: int, *, last: bool) -> Orders:
        return Orders(hold=moment == 2 and not gone and not last)

    await run(tree, create("breadth_first"), expand, actions=twice, steer=steer, budget=budget, held=gone.append)
    assert len(tree) == 3
    assert len(gone) == 1
    assert budget.elapsed == -gone[0]


async def test_nodes_that_a_person_changed_are_offered_again() -> None:
    tree = Tree()
    closed: set[str] = set()

    def actions(node: Node) -> Sequence[str]:
        return () if node.id in closed else twice(node)

    def steer(view: TreeView, moment: int, *, last: bool) -> Orders:
        if moment == 2 and not closed:
            closed.add(tree.root.id)
            return Orders(changed=(tree.root,))
        return Orders()

    result = await run(tree, create("breadth_first"), expand, actions=actions, steer=steer)
    assert (result.reason, result.expansions) == ("exhausted", 1)
