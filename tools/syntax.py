"""Python source to syntax trees, safely in threads."""

from __future__ import annotations

import ast
import threading
from typing import Any

_one_at_a_time = threading.RLock()


def parse_python(source: str | bytes) -> ast.Module:
    """As `ast.parse`, one thread at a time.

    CPython 3.11 counts the depth of all threads' trees together, and ends a parse that another one interrupts in a
    `SystemError: AST constructor recursion depth mismatch`.

    Raises:
        SyntaxError: as `ast.parse`; ValueError for null bytes, RecursionError and MemoryError for nesting.
    """
    with _one_at_a_time:
        return ast.parse(source)


def parse_definition(text: str) -> ast.Module:
    """As `parse_python`, of a definition as it stands in its file; line numbers are one too high.

    An indented one is not moved to the left, for the lines of its strings may be indented less.
    """
    return parse_python(("if True:\n" if text[:1].isspace() else "\n") + text)


def parse_expression(source: str) -> ast.Expression:
    """As `ast.parse(source, mode="eval")`, one thread at a time."""
    with _one_at_a_time:
        return ast.parse(source, mode="eval")


def parse_literal(source: str) -> Any:
    """As `ast.literal_eval`, one thread at a time."""
    with _one_at_a_time:
        return ast.literal_eval(source)
