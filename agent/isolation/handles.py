"""What a design has been told of the tree, and by which names it may speak of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from agent.isolation import wire
from agent.local_kit import LocalKit
from agent.work import Work
from search.engine import Revalue
from search.events import Event, ExpansionEnded, ExpansionStarted, NodeAdded, NodeUpdated
from search.tree import Child, Node, Tree, ancestry

_COUNTS = ("in_flight", "visits", "total", "peak", "pending", "open_below")
_STATE = ("value", "failed", "terminal", "action", "ordinal", "index", "order", "kind", *_COUNTS)


class KnownTree:
    """The tree of the kit's side: what changed since it was last told, and the handles of work.

    Args:
        tree: the tree itself; what a design sends is looked up in it, never put into it as it is.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._dirty: dict[str, Node] = {tree.root.id: tree.root}
        self._works: list[Work] = []
        self._handles: dict[int, int] = {}
        self._shown: set[int] = set()

    def observe(self, event: Event) -> None:
        """An observer of the search."""
        if isinstance(event, NodeAdded | NodeUpdated):
            self.touch(event.node)
        elif isinstance(event, ExpansionStarted | ExpansionEnded):
            self.touch(event.expansion.node)

    def touch(self, node: Node) -> None:
        """The node, or what is counted above it, may have changed."""
        for each in list(ancestry(node))[::-1]:
            self._dirty.pop(each.id, None)
            self._dirty[each.id] = each

    def changes(self) -> dict[str, Any] | None:
        """What is new since the last time, parents before children; None for nothing."""
        if not self._dirty:
            return None
        rows = [self._row(node) for node in sorted(self._dirty.values(), key=lambda node: node.order)]
        self._dirty.clear()
        return {"nodes": rows, "best": self._tree.best.id if self._tree.best else None}

    def _row(self, node: Node) -> dict[str, Any]:
        row: dict[str, Any] = {name: getattr(node, name) for name in _STATE}
        row |= {"id": node.id, "parent": node.parent.id if node.parent else None}
        row |= {"open": list(node.open), "attempts": dict(node.attempts)}
        row["judgement"] = asdict(node.judgement) if node.judgement else None
        row["payload"] = self.tag(node.payload) if isinstance(node.payload, Work) else None
        return row

    def node(self, identity: str) -> Node:
        """See `wire.Handles`."""
        try:
            return self._tree[identity]
        except (KeyError, TypeError) as error:
            raise wire.Garbage("there is no such node") from error

    def work(self, tagged: Mapping[str, Any]) -> Work:
        """See `wire.Handles`; whatever else a tag says, the handle decides."""
        handle = tagged.get("h")
        if not isinstance(handle, int) or isinstance(handle, bool) or not 0 <= handle < len(self._works):
            raise wire.Garbage("there is no such work")
        return self._works[handle]

    def tag(self, work: Work) -> dict[str, Any]:
        """See `wire.Handles`; the first time with the data, to be looked at."""
        handle = self._handles.get(id(work))
        if handle is None:
            handle = self._handles[id(work)] = len(self._works)
            self._works.append(work)  # kept, so that its identity stays its own
            return {"$": "work", "h": handle, "v": wire.plain(work)}
        return {"$": "work", "h": handle}

    def found(self, kit: LocalKit, item: Any) -> Child | Revalue:
        """What an expander brought, with the value that is known here in place of the one it came with."""
        if isinstance(item, Revalue):
            return Revalue(item.node, _value(item.value) or 0.0)
        if not isinstance(item, Child) or item.kind not in ("strategy", "patch", "repair"):
            raise wire.Garbage("an expander brings children: strategies, patches or repairs")
        if not isinstance(item.payload, Work):
            raise wire.Garbage("a child carries work of the kit")
        if item.kind != "strategy" and item.payload.evaluation is not None:
            return kit.child(item.payload, item.kind)
        return Child(item.kind, item.payload, _value(item.value), item.terminal)


def _value(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value <= 1.0:
        raise wire.Garbage("a value lies in [0, 1]")
    return float(value)
