"""On whose behalf something is done: the attempt whose calls and executions are journaled together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_scope: ContextVar[str] = ContextVar("scope", default="run")
_guidance: ContextVar[str] = ContextVar("guidance", default="")


def current() -> str:
    """The scope of the code that runs now: ``run``, or the id of an expansion of the tree."""
    return _scope.get()


def guidance() -> str:
    """What a person said about what is done now; "" when nobody did."""
    return _guidance.get()


@contextmanager
def entered(scope: str, guidance: str = "") -> Iterator[None]:
    """Makes `scope` and `guidance` the current ones for the body, and for the tasks started in it."""
    token, said = _scope.set(scope), _guidance.set(guidance)
    try:
        yield
    finally:
        _guidance.reset(said)
        _scope.reset(token)
