"""On whose behalf something is done: the attempt whose calls and executions are journaled together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_scope: ContextVar[str] = ContextVar("scope", default="run")


def current() -> str:
    """The scope of the code that runs now: ``run``, or the id of an expansion of the tree."""
    return _scope.get()


@contextmanager
def entered(scope: str) -> Iterator[None]:
    """Makes `scope` the current one for the body, and for the tasks started in it."""
    token = _scope.set(scope)
    try:
        yield
    finally:
        _scope.reset(token)
