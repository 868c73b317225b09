"""What holds for every policy there is."""

import asyncio
import random
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search import engine, policy
from search.budget import Budget
from search.events import Expansion, ExpansionEnded, ExpansionStarted, NodeAdded, NodeUpdated
from search.frontier import PATIENCE
from search.policies.ab_mcts import AbMcts
from search.policies.best_first import BestFirst
from search.policies.codetree import Codetree
from search.policy import FIRST
from search.tree import Child, Judgement, Tree

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


def under_way(chosen, started: int) -> tuple[Tree, list]:
    """Of five patches of falling value, expansions of the first `started` are under way."""
    tree = Tree()
    nodes = [
        tree.add(tree.root, Child("patch", None, 0.9 - 0.1 * place), action="go", ordinal=place, index=0)
        for place in range(5)
    ]
    for node in nodes:
        tree.offer(node, ("go",))
        chosen.observe(NodeAdded(node))
    for node in nodes[:started]:
        begun = Expansion(node, "go", tree.start(node, "go"))
        tree.offer(node, ())
        chosen.observe(ExpansionStarted(begun))
    return tree, nodes


@pytest.mark.parametrize("chosen", [BestFirst, lambda: Codetree(by_value=True)])
def test_a_worker_waits_when_better_is_under_way(chosen) -> None:
    for started in range(PATIENCE):
        waiting = chosen()
        tree, nodes = under_way(waiting, started)
        assert waiting.ask(tree).node is nodes[started]
    waiting = chosen()
    tree, nodes = under_way(waiting, PATIENCE)
    assert waiting.ask(tree) is None
    tree.end(nodes[0])
    waiting.observe(ExpansionEnded(Expansion(nodes[0], "go", 0), (), ""))
    assert waiting.ask(tree).node is nodes[PATIENCE]


@pytest.mark.parametrize("chosen", [Codetree(by_value=True), policy.create("pg_td")])
def test_the_first_proposals_are_seen_before_the_others_are_begun(chosen) -> None:
    tree = Tree()
    strategies = [
        tree.add(tree.root, Child("strategy"), action="think", ordinal=0, index=place) for place in range(FIRST + 1)
    ]
    for node in strategies:
        tree.offer(node, ("go",))
        chosen.observe(NodeAdded(node))
    for _ in range(FIRST):
        node = chosen.ask(tree).node
        chosen.observe(ExpansionStarted(Expansion(node, "go", tree.start(node, "go"))))
    assert chosen.ask(tree) is None
    tree.end(node)
    chosen.observe(NodeAdded(tree.add(node, Child("patch", None, 0.5), action="go", ordinal=0, index=0)))
    assert chosen.ask(tree) is not None


@pytest.mark.parametrize("chosen", [Codetree, lambda: policy.create("breadth_first")])
def test_an_order_without_values_waits_for_nothing(chosen) -> None:
    going = chosen()
    tree, nodes = under_way(going, PATIENCE)
    assert going.ask(tree).node is nodes[PATIENCE]


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


def test_ab_mcts_repairs_a_node_once_at_a_time() -> None:
    most = {False: 0, True: 0}

    def note(event):
        if isinstance(event, ExpansionStarted):
            node = event.expansion.node
            most[node.parent is None] = max(most[node.parent is None], node.in_flight)

    async def slowly(expansion):
        for _ in range(random.Random(expansion.id).randrange(1, 9)):
            await asyncio.sleep(0)
        return await expand(expansion)

    asyncio.run(
        engine.run(Tree(), AbMcts(2), slowly, actions=actions, budget=Budget(nodes=80), concurrency=8, observers=[note])
    )
    assert most[False] == 1
    assert most[True] > 1


def test_ab_mcts_prefers_the_better_action() -> None:
    async def two(expansion):
        return [Child("patch", None, 0.9 if expansion.action == "b" else 0.1)]

    tree = Tree()
    asyncio.run(engine.run(tree, AbMcts(1), two, actions=lambda node: ("a", "b"), budget=Budget(nodes=60)))
    assert sum(node.action == "b" for node in tree) > 45


def by_level(tree):
    levels = {}
    for node in tree:
        levels.setdefault(node.depth, []).append(node)
    return levels


def test_beam_expands_only_the_best_of_each_level() -> None:
    def three(node):
        return ("go",) if node.depth < 4 and node.expansions < 3 else ()

    tree = Tree()
    beam = policy.create("beam", width=2, branch=3)
    asyncio.run(engine.run(tree, beam, expand, actions=three, budget=Budget(nodes=3 + 6 + 6 + 6)))
    levels = by_level(tree)
    assert [len(levels[depth]) for depth in range(5)] == [1, 3, 6, 6, 6]
    for depth in (1, 2, 3):
        best = sorted(levels[depth], key=lambda node: (-node.value, node.order))[:2]
        assert all(node.expansions == (3 if node in best else 0) for node in levels[depth])


def test_beam_sees_a_value_that_falls() -> None:
    tree = Tree()
    beam = policy.create("beam", width=1, branch=2)
    asyncio.run(engine.run(tree, beam, expand, actions=lambda node: ("go",), budget=Budget(nodes=2)))
    first, second = sorted(tree.root.children, key=lambda node: -node.value)
    assert beam.ask(tree).node is first
    tree.revalue(first, 0.0)
    beam.observe(NodeUpdated(first))
    assert beam.ask(tree).node is second


