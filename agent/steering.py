"""A person's orders on a search that goes on: when each is obeyed, and what it does to the tree.

An order is obeyed at the engine's next decision, and the moment of that is written down. When the run is resumed the
design starts again, and every order is obeyed at the moment it was obeyed before; orders that came later wait until
the search has caught up with what is known. So steering changes nothing of what a resume may count on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from agent.store.records import EventRecord, SteeringRecord
from agent.store.sittings import SITTING
from agent.store.steering import WHOLE_RUN, obeyed, orders
from agent.store.store import RunStore
from agent.work import Critique, Work
from search.policy import Choice
from search.steering import Orders
from search.tree import Judgement, Node, Tree, TreeView, ancestry


@dataclass
class Marks:
    """What a person said about one node."""

    comments: list[str] = field(default_factory=list)
    pinned: bool = False
    pruned: bool = False
    bad: bool = False


class Steering:
    """Reads the orders of a run and carries them out on its tree.

    Args:
        run: where the orders are.
        tree: what they are about.
        judge: how a policy sees a candidate (`agent.local_kit`).
    """

    def __init__(self, run: RunStore, tree: Tree, judge: Callable[[Work], Judgement | None]) -> None:
        self._run = run
        self._tree = tree
        self._judge = judge
        self._marks: dict[str, Marks] = {}
        self._hints: dict[tuple[str, str], deque[str]] = {}
        self._seen = 0
        self._waiting: list[SteeringRecord] = []
        self._earlier: list[SteeringRecord] = []
        self._caught_up = known_moments(run.events())
        self._moments = 0
        self._reached = 0
        self._actions: tuple[str, ...] = ()
        self.hold = False
        self.stopped = False
        for order in orders(run):
            self._seen = order.seq
            (self._waiting if order.applied is None else self._earlier).append(order)

    def begin(self, actions: Iterable[str]) -> None:
        """Another search of the same design begins; `actions` are what it can do."""
        self._moments += self._reached
        self._reached = 0
        self._actions = tuple(actions)

    def __call__(self, tree: TreeView, moment: int, *, last: bool) -> Orders:
        """See `search.steering.Steer`."""
        del tree
        self._reached = moment
        now = self._moments + moment
        for order in orders(self._run, self._seen):
            self._seen = order.seq
            self._waiting.append(order)
        forced: list[Choice] = []
        changed: dict[str, Node] = {}
        for order in self._due(now, last=last):
            note = self._obey(order, forced, changed)
            if order.applied is None:
                obeyed(self._run, order.seq, now, note)
                self._run.decide("steering", {"seq": order.seq, "command": order.command, "node": order.node})
        return Orders(tuple(forced), tuple(changed.values()), self.hold, self.stopped)

    def closed(self, node: Node) -> bool:
        """Whether nothing may grow at `node`: it is pruned, marked bad, or something else is pinned."""
        above = [self._marks.get(each.id) for each in ancestry(node)]
        if any(marks is not None and marks.pruned for marks in above) or (above[0] is not None and above[0].bad):
            return True
        pins = any(marks.pinned for marks in self._marks.values())
        return pins and not any(marks is not None and marks.pinned for marks in above)

    def excluded(self, node: Node) -> bool:
        """Whether a person does not want `node` as the answer."""
        above = [self._marks.get(each.id) for each in ancestry(node)]
        own = above[0]
        return (own is not None and own.bad) or any(marks is not None and marks.pruned for marks in above)

    def guidance(self, node: Node, action: str) -> str:
        """What a person said that concerns an expansion of `node` that begins now: comments on its path, and a hint."""
        said = []
        for each in reversed(list(ancestry(node))):
            title = each.payload.title if isinstance(each.payload, Work) else ""
            about = "the task" if each.parent is None else f"the {each.kind} \u201c{title}\u201d"
            said += [f"On {about}: {text}" for text in self._marks.get(each.id, Marks()).comments]
        waiting = self._hints.get((node.id, action))
        hint = waiting.popleft() if waiting else ""
        return "\n\n".join([*said, *([f"For this attempt: {hint}"] if hint else [])])

    def _due(self, now: int, *, last: bool) -> list[SteeringRecord]:
        """The orders to obey now; those about nodes that are not there yet wait for them."""
        due = [order for order in self._earlier if (order.applied or 0) <= now and self._known(order)]
        self._earlier = [order for order in self._earlier if order not in due]
        due = [order for order in due if order.command not in WHOLE_RUN]  # they ended with their sitting
        if (now >= self._caught_up or last) and (last or not self._earlier):
            due += self._waiting
            self._waiting = []
        return due

    def _known(self, order: SteeringRecord) -> bool:
        return not order.node or any(node.id == order.node for node in self._tree)

    def _obey(self, order: SteeringRecord, forced: list[Choice], changed: dict[str, Node]) -> str:
        """Does what an order says; what came of it, for a person."""
        if order.command in WHOLE_RUN:
            self.hold = order.command == "pause" or (self.hold and order.command != "continue")
            self.stopped = self.stopped or order.command == "stop"
            return "done"
        if not self._known(order):
            return "this search has no such node"
        node = self._tree[order.node]
        marks = self._marks.setdefault(node.id, Marks())
        match order.command:
            case "comment":
                marks.comments.append(order.text)
            case "good" | "bad":
                self._mark(node, order, changed)
            case "child":
                return self._ask_for_child(node, order, forced)
            case "pin" | "unpin":
                marks.pinned = order.command == "pin"
                changed |= {each.id: each for each in self._tree}
            case "prune" | "restore":
                marks.pruned = order.command == "prune"
                changed |= {each.id: each for each in self._tree if node in ancestry(each)}
        return "done"

    def _mark(self, node: Node, order: SteeringRecord, changed: dict[str, Node]) -> None:
        """A person's judgement stands where the critic's would: same place, same weight, in every design."""
        good = order.command == "good"
        self._marks[node.id].bad = not good
        self._marks[node.id].comments.append(f"marked {order.command}. {order.text}".strip())
        changed[node.id] = node
        if not isinstance(node.payload, Work) or node.payload.evaluation is None:
            return
        reasons = order.text or f"A person marked this as {order.command}."
        judged = Critique(score=float(good), verdict="keep" if good else "abandon", reasons=reasons[:8000])
        work = replace(node.payload, critique=judged, asked=True)
        node.payload = work
        node.judgement = self._judge(work)
        if work.value is not None and not node.failed:
            self._tree.revalue(node, work.value)
        self._run.update_node(node.id, critique=judged.model_dump(mode="json"))

    def _ask_for_child(self, node: Node, order: SteeringRecord, forced: list[Choice]) -> str:
        if node.failed or node.terminal:
            return "nothing can grow from here; ask its parent"
        action = self._action(node)
        if not action:
            return "this design has nothing to do at such a node"
        self._hints.setdefault((node.id, action), deque()).append(order.text)
        forced.append(Choice(node, action))
        return f"begun: {action}"

    def _action(self, node: Node) -> str:
        """What to do at a node: what is open, what was done there, what was done at its like, or all that there is."""
        if node.open:
            return node.open[0]
        tried: Sequence[str] = [action for action in node.attempts if action in self._actions]
        if not tried:
            alike = [each for each in self._tree if each.kind == node.kind]
            tried = [action for each in alike for action in each.attempts if action in self._actions]
        if not tried and node.kind in ("patch", "repair") and "repair" in self._actions:
            return "repair"
        return tried[-1] if tried else self._actions[0] if len(self._actions) == 1 else ""


def known_moments(events: Iterable[EventRecord]) -> int:
    """How far the furthest sitting of a run came: expansions begun and ended, cancelled ones left out."""
    furthest = count = 0
    for event in events:
        if event.kind == SITTING:
            count = 0
        elif event.kind == "expansion" and event.data.get("state") != "cancelled":
            count += 1
            furthest = max(furthest, count)
    return furthest
