"""What a worker sees of its batch: the gate, the limit of sandboxes and the view, over whatever line leads there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any, Protocol

from agent.batch.watching import Running, TaskProgress, Unwatched
from agent.model.gate import Passage, SharedBudgetExhausted
from search.budget import Amount

HINT = "is memory short, or does the design end its process?"


class Line(Protocol):
    """Leads from a worker to the `Coordinator` of its batch, whose methods these are.

    Raises:
        InfrastructureError: the coordinator is gone.
    """

    async def enter(self, owner: str, model: str, usd: float, tokens: int) -> Mapping[str, Any]:
        """See `Coordinator.enter`."""
        ...

    async def claim(self, owner: str) -> Mapping[str, Any]:
        """See `Coordinator.claim`."""
        ...

    def leave(self, ticket: int, usd: float | None, tokens: int, verdict: float | None) -> None:
        """See `Coordinator.leave`; does not wait."""
        ...

    def tell(self, id: str, state: Mapping[str, Any]) -> None:
        """See `Coordinator.tell`; does not wait."""
        ...


class RemoteGate:
    """The batch's gate as a worker sees it; see `agent.model.gate.Gate`.

    Args:
        line: to the coordinator.
        owner: for whom the requests are.
    """

    def __init__(self, line: Line, owner: str) -> None:
        self._line = line
        self._owner = owner

    @asynccontextmanager
    async def enter(self, model: str, worst: Amount) -> AsyncIterator[Passage]:
        """See `Gate.enter`."""
        answer = await _answered(
            self._line.enter(self._owner, model, worst.usd, worst.tokens),
            lambda ticket: self._line.leave(ticket, 0.0, 0, None),  # nothing was sent
        )
        if "refused" in answer:
            raise SharedBudgetExhausted(answer["refused"], hint=answer["hint"])
        passage = _RemotePassage()
        try:
            yield passage
        finally:
            self._line.leave(answer["ticket"], passage.usd, passage.tokens, passage.verdict)


class RemoteLimit:
    """The batch's limit of sandboxes as a worker sees it: entered like a semaphore, by many at a time."""

    def __init__(self, line: Line, owner: str) -> None:
        self._line = line
        self._owner = owner
        self._tickets: list[int] = []  # one is as good as another

    async def __aenter__(self) -> None:
        answer = await _answered(self._line.claim(self._owner), self._give_back)
        self._tickets.append(answer["ticket"])

    async def __aexit__(self, *_: object) -> None:
        self._give_back(self._tickets.pop())

    def _give_back(self, ticket: int) -> None:
        self._line.leave(ticket, None, 0, None)


def remote_progress(line: Line, id: str) -> TaskProgress:
    """The progress of one run, told over the line."""
    return TaskProgress(Running(id), _Telling(line))


class _Telling(Unwatched):
    def __init__(self, line: Line) -> None:
        self._line = line

    def changed(self, task: Running) -> None:
        self._line.tell(task.id, task.state())


class _RemotePassage:
    """What is told when the request is over: None for what nobody settled."""

    def __init__(self) -> None:
        self.usd: float | None = None
        self.tokens = 0
        self.verdict: float | None = None  # None nothing, -1 an answer, else a complaint with its seconds

    def settle(self, actual: Amount) -> None:
        self.usd, self.tokens = actual.usd, actual.tokens

    def succeed(self) -> None:
        self.verdict = -1.0

    def complain(self, seconds: float) -> None:
        self.verdict = seconds


async def _answered(
    asking: Coroutine[Any, Any, Mapping[str, Any]], give_back: Callable[[int], None]
) -> Mapping[str, Any]:
    """The answer; when nobody waits for it any more, the ticket that comes all the same is given back."""

    def late(done: asyncio.Future[Mapping[str, Any]]) -> None:
        if not done.cancelled() and done.exception() is None and "ticket" in done.result():
            give_back(done.result()["ticket"])

    waiting = asyncio.ensure_future(asking)
    try:
        return await asyncio.shield(waiting)
    except asyncio.CancelledError:
        waiting.add_done_callback(late)
        raise
