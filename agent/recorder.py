"""Writes the growing tree to the store, before anything relies on it, and each of its nodes as a commit."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

from agent.store.records import NodeRecord
from agent.store.store import RunStore
from agent.work import Work
from search.events import Event, Expansion, ExpansionEnded, ExpansionStarted, NodeAdded, NodeUpdated, Stopped
from search.tree import Node
from tools.snapshots import SnapshotStore


class Recorder:
    """An observer of the search."""

    def __init__(self, run: RunStore) -> None:
        self._run = run
        self._began: dict[str, float] = {}
        self._snapshots: SnapshotStore | None = None
        self._commits: dict[str, str] = {}

    def root(self, node: Node) -> None:
        """Writes the root."""
        self._run.put_node(_record(node))

    def based(self, root: Node, snapshots: SnapshotStore) -> None:
        """Writes which commit the root is, when it is known."""
        self._snapshots = snapshots
        self._commits[root.id] = snapshots.base
        self._run.update_node(root.id, snapshot=snapshots.base)

    def observe(self, event: Event) -> None:
        """Writes what happened."""
        match event:
            case NodeAdded(node, expansion) if expansion is not None:
                self._run.put_node(self._with_costs(_record(node), expansion))
                self._commit(node)
                self._run.event("node", {"node": node.id, "parent": node.parent.id if node.parent else None})
            case NodeUpdated(node):
                self._run.update_node(node.id, status=node.status, value=node.value, **_later(node))
            case ExpansionStarted(expansion):
                self._began[expansion.id] = time.monotonic()
                self._run.event("expansion", _attempt(expansion) | {"state": "started"})
            case ExpansionEnded(expansion, children, failure, cancelled):
                state = "cancelled" if cancelled else "failed" if failure else "ended"
                added = [child.id for child in children]
                self._run.event("expansion", _attempt(expansion) | {"state": state, "failure": failure, "nodes": added})
                self._run.update_node(expansion.node.id, status=expansion.node.status)
                if failure and children:
                    self._run.update_node(children[0].id, title=failure[:300])
            case Stopped(reason, best):
                self._run.decide("stop", {"reason": reason, "best": best.id if best else None})

    def _commit(self, node: Node) -> None:
        """The node as a commit on top of its parent's, named `refs/nodes/ID`: what it is, in trailers."""
        work, snapshots = node.payload, self._snapshots
        if snapshots is None or not isinstance(work, Work):
            return
        parent = self._commits.get(node.parent.id if node.parent else "", snapshots.base)
        trailers = {"Kind": node.kind, "Node": node.id}
        if node.value is not None:
            trailers["Score"] = f"{node.value:.3f}"
        if work.strategy is not None:
            trailers["Strategy"] = work.strategy.title
        tree = snapshots.commit_of(work.snapshot).tree
        commit = snapshots.commit_tree(parent, tree, subject=work.title or node.kind, trailers=trailers)
        self._commits[node.id] = commit
        snapshots.keep(node.id, commit)

    def _with_costs(self, record: NodeRecord, expansion: Expansion) -> NodeRecord:
        from dataclasses import replace

        calls = self._run.calls(expansion.id)
        began = self._began.get(expansion.id)
        return replace(
            record,
            cost=sum(call.cost for call in calls),
            seconds=time.monotonic() - began if began is not None else 0.0,
            data={**record.data, "expansion": expansion.id, "action": expansion.action, "calls": len(calls)},
        )


def _later(node: Node) -> dict[str, Any]:
    """What became known of a node after it was evaluated."""
    evaluation = node.payload.evaluation if isinstance(node.payload, Work) else None
    return {"evaluation": asdict(evaluation)} if evaluation and evaluation.distinguishing else {}


def _attempt(expansion: Expansion) -> dict[str, object]:
    return {"id": expansion.id, "node": expansion.node.id, "action": expansion.action, "ordinal": expansion.ordinal}


def _record(node: Node) -> NodeRecord:
    work = node.payload
    plain = work.to_dict() if isinstance(work, Work) else {}
    strategy = plain.get("strategy") or {}
    return NodeRecord(
        node.id,
        node.parent.id if node.parent else None,
        node.kind,
        node.depth,
        snapshot=str(plain.get("snapshot", "")),
        strategy=str(strategy.get("description", "")),
        title=work.title if isinstance(work, Work) else "",
        value=node.value,
        status=node.status,
        evaluation=plain.get("evaluation"),
        critique=plain.get("critique"),
        data={"note": plain.get("note", ""), "strategy": strategy.get("title", "")},
    )
