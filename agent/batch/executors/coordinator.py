"""What the machines of a cluster share: the gate to the models, and what is told of each task."""

from __future__ import annotations

from collections import deque
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
    passage: Passage
    closing: AsyncExitStack


class Coordinator:
    """One of them for each batch, beside its scheduler; its methods speak plain data.

    Args:
        requests: in flight at one model at most, from all machines together.
        usd: US dollars for all of them; None for no limit.
        spent: US dollars spent already.
    """

    def __init__(self, requests: int, usd: float | None = None, spent: float = 0.0) -> None:
        self._gate = LocalGate(requests, usd=usd, spent=spent)
        self._held: dict[int, _Held] = {}
        self._number = 0
        self._gone: set[str] = set()
        self._told: deque[tuple[str, str, str]] = deque(maxlen=TOLD)

    async def enter(self, owner: str, model: str, usd: float, tokens: int) -> dict[str, Any]:
        """Waits for a passage: `{"ticket": number}`, or `{"refused": why, "hint": what to do}`."""
        closing = AsyncExitStack()
        try:
            passage = await closing.enter_async_context(self._gate.enter(model, Amount(usd, tokens)))
        except SharedBudgetExhausted as error:
            return {"refused": str(error), "hint": error.hint}
        self._number += 1
        held = self._held[self._number] = _Held(owner, passage, closing)
        if owner in self._gone:  # it was lost while it waited, and sent nothing
            held.passage.settle(Amount())
            await self._close(self._number)
        return {"ticket": self._number}

    async def leave(self, ticket: int, usd: float | None, tokens: int, verdict: float | None) -> None:
        """A request is over: it used this much (None: nobody knows), was answered (-1) or complained of (seconds)."""
        held = self._held.get(ticket)
        if held is None:
            return
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

    async def tell(self, id: str, name: str, detail: str) -> None:
        """A task entered a phase."""
        self._told.append((id, name, detail))

    async def told(self) -> list[tuple[str, str, str]]:
        """What was told since the last look."""
        found = list(self._told)
        self._told.clear()
        return found

    def holding(self) -> int:
        """How many requests are under way."""
        return len(self._held)

    async def _close(self, ticket: int) -> None:
        await self._held.pop(ticket).closing.aclose()
