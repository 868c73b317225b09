"""The engine: concurrent expansions of one tree under a budget, with an answer at any time."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from search.budget import Amount, Budget, BudgetExceeded
from search.events import (
    Event,
    Expansion,
    ExpansionEnded,
    ExpansionStarted,
    NodeAdded,
    NodeUpdated,
    Stopped,
    StopReason,
)
from search.policy import Choice, Policy
from search.steering import Steer
from search.tree import Child, Kind, Node, Tree, TreeView

ATTENTION = 0.5
"""Seconds after which a person's orders are looked for again while nothing else happens."""


@dataclass(frozen=True, slots=True)
class Revalue:
    """An expansion learned something about a node that is already there: its value is now `value`."""

    node: Node
    value: float


Expand = Callable[[Expansion], Awaitable[Sequence[Child | Revalue]]]
Actions = Callable[[Node], Sequence[str] | Awaitable[Sequence[str]]]
Stop = Callable[[TreeView], bool | Awaitable[bool]]
Observer = Callable[[Event], None]


class ExpansionFailed(Exception):
    """The attempt came to nothing, by the agent's own fault: an edit that does not apply, an answer without a patch.

    It stays in the tree as a failed child of value 0, so that policies learn from it.
    """

    def __init__(self, message: str, *, kind: Kind = "patch", payload: object = None) -> None:
        super().__init__(message)
        self.kind: Kind = kind
        self.payload = payload


@dataclass(frozen=True, slots=True)
class SearchResult:
    """How a search ended.

    Attributes:
        best: the candidate of the highest value, if any has one.
        reason: why it ended.
        expansions: how many this call started.
        detail: the limit that was met, when the reason is `budget`.
    """

    best: Node | None
    reason: StopReason
    expansions: int
    detail: str = ""


async def run(
    tree: Tree,
    policy: Policy,
    expand: Expand,
    *,
    actions: Actions,
    concurrency: int = 1,
    budget: Budget | None = None,
    stop: Stop | None = None,
    observers: Sequence[Observer] = (),
    steer: Steer | None = None,
    held: Callable[[float], None] | None = None,
) -> SearchResult:
    """Grow `tree` until `stop` says so, nothing is left to expand, or the budget is used up.

    Args:
        tree: where to start; it may already have nodes.
        policy: decides what to expand.
        expand: does it. `Expansion.id` is the same in any run for the same attempt. It may raise `ExpansionFailed`
            (the agent's failure: the search goes on) or let `BudgetExceeded` through (the search ends). Anything else
            it raises is a failure of the machinery: nothing new is started, what is under way is finished, and the
            exception is raised again.
        actions: what is possible on a node as it is now, the preferred action first. Asked when a node is added, and
            when an expansion of it starts and ends; never of terminal or failed nodes. Like `stop` it may answer later
            (an awaitable), as one in another process does; nothing else changes in the tree meanwhile.
        concurrency: expansions under way at a time. At 1 the search is a function of the seed and of what `expand`
            answers.
        budget: every expansion takes one of its `nodes`; when its seconds are over what is under way is cancelled.
        stop: asked after every change; when true, what is under way is cancelled.
        observers: called with every event, after the policy.
        steer: asked before each decision what a person wants. What was asked for is begun even when `stop` is true.
        held: told how many seconds nothing was under way because a person held the search.

    Returns:
        The best node and the reason. The tree is complete whenever this returns or raises.

    Raises:
        asyncio.CancelledError: after cancelling what is under way and telling the observers.
    """
    if concurrency < 1:
        raise ValueError("concurrency is at least 1")
    search = _Search(
        tree=tree,
        policy=policy,
        expand=expand,
        actions=actions,
        concurrency=concurrency,
        budget=budget or Budget(),
        stop=stop,
        observers=observers,
        steer=steer,
        held=held,
    )
    return await search.run()


