"""Generated asserts: which input they are about, which value they expect, how hard that value is to hit by chance."""

from __future__ import annotations

import ast
import math
import re
from dataclasses import dataclass

from tools.syntax import parse_python

_ATOM = re.compile(r"[^,\[\](){} ]")


@dataclass(frozen=True, slots=True)
class Claim:
    """One assert, taken apart.

    Attributes:
        input: the arguments, normalised: two asserts on the same input that expect different values contradict.
        expected: the expected value, normalised.
        bits: a rough measure of how improbable it is that a wrong program returns it (a bool: 1; capped at 12).
    """

    input: str
    expected: str
    bits: float


def read_assert(code: str, entry_point: str) -> Claim | None:
    """The claim of `assert f(...) == value` and its kin (`is`, `not f()`, `f()`); None for anything else."""
    try:
        body = parse_python(code.strip()).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not body or not isinstance(body[-1], ast.Assert):
        return None
    sides = _sides(body[-1].test)
    if sides is None:
        return None
    call, value = sides
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == entry_point):
        return None
    named = ",".join(f"{word.arg}={ast.unparse(word.value)}" for word in call.keywords)
    place = ",".join(ast.unparse(argument) for argument in call.args) + "|" + named
    try:
        literal = ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return Claim(place, ast.unparse(value), 3.0)
    return Claim(place, repr(literal), _bits(literal))


def _sides(test: ast.expr) -> tuple[ast.expr, ast.expr] | None:
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq | ast.Is):
        return test.left, test.comparators[0]
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return test.operand, ast.Constant(False)
    return (test, ast.Constant(True)) if isinstance(test, ast.Call) else None


def _bits(value: object) -> float:
    if isinstance(value, bool):
        return 1.0
    if value is None:
        return 0.5
    if isinstance(value, int):
        return min(6.0, 1.5 + min(20, abs(value).bit_length()))
    if isinstance(value, float):
        return min(6.0, 1.5 + math.log2(1.0 + abs(value))) if math.isfinite(value) else 3.0
    if isinstance(value, str):
        return min(12.0, 1.0 + 1.5 * len(value))
    return min(12.0, 1.0 + 0.8 * len(_ATOM.findall(repr(value))))
