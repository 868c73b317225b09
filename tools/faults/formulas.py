"""Suspiciousness from a hit spectrum.

In each formula, of F failing and P passing tests, `ef` failing and `ep` passing ones execute the line; ef >= 1.
Values are scaled to [0, 1] without changing the order they give.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

Formula = Callable[[int, int, int, int], float]


def ochiai(ef: int, ep: int, failing: int, passing: int) -> float:
    """Ef / sqrt(F (ef + ep)): Abreu, Zoeteweij and van Gemund, PRDC 2006."""
    return ef / math.sqrt(failing * (ef + ep))


def tarantula(ef: int, ep: int, failing: int, passing: int) -> float:
    """(ef / F) / (ef / F + ep / P): Jones and Harrold, ASE 2005."""
    fails, passes = ef / failing, ep / passing if passing else 0.0
    return fails / (fails + passes)


def dstar(ef: int, ep: int, failing: int, passing: int) -> float:
    """X / (1 + x) of x = ef^2 / (ep + F - ef): Wong, Debroy, Gao and Li, IEEE Transactions on Reliability 2014."""
    return ef**2 / (ef**2 + ep + failing - ef)


def op2(ef: int, ep: int, failing: int, passing: int) -> float:
    """(ef - ep / (P + 1)) / F: Naish, Lee and Ramamohanarao, TOSEM 2011; the best for a single fault."""
    return (ef - ep / (passing + 1)) / failing


FORMULAS: Mapping[str, Formula] = {"ochiai": ochiai, "tarantula": tarantula, "dstar": dstar, "op2": op2}
