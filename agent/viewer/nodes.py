"""One node with all that is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent.store.records import ExecutionRecord, NodeRecord, SteeringRecord
from agent.store.steering import orders
from agent.store.store import RunStore, Store
from agent.viewer import matrix
from agent.viewer.conversation import Step, steps
from agent.viewer.markup import DiffFile, diff_files
from agent.viewer.runs import CANDIDATES, RunReader, marks
from tools.errors import InputError, TreewrightError
from tools.snapshots import SnapshotStore

SHOWN_HELD = 200
OUTPUTS = 20


@dataclass(frozen=True)
class NodePage:
    """What the panel and the page of a node show.

    Attributes:
        node: its record.
        path: from the root down to it.
        children: its children.
        siblings: (before, after), ids or "".
        diff: its patch against the base.
        step: what it changed since its parent, when the parent has a patch of its own.
        tests: before and after, targets first.
        held: regression tests that pass as before and are not listed.
        steps: the conversation behind it.
        outputs: commands and test runs in the sandbox.
        orders: what a person asked of it.
        marks: what that makes of it now.
        problems: what could not be read.
    """

    node: NodeRecord
    path: tuple[NodeRecord, ...]
    children: tuple[NodeRecord, ...]
    siblings: tuple[str, str]
    diff: tuple[DiffFile, ...]
    step: tuple[DiffFile, ...]
    tests: tuple[matrix.Verdict, ...]
    held: int
    steps: tuple[Step, ...]
    outputs: tuple[ExecutionRecord, ...]
    orders: tuple[SteeringRecord, ...]
    marks: Mapping[str, int]
    problems: tuple[str, ...] = ()

    @property
    def evaluation(self) -> Mapping[str, Any]:
        """What running said; empty when it was not run."""
        return self.node.evaluation or {}

    @property
    def usd(self) -> float:
        """US dollars of all steps."""
        return sum(step.call.cost for step in self.steps)

    @property
    def tokens(self) -> tuple[int, int, int]:
        """Tokens read, of those cached, and written, over all steps."""
        calls = [step.call for step in self.steps]
        return tuple(sum(getattr(call, name) for call in calls) for name in ("prompt", "cached", "completion"))


class NodeReader:
    """Reads the nodes of one run that is open, with what all of them share read once."""

    def __init__(self, reader: RunReader, store: Store, run: RunStore) -> None:
        self._store = store
        self._run = run
        self._problems: list[str] = []
        self.nodes = {node.id: node for node in run.nodes()}
        self._calls = run.calls()
        self._expansions = {str(node.data["expansion"]) for node in self.nodes.values() if node.data.get("expansion")}
        self._orders = orders(run)
        self.base = matrix.before(run.first_tests())
        try:
            self._git: SnapshotStore | None = SnapshotStore.open(reader.folder.git)
        except (TreewrightError, OSError, ValueError) as error:
            self._git = None
            self._problems.append(f"the repository of the run cannot be read, so there are no diffs: {error}")

    def close(self) -> None:
        """Lets go of the run's repository."""
        if self._git is not None:
            self._git.close()

    def find(self, prefix: str) -> NodeRecord:
        """The node whose id begins with `prefix`.

        Raises:
            InputError: there is none, or more than one.
        """
        found = [node for id, node in self.nodes.items() if id.startswith(prefix)]
        if len(found) != 1:
            raise InputError(f"{len(found)} nodes begin with {prefix!r}")
        return found[0]

    def page(self, node: NodeRecord) -> NodePage:
        """Everything about `node`."""
        self._problems = self._problems[:1] if self._git is None else []
        path = [node]
        while (parent := self.nodes.get(path[-1].parent or "")) is not None and parent not in path:
            path.append(parent)
        siblings = [other.id for other in self.nodes.values() if other.parent == node.parent]
        place = siblings.index(node.id)
        scope = str(node.data.get("expansion", ""))
        opening = node.parent is None
        scopes = {call.scope for call in self._calls} - self._expansions if opening else {scope} - {""}
        known = matrix.verdicts(node, self.base)
        before = self.nodes.get(node.parent or "")
        base = path[-1].snapshot
        return NodePage(
            node,
            tuple(reversed(path)),
            tuple(other for other in self.nodes.values() if other.parent == node.id),
            (siblings[place - 1] if place else "", siblings[place + 1] if place + 1 < len(siblings) else ""),
            self._diff(base, node.snapshot),
            self._diff(before.snapshot, node.snapshot) if before and before.kind in CANDIDATES else (),
            tuple(known[:SHOWN_HELD]),
            max(0, len(known) - SHOWN_HELD),
            tuple(steps(self._store, self._calls, scopes, opening=opening)),
            self._run.outputs("run" if opening else scope, node.snapshot)[-OUTPUTS:],
            tuple(order for order in self._orders if order.node == node.id),
            marks(self._orders).get(node.id, {}),
            tuple(self._problems),
        )

    def patch(self, node: NodeRecord) -> str:
        """The patch of a node against the base, as git takes it; "" when it has none."""
        root = next((other for other in self.nodes.values() if other.parent is None), None)
        if self._git is None or root is None or not root.snapshot or not node.snapshot:
            return ""
        return self._git.diff(root.snapshot, node.snapshot)

    def _diff(self, old: str, new: str) -> tuple[DiffFile, ...]:
        if self._git is None or not old or not new or old == new:
            return ()
        try:
            return tuple(diff_files(self._git.diff(old, new)))
        except (TreewrightError, OSError, ValueError) as error:
            self._problems.append(f"the diff cannot be read: {error}")
            return ()