@pytest.mark.parametrize("name", ["lats", "uct", "pg_td"])
def test_descents_go_deeper_where_it_pays(name) -> None:
    tree = Tree()
    asyncio.run(
        engine.run(
            tree,
            policy.create(name),
            Landscape().expand,
            actions=lambda node: ("go",) if node.depth < 6 else (),
            budget=Budget(nodes=80),
        )
    )
    rich = next(child for child in tree.root.children if child.order == 2)
    assert rich.visits > 1.5 * max(child.visits for child in tree.root.children if child is not rich)


def test_lats_gives_a_leaf_all_its_children_before_it_goes_below() -> None:
    tree, _, _ = grow("", chosen=policy.create("lats", samples=2), budget=30)
    for node in tree:
        if any(child.attempts for child in node.children):
            assert node.expansions >= min(2, 3 if node.parent else 2)


def test_pg_td_backs_up_the_best_and_not_the_mean() -> None:
    """One good repair among poor ones keeps the search in that family, though its mean is the lowest."""
    tree = Tree()
    one, other = (
        tree.add(tree.root, Child("patch", None, v), action="go", ordinal=i, index=0) for i, v in enumerate((0.5, 0.5))
    )
    for place, value in enumerate((0.9, 0.0, 0.0)):
        tree.add(one, Child("repair", None, value), action="go", ordinal=place, index=0)
    for place in range(3):
        tree.add(other, Child("repair", None, 0.5), action="go", ordinal=place, index=0)
    for node in tree:
        tree.offer(node, ("go",) if node.depth else ())
    best, mean = policy.create("pg_td", branch=2, exploration=0.0), policy.create("uct", widening=0.0, exploration=0.0)

    def family(node):
        return node if node.depth < 2 else family(node.parent)

    assert family(best.ask(tree).node) is one
    assert family(mean.ask(tree).node) is other


def program(tree, parent, passed, critic=None, kept=None, *, asked=True):
    judged = Judgement(passed, critic, kept, asked)
    kind = "repair" if parent.kind in ("patch", "repair") else "patch"
    child = Child(kind, None, (3 * passed + (critic or 0.0)) / 4, judgement=judged)
    node = tree.add(parent, child, action="go", ordinal=len(parent.children), index=0)
    tree.offer(node, ("repair",))
    return node


def test_faithful_codetree_forgets_a_vetoed_program_and_answers_with_the_last_failure() -> None:
    tree = Tree()
    first = program(tree, tree.root, 0.5, 0.4)
    vetoed = program(tree, tree.root, 1.0, 0.2, kept=False)
    last = program(tree, tree.root, 0.2, 0.2)
    assert Codetree().answer(tree) is last
    assert Codetree(best_fallback=True).answer(tree) is first
    assert Codetree(veto_lowers=True).answer(tree) is vetoed
    assert Codetree(best_fallback=True, veto_lowers=True).answer(tree) is vetoed
    assert Codetree().standing(vetoed) > Codetree(veto_lowers=True).standing(vetoed) > 1.0
    kept = program(tree, tree.root, 1.0, 0.9, kept=True)
    assert {Codetree(best_fallback=flag).answer(tree) for flag in (False, True)} == {kept}


def test_a_critic_that_is_not_understood_accepts_there_and_abstains_here() -> None:
    tree = Tree()
    mute = program(tree, tree.root, 1.0)
    never_asked = program(tree, tree.root, 1.0, asked=False)
    assert Codetree().accepts(mute)
    assert not Codetree(critic_abstains=True).accepts(mute)
    assert Codetree(critic_abstains=True).accepts(never_asked)


def test_codetree_prunes_by_tests_and_critic() -> None:
    tree = Tree()
    parent = program(tree, tree.root, 0.5, 0.6)
    better, worse = program(tree, parent, 0.5, 0.8), program(tree, parent, 0.5, 0.4)
    equal_and_liked, equal = program(tree, parent, 0.5, 0.6), program(tree, program(tree, parent, 0.6, 0.2), 0.6, 0.2)
    faithful = Codetree()
    assert [faithful.admits(node) for node in (parent, better, worse, equal_and_liked, equal)] == [
        True,
        True,
        False,
        True,
        False,
    ]
    assert not faithful.admits(program(tree, tree.root, 0.0, 0.0))
    assert not faithful.admits(program(tree, parent, 0.5))  # there silence counts as 0
    assert Codetree(critic_abstains=True).admits(program(tree, parent, 0.55))
    third = program(tree, program(tree, program(tree, tree.root, 0.2, 0.2), 1.0, 0.1, kept=False), 1.0, 0.1, kept=False)
    assert faithful.accepts(third)


@pytest.mark.parametrize("count_calls", [False, True])
def test_codetree_stops_at_its_own_limit(count_calls) -> None:
    async def judged(expansion):
        return [Child("patch", None, 0.5, judgement=Judgement(0.5, 0.5, False, asked=True))]

    tree = Tree()
    chosen = Codetree(limit=6, count_calls=count_calls)
    result = asyncio.run(engine.run(tree, chosen, judged, actions=lambda node: ("go",), budget=Budget(nodes=50)))
    assert result.reason == "exhausted"
    assert len(tree) - 1 == (3 if count_calls else 6)  # each costs its own call and the critic's
