"""What holds for every policy there is."""

import asyncio
import random
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search import engine, policy
from search.budget import Budget
from search.events import NodeAdded, NodeUpdated
from search.policies.ab_mcts import AbMcts
from search.policies.codetree import Codetree
from search.tree import Child, Tree

NAMES = policy.names()


def actions(node):
    if node.kind == "root":
        return ("draft",)
    return ("repair", "rewrite")[: 1 + node.order % 2] if node.depth < 5 and node.expansions < 3 else ()


def quality(expansion) -> float:
    rng = random.Random(expansion.id)
    base = expansion.node.value if expansion.node.value is not None else 0.3
    return min(1.0, max(0.0, rng.gauss(base, 0.15)))


async def expand(expansion):
    await asyncio.sleep(0)
    return [Child("patch" if expansion.action == "draft" else "repair", None, quality(expansion))]


def grow(name, seed=0, *, budget=40, concurrency=1, chosen=None):
    tree = Tree()
    events = []
    chosen = chosen or policy.create(name, seed)
    result = asyncio.run(
        engine.run(
            tree,
            chosen,
            expand,
            actions=actions,
            budget=Budget(nodes=budget),
            concurrency=concurrency,
            observers=[events.append],
        )
    )
    return tree, result, events


@pytest.mark.parametrize("name", NAMES)
@given(seed=st.integers(0, 99), budget=st.integers(1, 60), concurrency=st.integers(1, 8))
@settings(max_examples=12, deadline=None)
def test_the_budget_is_used_and_never_exceeded(name, seed, budget, concurrency) -> None:
    tree, result, _ = grow(name, seed, budget=budget, concurrency=concurrency)
    assert result.expansions == len(tree) - 1 == budget  # the root is always open here
    assert tree.root.pending == 0


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_grows_the_same_tree(name) -> None:
    assert grow(name, 3)[0].to_dict() == grow(name, 3)[0].to_dict()


@pytest.mark.parametrize("name", NAMES)
@given(rng=st.randoms(use_true_random=False), seed=st.integers(0, 20))
@settings(max_examples=10, deadline=None)
def test_observing_twice_and_in_any_order_changes_nothing(name, rng, seed) -> None:
    tree, _, events = grow(name, seed, budget=25)
    seen = [event for event in events if isinstance(event, NodeAdded | NodeUpdated)]
    straight, mixed = policy.create(name, seed), policy.create(name, seed)
    for event in [NodeAdded(tree.root), *seen]:
        straight.observe(event)
    shuffled = [NodeAdded(tree.root), *seen, *rng.sample(seen, len(seen) // 2)]
    rng.shuffle(shuffled)
    for event in shuffled:
        mixed.observe(event)
    assert [straight.ask(tree) for _ in range(5)] == [mixed.ask(tree) for _ in range(5)]


def test_repeated_sampling_never_repairs() -> None:
    tree, _, _ = grow("repeated")
    assert {node.depth for node in tree} == {0, 1}


def test_self_refine_follows_one_chain_to_its_end_first() -> None:
    tree, _, _ = grow("self_refine", budget=5)
    assert [node.depth for node in tree] == [0, 1, 2, 3, 4, 5]


def test_codetree_drops_what_is_worse_than_its_parent_unless_revived() -> None:
    def worse(node):
        return node.parent is not None and node.parent.value is not None and node.value < node.parent.value

    def few(node):
        return actions(node) if node.parent or node.expansions < 4 else ()

    trees = []
    for revive in (False, True):
        trees.append(Tree())
        asyncio.run(engine.run(trees[-1], Codetree(revive=revive), expand, actions=few))
    faithful, revived = trees
    assert not any(worse(node) and node.attempts for node in faithful)
    assert any(worse(node) and node.attempts for node in revived)
    assert not any(node.open for node in revived)  # everything had its turn


def test_codetree_by_value_repairs_better_nodes() -> None:
    def repaired(tree):
        values = [node.value for node in tree if node.attempts and node.value is not None]
        return sum(values) / len(values)

    by_value = [repaired(grow("", chosen=Codetree(by_value=True), budget=b)[0]) for b in (20, 40, 80)]
    stack = [repaired(grow("", chosen=Codetree(), budget=b)[0]) for b in (20, 40, 80)]
    assert sum(by_value) > sum(stack)


@dataclass
class Landscape:
    """Repairs of the second draft are good, everything else is bad."""

    good: float = 0.9
    bad: float = 0.1

    async def expand(self, expansion):
        node = expansion.node
        while node.depth > 1:
            node = node.parent
        rich = node.depth == 1 and node.order == 2
        rng = random.Random(expansion.id)
        return [
            Child("repair" if node.depth else "patch", None, (self.good if rich else self.bad) - 0.1 * rng.random())
        ]


@pytest.mark.parametrize("prior", ["gaussian", "beta"])
def test_ab_mcts_goes_deeper_where_it_pays(prior) -> None:
    spent = 0
    for seed in range(5):
        tree = Tree()
        asyncio.run(
            engine.run(
                tree,
                AbMcts(seed, prior=prior),
                Landscape().expand,
                actions=lambda node: ("go",) if node.depth < 6 else (),
                budget=Budget(nodes=80),
            )
        )
        spent += max((child.visits for child in tree.root.children if child.order == 2), default=0)
    assert spent > 5 * 80 / 2


def test_ab_mcts_prefers_the_better_action() -> None:
    async def two(expansion):
        return [Child("patch", None, 0.9 if expansion.action == "b" else 0.1)]

    tree = Tree()
    asyncio.run(engine.run(tree, AbMcts(1), two, actions=lambda node: ("a", "b"), budget=Budget(nodes=60)))
    assert sum(node.action == "b" for node in tree) > 45
