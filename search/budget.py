"""Budgets: money, tokens, nodes and seconds; nested, and reserved before they are spent."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

Resource = Literal["usd", "tokens", "nodes", "seconds"]

_NANO = 1_000_000_000
"""Money is counted in whole nano-dollars: sums are exact in any order."""


class BudgetExceeded(Exception):
    """A reservation was refused: it could have gone over a limit.

    Attributes:
        kind: which resource.
        limit: what was granted.
        spent: what is spent, with what is reserved by others.
    """

    def __init__(self, kind: Resource, limit: float, spent: float) -> None:
        super().__init__(f"the budget of {limit:g} {kind} does not allow this: {spent:g} spent or reserved")
        self.kind: Resource = kind
        self.limit = limit
        self.spent = spent


@dataclass(frozen=True, slots=True)
class Amount:
    """How much of each resource: US dollars, tokens (in and out), expansions of the tree."""

    usd: float = 0.0
    tokens: int = 0
    nodes: int = 0


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is neither spent nor reserved; None where there is no limit."""

    usd: float | None
    tokens: int | None
    nodes: int | None
    seconds: float | None


class Budget:
    """Limits, and what was spent and reserved under them; a child's spending is its parents' too.

    Args:
        usd: limit in US dollars, or None for no limit; likewise `tokens` and `nodes`.
        seconds: limit on the time since this budget was made.
        spent: what an earlier part of the same run already spent.
        elapsed: how many seconds that part took.
        clock: a monotonic clock, in seconds.
    """

    def __init__(
        self,
        *,
        usd: float | None = None,
        tokens: int | None = None,
        nodes: int | None = None,
        seconds: float | None = None,
        spent: Amount = Amount(),
        elapsed: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
        parent: Budget | None = None,
    ) -> None:
        self._limits = (None if usd is None else math.floor(_nano(usd)), tokens, nodes)
        self._seconds = seconds
        self._spent = _units(spent)
        self._reserved = [0, 0, 0]
        self._clock = clock
        self._started = clock() - elapsed
        self._parent = parent
        self._lock: threading.Lock = parent._lock if parent else threading.Lock()

    def child(
        self,
        *,
        usd: float | None = None,
        tokens: int | None = None,
        nodes: int | None = None,
        seconds: float | None = None,
    ) -> Budget:
        """A part of this budget with limits of its own; what it spends is spent here too."""
        return Budget(usd=usd, tokens=tokens, nodes=nodes, seconds=seconds, clock=self._clock, parent=self)

    @property
    def spent(self) -> Amount:
        """What was spent so far, without what is reserved."""
        with self._lock:
            usd, tokens, nodes = self._spent
        return Amount(usd / _NANO, tokens, nodes)

    @property
    def elapsed(self) -> float:
        """Seconds since it was made, with those of an earlier part of the run."""
        return self._clock() - self._started

    def give_time(self, seconds: float) -> None:
        """Do not count `seconds` that just passed, here and above."""
        for budget in self._chain():
            budget._started += seconds

    def remaining(self) -> Remaining:
        """What may still be reserved, the parents' limits included."""
        usd, tokens, nodes = (self._left(place) for place in range(3))
        times = [budget._seconds - budget.elapsed for budget in self._chain() if budget._seconds is not None]
        return Remaining(None if usd is None else usd / _NANO, tokens, nodes, max(0.0, min(times)) if times else None)

    def reserve(self, estimate: Amount) -> Reservation:
        """Set the most that something may cost aside.

        Raises:
            BudgetExceeded: it could go over a limit here or above; nothing is set aside then.
        """
        units = _units(estimate, up=True)
        with self._lock:
            for budget in self._chain():
                budget._check(units)
            for budget in self._chain():
                budget._reserved = [held + more for held, more in zip(budget._reserved, units, strict=True)]
        return Reservation(self, units)

    def _settle(self, units: list[int], actual: list[int]) -> None:
        with self._lock:
            for budget in self._chain():
                budget._reserved = [held - less for held, less in zip(budget._reserved, units, strict=True)]
                budget._spent = [paid + more for paid, more in zip(budget._spent, actual, strict=True)]

    def _check(self, units: list[int]) -> None:
        if self._seconds is not None and self.elapsed >= self._seconds:
            raise BudgetExceeded("seconds", self._seconds, self.elapsed)
        names: tuple[Resource, ...] = ("usd", "tokens", "nodes")
        for name, limit, spent, held, more in zip(names, self._limits, self._spent, self._reserved, units, strict=True):
            if limit is not None and more > 0 and spent + held + more > limit:
                scale = _NANO if name == "usd" else 1
                raise BudgetExceeded(name, limit / scale, (spent + held) / scale)

    def _left(self, place: int) -> int | None:
        with self._lock:
            lefts = [
                limit - budget._spent[place] - budget._reserved[place]
                for budget in self._chain()
                if (limit := budget._limits[place]) is not None
            ]
        return max(0, min(lefts)) if lefts else None

    def _chain(self) -> list[Budget]:
        chain = [self]
        while (parent := chain[-1]._parent) is not None:
            chain.append(parent)
        return chain


class Reservation:
    """Something set aside; as a context it is charged in full when it was not settled.

    What broke before it could be settled may have been billed all the same, so the estimate stands.
    """

    def __init__(self, budget: Budget, units: list[int]) -> None:
        self._budget = budget
        self._units = units
        self._open = True

    def settle(self, actual: Amount = Amount()) -> None:
        """Give the rest back: `actual` was spent. Only the first call counts."""
        if self._open:
            self._open = False
            self._budget._settle(self._units, _units(actual))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._open:
            self._open = False
            self._budget._settle(self._units, self._units)


def _nano(usd: float) -> float:
    return round(usd * _NANO, 3)  # or 0.07 would come to a hair more than 70,000,000


def _units(amount: Amount, *, up: bool = False) -> list[int]:
    if min(amount.usd, amount.tokens, amount.nodes) < 0 or not math.isfinite(amount.usd):
        raise ValueError(f"an amount is finite and not negative: {amount}")
    money = _nano(amount.usd)
    return [math.ceil(money) if up else round(money), amount.tokens, amount.nodes]
