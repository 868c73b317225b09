import asyncio

import pytest

from search import engine, policy
from search.budget import Amount, Budget, BudgetExceeded
from search.engine import ExpansionFailed, Revalue
from search.events import ExpansionEnded, NodeAdded, NodeUpdated, Stopped
from search.tree import Child, Tree


def actions(node):
    if node.kind == "root":
        return () if node.attempts else ("think",)
    if node.kind == "strategy":
        return () if node.attempts else ("implement",)
    return ("repair",) if node.depth < 4 and node.expansions < 2 else ()


def score(expansion) -> float:
    return int(expansion.id, 16) % 1000 / 1000


async def codetree(expansion):
    if expansion.action == "think":
        return [Child("strategy", name) for name in "abc"]
    return [Child("patch" if expansion.action == "implement" else "repair", None, score(expansion))]


def run(expand=codetree, name="depth_first", tree=None, **options):
    tree = tree or Tree()
    events = []
    result = asyncio.run(
        engine.run(tree, policy.create(name), expand, actions=actions, observers=[events.append], **options)
    )
    return tree, result, events


def test_depth_first_finishes_a_strategy_before_the_next() -> None:
    tree, result, events = run()
    assert result.reason == "exhausted"
    assert [node.payload for node in tree.root.children] == ["a", "b", "c"]
    order = [event.node for event in events if isinstance(event, NodeAdded)]
    tops = [next(n for n in (node, node.parent, node.parent.parent, node.parent.parent.parent) if n.depth == 1).payload
            for node in order if node.depth > 1]  # fmt: skip
    assert tops == sorted(tops)
    assert result.best.value == max(node.value for node in tree if node.value is not None)
    assert isinstance(events[-1], Stopped)


def test_breadth_first_goes_level_by_level() -> None:
    tree, _, events = run(name="breadth_first")
    depths = [event.node.depth for event in events if isinstance(event, NodeAdded)]
    assert depths == sorted(depths)
    assert len(tree) == 1 + 3 + 3 + 6 + 12


def test_best_first_repairs_the_best() -> None:
    _, _, events = run(name="best_first", budget=Budget(nodes=5))
    *_, first = [event.expansion.node for event in events if isinstance(event, ExpansionEnded)]
    patches = [event.node for event in events if isinstance(event, NodeAdded) and event.node.kind == "patch"]
    assert len(patches) == 3
    assert first is max(patches, key=lambda node: node.value)


@pytest.mark.parametrize("name", policy.names())
def test_identities_do_not_depend_on_what_finishes_first(name) -> None:
    def slow(factor):
        async def expand(expansion):
            for _ in range(int(expansion.id, 16) * factor % 7):
                await asyncio.sleep(0)
            return await codetree(expansion)

        return expand

    trees = [run(slow(factor), name, concurrency=4)[0] for factor in (1, 3, 5)]
    assert len({frozenset(node.id for node in tree) for tree in trees}) == 1
    assert all(not node.pending and not node.in_flight for tree in trees for node in tree)


@pytest.mark.parametrize("name", policy.names())
def test_one_at_a_time_is_deterministic(name) -> None:
    first, second = (run(name=name, budget=Budget(nodes=7)) for _ in range(2))
    assert first[0].to_dict() == second[0].to_dict()
    assert [type(event) for event in first[2]] == [type(event) for event in second[2]]


def test_no_more_than_the_concurrency_is_under_way() -> None:
    level = [0, 0]

    async def expand(expansion):
        level[0] += 1
        level[1] = max(level)
        await asyncio.sleep(0)
        level[0] -= 1
        return await codetree(expansion)

    run(expand, concurrency=3)
    assert level == [0, 3]


def test_a_failed_attempt_is_a_failed_node_and_the_search_goes_on() -> None:
    async def expand(expansion):
        if expansion.action == "implement" and expansion.node.payload == "b":
            raise ExpansionFailed("does not apply", payload="diff")
        return await codetree(expansion)

    tree, result, events = run(expand)
    (failed,) = [node for node in tree if node.status == "failed"]
    assert (failed.parent.payload, failed.payload, failed.value, failed.open) == ("b", "diff", 0.0, ())
    assert result.reason == "exhausted"
    assert [event.failure for event in events if isinstance(event, ExpansionEnded) and event.failure] == [
        "does not apply"
    ]


def test_infrastructure_failure_lets_the_others_finish_and_comes_through() -> None:
    async def expand(expansion):
        if expansion.node.payload == "a":
            raise OSError("disk full")
        await asyncio.sleep(0.01)
        return await codetree(expansion)

    tree = Tree()
    with pytest.raises(OSError, match="disk full"):
        run(expand, tree=tree, concurrency=3)
    assert [len(node.children) for node in tree.root.children] == [0, 1, 1]
    assert tree.root.pending == 0


