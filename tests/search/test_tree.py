import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.tree import Child, Node, Tree, ancestry, path


def grow(parents: list[int], values: list[float | None]) -> Tree:
    tree = Tree()
    nodes = [tree.root]
    for place, value in zip(parents, values, strict=False):
        parent = nodes[place % len(nodes)]
        ordinal = tree.start(parent, "repair")
        nodes.append(tree.add(parent, Child("patch", None, value), action="repair", ordinal=ordinal, index=0))
        tree.end(parent)
    return tree


def subtree(node: Node) -> list[Node]:
    return [node] + [below for child in node.children for below in subtree(child)]


shapes = st.lists(st.integers(0, 30), max_size=25)
scores = st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=25, max_size=25)


@given(shapes, scores, st.lists(st.tuples(st.integers(0, 25), st.floats(0, 1)), max_size=10))
def test_statistics_of_every_subtree_are_those_of_a_recount(parents, values, changes) -> None:
    tree = grow(parents, values)
    nodes = list(tree)
    for place, value in changes:
        tree.revalue(nodes[place % len(nodes)], value)
    for node in nodes:
        known = [below.value for below in subtree(node) if below.value is not None]
        assert node.visits == len(known)
        assert node.total == sum(known)
        assert node.peak == max(known, default=0.0)
        assert node.pending == 0
    candidates = [node for node in nodes if node.kind == "patch" and node.value is not None]
    best = max(candidates, key=lambda node: (node.value, -node.order), default=None)
    assert tree.best is best


@given(st.permutations([0.1, 0.2, 0.3, 0.7, 0.9]))
def test_sums_do_not_depend_on_the_order(values) -> None:
    assert grow([0] * 5, values).root.total == grow([0] * 5, sorted(values)).root.total


def test_identity_is_a_function_of_the_place() -> None:
    first, second = grow([0, 1, 1], [None] * 3), grow([0, 1, 1], [0.5, 0.1, 0.2])
    assert [node.id for node in first] == [node.id for node in second]
    assert len({node.id for node in first}) == 4
    assert [node.depth for node in path(list(first)[3])] == [0, 1, 2]


def test_open_nodes_are_counted_up_to_the_root() -> None:
    tree = grow([0, 1], [None, None])
    leaf = list(tree)[2]
    assert tree.offer(leaf, ["repair"])
    assert not tree.offer(leaf, ["repair"])
    assert [node.open_below for node in ancestry(leaf)] == [1, 1, 1]
    assert leaf.status == "queued"
    tree.start(leaf, "repair")
    assert leaf.status == "running"
    assert [node.pending for node in ancestry(leaf)] == [1, 1, 1]
    tree.end(leaf)
    tree.offer(leaf, [])
    assert leaf.status == "done"
    assert tree.root.open_below == 0


@given(shapes, scores)
def test_the_plain_form_brings_the_tree_back(parents, values) -> None:
    tree = grow(parents, values)
    tree.offer(tree.root, ["repair"])
    data = json.loads(json.dumps(tree.to_dict(lambda payload: payload)))
    again = Tree.from_dict(data)
    assert again.to_dict(lambda payload: payload) == data
    assert [(node.visits, node.total, node.peak) for node in again] == [
        (node.visits, node.total, node.peak) for node in tree
    ]


def test_nonsense_is_refused() -> None:
    tree = grow([0], [0.5])
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        tree.revalue(tree.root, 1.5)
    with pytest.raises(ValueError, match="already has"):
        tree.add(tree.root, Child("patch"), action="repair", ordinal=0, index=0)
