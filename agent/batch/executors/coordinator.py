"""What the workers of a batch share: the gate to the models, the sandboxes, and what is told of each task."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from agent.model.gate import LocalGate, Passage, SharedBudgetExhausted
from search.budget import Amount

TOLD = 10_000
"""Messages kept at most until somebody reads them."""


@dataclass
class _Held:
    owner: str
    passage: Passage | None
    closing: AsyncExitStack


class Coordinator:
    """One of them for each batch, beside its scheduler; its methods speak plain data.

    Args:
        requests: in flight at one model at most, from all workers together.
        usd: US dollars for all of them; None for no limit.
        spent: US dollars spent already.
        sandboxes: commands at a time, where the workers share a machine.
    """

    def __init__(self, requests: int, usd: float | None = None, spent: float = 0.0, sandboxes: int = 1) -> None:
        self._gate = LocalGate(requests, usd=usd, spent=spent)
        self._sandboxes = asyncio.Semaphore(sandboxes)
        self._held: dict[int, _Held] = {}
        self._number = 0
        self._gone: set[str] = set()
        self._told: deque[tuple[str, Mapping[str, Any]]] = deque(maxlen=TOLD)

    async def enter(self, owner: str, model: str, usd: float, tokens: int) -> dict[str, Any]:
        """Waits for a passage: `{"ticket": number}`, or `{"refused": why, "hint": what to do}`."""
        closing = AsyncExitStack()
        try:
            passage = await closing.enter_async_context(self._gate.enter(model, Amount(usd, tokens)))
        except SharedBudgetExhausted as error:
            return {"refused": str(error), "hint": error.hint}
        if owner in self._gone:  # it was lost while it waited, and sent nothing
            passage.settle(Amount())
        return {"ticket": await self._hold(_Held(owner, passage, closing))}

    async def claim(self, owner: str) -> dict[str, Any]:
        """Waits for room for one more command in a sandbox: `{"ticket": number}`, to be left when it has ended."""
        closing = AsyncExitStack()
        await closing.enter_async_context(self._sandboxes)
        return {"ticket": await self._hold(_Held(owner, None, closing))}

    async def leave(self, ticket: int, usd: float | None, tokens: int, verdict: float | None) -> None:
        """What a ticket was for is over.

        A request used so much (None: nobody knows), and was answered (-1) or complained of (seconds).
        """
        held = self._held.get(ticket)
        if held is None:
            return
        if held.passage is not None:
            if usd is not None:
                held.passage.settle(Amount(usd, tokens))
            if verdict is not None and verdict < 0:
                held.passage.succeed()
            elif verdict is not None:
                held.passage.complain(verdict)
        await self._close(ticket)

    async def forget(self, owner: str) -> None:
        """A worker is lost: its requests count with their worst case, and others may pass."""
        self._gone.add(owner)
        for ticket in [ticket for ticket, held in self._held.items() if held.owner == owner]:
            await self._close(ticket)

    async def tell(self, id: str, state: Mapping[str, Any]) -> None:
        """How far a task is; see `agent.batch.watching.Running.state`."""
        self._told.append((id, state))

    async def told(self) -> list[tuple[str, Mapping[str, Any]]]:
        """What was told since the last look."""
        found = list(self._told)
        self._told.clear()
        return found

    def holding(self) -> int:
        """How many requests and commands are under way."""
        return len(self._held)

    async def _hold(self, held: _Held) -> int:
        self._number += 1
        number = self._number
        self._held[number] = held
        if held.owner in self._gone:
            await self._close(number)
        return number

    async def _close(self, ticket: int) -> None:
        await self._held.pop(ticket).closing.aclose()