def test_budgets_end_with_the_best_so_far() -> None:
    tree, result, _ = run(budget=Budget(nodes=3))
    assert (result.reason, result.detail, result.expansions) == ("budget", "nodes", 3)
    assert result.best is tree.best is not None

    money = Budget(usd=1.0)

    async def expand(expansion):
        with money.reserve(Amount(usd=0.3)) as reservation:
            reservation.settle(Amount(usd=0.3))
        return await codetree(expansion)

    _, result, _ = run(expand, budget=money)
    assert (result.reason, result.detail, result.expansions) == ("budget", "usd", 4)
    assert money.spent.usd == 0.9
    with pytest.raises(BudgetExceeded):
        money.reserve(Amount(usd=0.3))


def test_seconds_cancel_what_is_under_way() -> None:
    async def expand(expansion):
        if expansion.action != "think":
            await asyncio.Event().wait()
        return await codetree(expansion)

    tree, result, events = run(expand, budget=Budget(seconds=0.05), concurrency=2)
    assert (result.reason, result.detail) == ("budget", "seconds")
    assert sum(event.cancelled for event in events if isinstance(event, ExpansionEnded)) == 2
    assert tree.root.pending == 0


def test_the_stop_rule_cancels_what_is_under_way() -> None:
    async def expand(expansion):
        if expansion.node.payload == "c":
            await asyncio.Event().wait()
        return await codetree(expansion)

    _, result, _ = run(expand, concurrency=3, stop=lambda tree: tree.best is not None)
    assert result.reason == "stopped"
    assert result.best is not None


def test_cancelling_the_search_leaves_a_whole_tree() -> None:
    tree, events = Tree(), []

    async def expand(expansion):
        if expansion.action == "implement":
            await asyncio.Event().wait()
        return await codetree(expansion)

    async def main():
        task = asyncio.ensure_future(
            engine.run(tree, policy.create("uct"), expand, actions=actions, concurrency=2, observers=[events.append])
        )
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert events[-1] == Stopped("cancelled", None)
    assert tree.root.pending == 0
    assert len(tree) == 4


def test_a_search_goes_on_in_a_restored_tree() -> None:
    whole, _, _ = run()
    half, _, _ = run(budget=Budget(nodes=4))
    restored = Tree.from_dict(half.to_dict(lambda payload: payload))
    run(tree=restored)
    assert {node.id: node.value for node in restored} == {node.id: node.value for node in whole}


def test_an_expansion_may_revalue_an_older_node() -> None:
    async def expand(expansion):
        if expansion.action == "repair":
            return [Revalue(expansion.node, 1.0), Child("repair", None, 0.25)]
        return await codetree(expansion)

    tree, result, events = run(expand)
    assert result.best.value == 1.0
    assert any(isinstance(event, NodeUpdated) and event.node is result.best for event in events)
    assert tree.root.peak == 1.0


def test_a_policy_that_chooses_what_is_closed_is_wrong() -> None:
    class Wrong:
        def ask(self, tree):
            return policy.Choice(tree.root, "fly")

        def observe(self, event):
            pass

    with pytest.raises(ValueError, match="not open"):
        asyncio.run(engine.run(Tree(), Wrong(), codetree, actions=actions))
    with pytest.raises(ValueError, match="at least 1"):
        run(concurrency=0)


def test_unknown_policies_are_named() -> None:
    with pytest.raises(policy.UnknownPolicy, match="best_first"):
        policy.create("nope")


def test_actions_and_stop_may_answer_later_and_the_tree_is_the_same() -> None:
    async def later(node):
        await asyncio.sleep(0)
        return actions(node)

    async def enough(tree):
        await asyncio.sleep(0)
        return len(tree) >= 12

    def grown(allowed, stop):
        tree, events = Tree(), []
        run = engine.run(
            tree, policy.create("depth_first"), codetree, actions=allowed, stop=stop, observers=[events.append]
        )
        return asyncio.run(run), tree.to_dict(), [type(event).__name__ for event in events]

    direct = grown(actions, lambda tree: len(tree) >= 12)
    remote = grown(later, enough)
    assert remote[1:] == direct[1:]
    assert remote[0].reason == direct[0].reason == "stopped"


def test_cancelled_while_actions_are_asked_the_tree_is_whole() -> None:
    tree, asked = Tree(), asyncio.Event()

    async def slow(node):
        if node.kind == "strategy":
            asked.set()
            await asyncio.sleep(60)
        return actions(node)

    async def main() -> None:
        job = asyncio.ensure_future(engine.run(tree, policy.create("depth_first"), codetree, actions=slow))
        await asked.wait()
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job

    asyncio.run(asyncio.wait_for(main(), 30))
    assert [node.payload for node in tree.root.children][:1] == ["a"]
    assert all(node.pending == 0 and not node.in_flight for node in tree)