@dataclass
class _Search:
    """The state of one call of `run`."""

    tree: Tree
    policy: Policy
    expand: Expand
    actions: Actions
    concurrency: int
    budget: Budget
    stop: Stop | None
    observers: Sequence[Observer]
    steer: Steer | None = None
    held: Callable[[float], None] | None = None
    flying: dict[asyncio.Future[Sequence[Child | Revalue]], Expansion] = field(default_factory=dict)
    started: int = 0
    reason: StopReason | None = None
    detail: str = ""
    error: BaseException | None = None
    cancelled: bool = False
    moment: int = 0
    forced: list[Choice] = field(default_factory=list)
    asked_for: set[str] = field(default_factory=set)
    hold: bool = False
    satisfied: bool = False
    dismissed: bool = False

    async def run(self) -> SearchResult:
        for node in list(self.tree):
            await self.offer(node)
            self.policy.observe(NodeAdded(node))
        try:
            try:
                await self.loop()
            finally:
                await self.cancel()
        except asyncio.CancelledError:
            self.emit(Stopped("cancelled", self.tree.best))
            raise
        reason = self.reason or "exhausted"
        self.emit(Stopped(reason, self.tree.best))
        if self.error is not None:
            raise self.error
        return SearchResult(self.tree.best, reason, self.started, self.detail)

    async def loop(self) -> None:
        while True:
            await self.obey()
            if await self.must_end():
                return
            self.notice_cancelling()
            if self.reason is None:
                await self.fill()
            self.notice_cancelling()
            if self.flying:
                await self.wait()
            elif self.hold and self.reason is None:
                await self.pause()
            elif self.reason is not None or not await self.obey(last=True):
                return
            self.notice_cancelling()

    async def wait(self) -> None:
        """Until something that is under way has finished, or it is time to look around."""
        limits = [self.budget.remaining().seconds, ATTENTION if self.steer else None]
        timeout = min((limit for limit in limits if limit is not None), default=None)
        done, _ = await asyncio.wait(self.flying, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        for task in [task for task in self.flying if task in done]:
            await self.collect(task)

    async def pause(self) -> None:
        """Nothing is under way and a person holds the search: its time does not count."""
        await asyncio.sleep(ATTENTION)
        self.budget.give_time(ATTENTION)
        if self.held is not None:
            self.held(ATTENTION)

    async def obey(self, *, last: bool = False) -> bool:
        """Take a person's orders; whether there is something to begin."""
        if self.steer is None or self.dismissed:
            return False
        orders = self.steer(self.tree, self.moment, last=last)
        for node in orders.changed:
            await self.offer(node)
            self.emit(NodeUpdated(node))
        self.forced += orders.forced
        self.hold = orders.hold and not last
        self.dismissed = orders.stop
        return bool(orders.forced or orders.changed)

    async def must_end(self) -> bool:
        """Whether to end at once, whatever is under way; an error lets it finish."""
        if self.reason == "error":
            return False
        if self.dismissed:
            self.reason, self.detail = "stopped", "a person stopped it"
            return True
        if self.stop is not None:
            answer = self.stop(self.tree)
            self.satisfied = bool(await answer if inspect.isawaitable(answer) else answer)
            wanted = self.forced or any(expansion.id in self.asked_for for expansion in self.flying.values())
            if self.satisfied and not wanted:
                if await self.obey(last=True):
                    return await self.must_end()
                self.reason, self.detail = "stopped", ""
                return True
        if self.budget.remaining().seconds == 0:
            self.reason, self.detail = "budget", "seconds"
            return True
        return False

    async def fill(self) -> None:
        """Start expansions until there are enough, or the policy or the budget has no more."""
        while len(self.flying) < self.concurrency:
            await self.obey()
            if self.hold or self.dismissed or (self.satisfied and not self.forced):
                return
            forced = bool(self.forced)
            choice = self.forced.pop(0) if forced else self.policy.ask(self.tree)
            if choice is None:
                return
            if not forced and choice.action not in choice.node.open:
                raise ValueError(f"the policy chose {choice.action!r}, which is not open at {choice.node!r}")
            try:
                self.budget.reserve(Amount(nodes=1)).settle(Amount(nodes=1))
            except BudgetExceeded as refusal:
                self.reason, self.detail = "budget", refusal.kind
                return
            await self.start(choice.node, choice.action, forced=forced)

    async def start(self, node: Node, action: str, *, forced: bool = False) -> None:
        expansion = Expansion(node, action, self.tree.start(node, action))
        self.started += 1
        self.moment += 1
        if forced:
            self.asked_for.add(expansion.id)
        self.emit(ExpansionStarted(expansion))
        task = asyncio.ensure_future(self.expand(expansion))
        self.flying[task] = expansion
        await self.refresh(node)

    async def collect(self, task: asyncio.Future[Sequence[Child | Revalue]]) -> None:
        """Put what a finished expansion brought into the tree."""
        expansion = self.flying.pop(task)
        node = expansion.node
        self.tree.end(node)
        self.moment += not task.cancelled()
        added: list[Node] = []
        failure = ""
        error = None if task.cancelled() else task.exception()
        if isinstance(error, ExpansionFailed):
            failure = str(error) or "failed"
            added.append(
                await self.add(expansion, Child(error.kind, error.payload, 0.0, terminal=True), 0, failed=True)
            )
        elif isinstance(error, BudgetExceeded):
            failure = str(error)
            self.reason, self.detail = self.reason or "budget", error.kind
        elif error is not None:
            failure = f"{type(error).__name__}: {error}"
            self.reason, self.error = "error", self.error or error
        elif not task.cancelled():
            added = await self.absorb(expansion, task.result())
        self.emit(ExpansionEnded(expansion, tuple(added), failure, cancelled=task.cancelled()))
        await self.refresh(node)

    async def absorb(self, expansion: Expansion, found: Sequence[Child | Revalue]) -> list[Node]:
        added: list[Node] = []
        for item in found:
            if isinstance(item, Revalue):
                self.tree.revalue(item.node, item.value)
                await self.offer(item.node)
                self.emit(NodeUpdated(item.node))
            else:
                added.append(await self.add(expansion, item, len(added)))
        return added

    async def add(self, expansion: Expansion, child: Child, index: int, *, failed: bool = False) -> Node:
        action, ordinal = expansion.action, expansion.ordinal
        node = self.tree.add(expansion.node, child, action=action, ordinal=ordinal, index=index, failed=failed)
        await self.offer(node)
        self.emit(NodeAdded(node, expansion))
        return node

    async def refresh(self, node: Node) -> None:
        if await self.offer(node):
            self.emit(NodeUpdated(node))

    async def offer(self, node: Node) -> bool:
        return self.tree.offer(node, () if node.terminal or node.failed else await self.possible(node))

    async def possible(self, node: Node) -> Sequence[str]:
        """What can be done at `node`; a cancellation meanwhile is heeded once the tree is whole again."""
        answer = () if self.cancelled else self.actions(node)
        if not inspect.isawaitable(answer):
            return answer
        try:
            return await answer
        except asyncio.CancelledError:
            self.cancelled = True
            return ()

    def notice_cancelling(self) -> None:
        if self.cancelled:
            self.cancelled = False
            raise asyncio.CancelledError

    def emit(self, event: Event) -> None:
        self.policy.observe(event)
        for observer in self.observers:
            observer(event)

    async def cancel(self) -> None:
        """Cancel what is under way, wait for it, and keep what had finished."""
        for task in self.flying:
            task.cancel()
        if self.flying:
            await asyncio.wait(self.flying)
        for task in list(self.flying):
            await self.collect(task)
