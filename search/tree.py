"""The search tree: nodes, what is known about their subtrees, and a plain form to store.

A node belongs to the kinds of the design page: `root`, `strategy`, `patch`, `repair`, `test`.
Its payload is opaque here. Its identity is a hash of the parent's identity, its kind and its ordinal,
so it depends on what was dispatched, never on what finished first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol, cast

Kind = Literal["root", "strategy", "patch", "repair", "test"]
Status = Literal["queued", "running", "done", "failed"]

CANDIDATES: frozenset[Kind] = frozenset({"patch", "repair"})
"""The kinds of node that can be an answer."""

_GRAIN = 2.0**32
"""Values are kept to multiples of 2**-32, so that sums are exact and do not depend on their order."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What tests and critic said of a candidate, for policies that tell the two apart.

    Attributes:
        passed: the share of its tests that pass, in [0, 1].
        critic: the critic's score in [0, 1]; None when it was not asked or not understood.
        kept: whether the critic would keep it; None when it was not asked or not understood.
        asked: the critic was asked, whether it was understood or not.
    """

    passed: float
    critic: float | None = None
    kept: bool | None = None
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Child:
    """What an expansion found.

    Attributes:
        kind: the kind of the new node.
        payload: whatever the caller keeps with it.
        value: how good it is, in [0, 1]; None when that is not known yet.
        terminal: nothing can be done from it.
        judgement: what the value is made of, when that is known.
    """

    kind: Kind
    payload: object = None
    value: float | None = None
    terminal: bool = False
    judgement: Judgement | None = None


class Node:
    """One point of the tree; read it freely, change it only through `Tree`.

    Attributes:
        id: 16 hexadecimal digits, a function of parent, kind and ordinals.
        action: the action of the parent that made this node.
        ordinal: the how-many-eth expansion of the parent, by that action, made it.
        index: its place among the children of that expansion.
        order: its place in the order of creation.
        value: its own value in [0, 1], or None.
        judgement: what the value is made of, or None.
        open: the actions that are still possible on it, the preferred one first.
        attempts: per action, the expansions started on it.
        in_flight: expansions of this very node under way.
        visits: nodes of its subtree (itself included) with a value.
        total: the sum of those values.
        peak: the largest of them, 0 when there is none.
        pending: expansions under way anywhere in its subtree (the virtual loss).
        open_below: nodes of its subtree (itself included) with open actions.
    """

    __slots__ = (
        "action",
        "attempts",
        "children",
        "depth",
        "failed",
        "id",
        "in_flight",
        "index",
        "judgement",
        "kind",
        "open",
        "open_below",
        "order",
        "ordinal",
        "parent",
        "payload",
        "peak",
        "pending",
        "terminal",
        "total",
        "value",
        "visits",
    )

    def __init__(
        self, parent: Node | None, kind: Kind, payload: object, *, action: str, ordinal: int, index: int, order: int
    ) -> None:
        self.parent = parent
        self.kind: Kind = kind
        self.payload = payload
        self.action = action
        self.ordinal = ordinal
        self.index = index
        self.order = order
        self.id: str = node_id(parent.id if parent else "", kind, action, ordinal, index)
        self.depth: int = parent.depth + 1 if parent else 0
        self.value: float | None = None
        self.judgement: Judgement | None = None
        self.terminal = False
        self.failed = False
        self.open: tuple[str, ...] = ()
        self.attempts: dict[str, int] = {}
        self.children: list[Node] = []
        self.in_flight = 0
        self.visits = 0
        self.total = 0.0
        self.peak = 0.0
        self.pending = 0
        self.open_below = 0

    def __repr__(self) -> str:
        return f"Node({self.id}, {self.kind}, depth={self.depth}, value={self.value})"

    @property
    def status(self) -> Status:
        """Failed attempt, being expanded, waiting to be expanded, or done."""
        if self.failed:
            return "failed"
        if self.in_flight:
            return "running"
        return "queued" if self.open and not self.attempts else "done"

    @property
    def mean(self) -> float | None:
        """The mean value of its subtree; None when nothing there has a value."""
        return self.total / self.visits if self.visits else None

    @property
    def expansions(self) -> int:
        """How many expansions were started on it."""
        return sum(self.attempts.values())


def node_id(parent: str, kind: str, action: str, ordinal: int, index: int) -> str:
    """The identity of a node: the same for the same place in the tree, in any run."""
    text = f"{parent}/{kind}/{action}/{ordinal}/{index}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class TreeView(Protocol):
    """What a policy, a stop rule or a viewer may read of a tree."""

    @property
    def root(self) -> Node:
        """The node everything grew from."""
        ...

    @property
    def best(self) -> Node | None:
        """The candidate of the highest value, the earlier one of equals; None when none has a value."""
        ...

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Node]: ...

    def __getitem__(self, identity: str) -> Node: ...


class Tree:
    """A tree that keeps, for every node, the statistics of its subtree."""

    def __init__(self, payload: object = None) -> None:
        self._root = Node(None, "root", payload, action="", ordinal=0, index=0, order=0)
        self._nodes: dict[str, Node] = {self._root.id: self._root}
        self._best: Node | None = None

    @property
    def root(self) -> Node:
        """The node everything grew from."""
        return self._root

    @property
    def best(self) -> Node | None:
        """The candidate of the highest value, the earlier one of equals; None when none has a value."""
        return self._best

    def __len__(self) -> int:
        return len(self._nodes)

    def __iter__(self) -> Iterator[Node]:
        return iter(self._nodes.values())

    def __getitem__(self, identity: str) -> Node:
        return self._nodes[identity]

    def add(self, parent: Node, child: Child, *, action: str, ordinal: int, index: int, failed: bool = False) -> Node:
        """Add what expansion `ordinal` of `parent` by `action` found at place `index`."""
        order = len(self._nodes)
        node = Node(parent, child.kind, child.payload, action=action, ordinal=ordinal, index=index, order=order)
        if node.id in self._nodes:
            raise ValueError(f"{parent!r} already has the child {action} {ordinal}.{index}")
        node.terminal = child.terminal
        node.judgement = child.judgement
        node.failed = failed
        self._nodes[node.id] = node
        parent.children.append(node)
        if child.value is not None:
            self.revalue(node, child.value)
        return node

    def revalue(self, node: Node, value: float) -> None:
        """Give `node` its (new) value in [0, 1] and back it up to the root, as sum and as maximum."""
        if not 0.0 <= value <= 1.0:
            raise ValueError(f"a value lies in [0, 1], not {value}")
        value = round(value * _GRAIN) / _GRAIN
        old = node.value
        node.value = value
        delta = value - (old or 0.0)
        for ancestor in ancestry(node):
            ancestor.visits += old is None
            ancestor.total += delta
            if value >= ancestor.peak:
                ancestor.peak = value
            elif old is not None and old >= ancestor.peak:
                ancestor.peak = max([ancestor.value or 0.0, *(child.peak for child in ancestor.children)])
        self._keep_best(node, lowered=old is not None and value < old)

    def offer(self, node: Node, actions: Sequence[str]) -> bool:
        """Set the open actions of `node`; whether they changed."""
        actions = tuple(actions)
        if actions == node.open:
            return False
        delta = bool(actions) - bool(node.open)
        node.open = actions
        if delta:
            for ancestor in ancestry(node):
                ancestor.open_below += delta
        return True

    def start(self, node: Node, action: str) -> int:
        """Note that an expansion of `node` begins; its ordinal among those by the same action."""
        ordinal = node.attempts.get(action, 0)
        node.attempts[action] = ordinal + 1
        node.in_flight += 1
        for ancestor in ancestry(node):
            ancestor.pending += 1
        return ordinal

    def end(self, node: Node) -> None:
        """Note that an expansion of `node` is over, whatever it brought."""
        node.in_flight -= 1
        for ancestor in ancestry(node):
            ancestor.pending -= 1

    def _keep_best(self, node: Node, *, lowered: bool) -> None:
        if lowered and node is self._best:
            valued = [other for other in self if other.kind in CANDIDATES and other.value is not None]
            self._best = max(valued, key=_rank)
        elif node.kind in CANDIDATES and (self._best is None or _rank(node) > _rank(self._best)):
            self._best = node

    def to_dict(self, encode: Callable[[object], Any] = lambda payload: None) -> dict[str, Any]:
        """A plain form (dicts, lists, text, numbers) of all nodes, parents before children."""
        return {"nodes": [_node_to_dict(node, encode) for node in self]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], decode: Callable[[Any], object] = lambda value: value) -> Tree:
        """The tree of `to_dict`; expansions that were under way count as never finished."""
        rows = data["nodes"]
        tree = cls(decode(rows[0]["payload"]))
        tree._restore(tree.root, rows[0])
        for row in rows[1:]:
            judged = row.get("judgement")
            child = Child(
                cast(Kind, row["kind"]),
                decode(row["payload"]),
                row["value"],
                row["terminal"],
                Judgement(**judged) if judged else None,
            )
            place = {name: row[name] for name in ("action", "ordinal", "index", "failed")}
            tree._restore(tree.add(tree[row["parent"]], child, **place), row)
        return tree

    def _restore(self, node: Node, row: Mapping[str, Any]) -> None:
        node.attempts = dict(row["attempts"])
        self.offer(node, row["open"])


def ancestry(node: Node | None) -> Iterator[Node]:
    """`node`, its parent, and so on up to the root."""
    while node is not None:
        yield node
        node = node.parent


def path(node: Node) -> list[Node]:
    """From the root down to `node`, both included."""
    return list(ancestry(node))[::-1]


def _rank(node: Node) -> tuple[float, int]:
    return (-1.0 if node.value is None else node.value, -node.order)


def _node_to_dict(node: Node, encode: Callable[[object], Any]) -> dict[str, Any]:
    return {
        "id": node.id,
        "parent": node.parent.id if node.parent else None,
        "kind": node.kind,
        "action": node.action,
        "ordinal": node.ordinal,
        "index": node.index,
        "depth": node.depth,
        "status": node.status,
        "value": node.value,
        "judgement": asdict(node.judgement) if node.judgement else None,
        "visits": node.visits,
        "terminal": node.terminal,
        "failed": node.failed,
        "attempts": dict(node.attempts),
        "open": list(node.open),
        "payload": encode(node.payload),
    }
