"""The gate that every request passes: so many at a time to each model, and no more money than all runs may spend."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from agent.model.limiter import AdaptiveLimiter
from search.budget import Amount, Budget, BudgetExceeded, Reservation
from tools.errors import InfrastructureError

REQUESTS = 16


class SharedBudgetExhausted(InfrastructureError):
    """What all runs together may spend is spent: no run's own failure, and more money lets it go on."""

    exit_code = 4


class Passage(Protocol):
    """One request that was let through."""

    def settle(self, actual: Amount) -> None:
        """It used this much; said not at all, it is taken to have cost its worst case."""
        ...

    def succeed(self) -> None:
        """The provider answered: there may be room for more."""
        ...

    def complain(self, seconds: float) -> None:
        """The provider said that this was one too many: halve, and let nobody through for so long."""
        ...


class Gate(Protocol):
    """What the runs of a batch share, wherever they are."""

    def enter(self, model: str, worst: Amount) -> AbstractAsyncContextManager[Passage]:
        """Waits for room at the model, and for money that others have only reserved.

        Raises:
            SharedBudgetExhausted: the worst case does not fit what all runs together may still spend.
        """
        ...


class LocalGate:
    """The gate for the runs of one process.

    Args:
        requests: in flight at one model at most.
        usd: US dollars for all runs together; None for no limit.
        spent: US dollars spent already.
        sleep: waits for so many seconds.
        clock: monotonic, in seconds.
    """

    def __init__(
        self,
        requests: int = REQUESTS,
        *,
        usd: float | None = None,
        spent: float = 0.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limiters: dict[str, AdaptiveLimiter] = {}
        self._requests = requests
        self._usd = usd
        self._budget = Budget(usd=usd, spent=Amount(spent))
        self._sleep = sleep
        self._clock = clock
        self._settled = asyncio.Event()

    @asynccontextmanager
    async def enter(self, model: str, worst: Amount) -> AsyncIterator[Passage]:
        """See `Gate.enter`."""
        limiter = self.limiters.get(model)
        if limiter is None:
            limiter = AdaptiveLimiter(self._requests, sleep=self._sleep, clock=self._clock)
            self.limiters[model] = limiter
        reservation = await self._reserve(worst)
        try:
            async with limiter.slot() as epoch:
                with reservation:
                    yield _Passage(limiter, epoch, reservation)
        finally:
            reservation.settle()  # nothing was sent, or it is settled already
            self._settled.set()

    async def _reserve(self, worst: Amount) -> Reservation:
        while True:
            try:
                return self._budget.reserve(worst)
            except BudgetExceeded as error:
                spent = self._budget.spent.usd
                if self._usd is None or spent + worst.usd > self._usd:
                    raise SharedBudgetExhausted(
                        f"the budget of ${self._usd or 0:g} for all tasks is used up: ${spent:.4f} spent, "
                        f"the next request may cost ${worst.usd:.4f}",
                        hint="go on with a larger --max-total-cost",
                    ) from error
            self._settled.clear()
            await self._settled.wait()


class _Passage:
    def __init__(self, limiter: AdaptiveLimiter, epoch: int, reservation: Reservation) -> None:
        self._limiter = limiter
        self._epoch = epoch
        self._reservation = reservation

    def settle(self, actual: Amount) -> None:
        self._reservation.settle(actual)

    def succeed(self) -> None:
        self._limiter.succeed()

    def complain(self, seconds: float) -> None:
        self._limiter.complain(self._epoch, seconds)
