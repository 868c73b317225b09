"""How many requests may be in flight at a model, learned from its complaints."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager


class AdaptiveLimiter:
    """Additive increase, multiplicative decrease (Chiu and Jain, 1989), shared by all who ask one model.

    A complaint halves the limit, once for all requests that were in flight together, and nobody sends anything until
    the time the provider named. Each limit's worth of successes lets one more in.

    Args:
        most: limit to begin with and to recover to.
        sleep: waits for so many seconds.
        clock: monotonic, in seconds.
    """

    def __init__(
        self,
        most: int = 16,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = most
        self._sleep = sleep
        self._clock = clock
        self._allowed = float(most)
        self._active = 0
        self._resume_at = 0.0
        self._epoch = 0
        self._changed = asyncio.Event()

    @property
    def limit(self) -> int:
        """How many may be in flight now."""
        return int(self._allowed)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[int]:
        """Room for one request; gives the epoch to hand to `complain`."""
        while (pause := self._resume_at - self._clock()) > 0 or self._active >= self.limit:
            if pause > 0:
                await self._sleep(pause)
            else:
                self._changed.clear()
                await self._changed.wait()
        self._active += 1
        try:
            yield self._epoch
        finally:
            self._active -= 1
            self._changed.set()

    def complain(self, epoch: int, seconds: float) -> None:
        """A request of `epoch` was one too many: halve the limit and wait `seconds`."""
        self._resume_at = max(self._resume_at, self._clock() + seconds)
        if epoch == self._epoch:
            self._epoch += 1
            self._allowed = max(1.0, self._allowed / 2)

    def succeed(self) -> None:
        """A request went through."""
        self._allowed = min(float(self._most), self._allowed + 1 / self._allowed)
