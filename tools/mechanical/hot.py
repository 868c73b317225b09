"""The source that is enough to compile the function around an edit, each line at its place."""

from __future__ import annotations

import ast

from tools.mechanical.mutation import Mutation, apply
from tools.mechanical.source import FUNCTIONS, Function, Source
from tools.testing.runners.probed import HotFunction


def hot_function(source: Source, mutation: Mutation) -> HotFunction | None:
    """The function that an edit changes; None when it lies outside of function bodies, or not in one alone."""
    function = _outermost(source, mutation)
    if function is None:
        return None
    first = min([function.lineno, *(each.lineno for each in function.decorator_list)])
    last = function.end_lineno or function.lineno
    lines = [b"\n"] * (first - 1)
    for statement in source.tree.body:
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__" and statement.lineno < first:
            for line in range(statement.lineno, (statement.end_lineno or statement.lineno) + 1):
                lines[line - 1] = _line(source, line)
    column = function.col_offset
    for around in source.ancestors(function):
        if isinstance(around, ast.stmt) and around.col_offset < column:
            column = around.col_offset
            indent = source.indentation(around).encode()
            head = f"class {around.name}:" if isinstance(around, ast.ClassDef) else "if 1:"
            lines[around.lineno - 1] = indent + head.encode() + b"\n"
    start, end = source.line_start(first), source.line_start(last + 1)
    edited = apply(source.content, mutation)[start : end + len(mutation.replacement) - (mutation.end - mutation.start)]
    return HotFunction(mutation.path, function.name, first, (b"".join(lines) + edited).decode())


def _outermost(source: Source, mutation: Mutation) -> Function | None:
    """The outermost function whose body holds the edit."""
    found: Function | None = None
    body = source.tree.body
    while True:
        around = next((each for each in body if _holds(source, each, mutation)), None)
        if around is None:
            return None
        if isinstance(around, FUNCTIONS):
            found = around
            break
        inner = list(ast.iter_child_nodes(around))
        body = [child for child in inner if isinstance(child, ast.stmt)]
        body += [each for child in inner if isinstance(child, ast.ExceptHandler) for each in child.body]
    start = source.line_start(found.body[0].lineno)
    alone = found.body[0].lineno > found.lineno
    return found if alone and mutation.start >= start else None


def _holds(source: Source, statement: ast.stmt, mutation: Mutation) -> bool:
    start, _ = source.span(statement)
    end = source.line_start((statement.end_lineno or statement.lineno) + 1)
    return start <= mutation.start and mutation.end <= end


def _line(source: Source, line: int) -> bytes:
    return source.content[source.line_start(line) : source.line_start(line + 1)]
