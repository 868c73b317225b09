"""Conditions: negated, widened, narrowed, and statements put under one."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tools.mechanical.site import Draft, Site
from tools.mechanical.source import FUNCTIONS

MAX_CONDITIONS = 8
MAX_NAMES = 5


def tests(site: Site) -> Iterator[ast.expr]:
    """The conditions of a statement: of if, while, assert, conditional expressions and comprehensions."""
    for node in site.nodes:
        test = getattr(node, "test", None)
        if isinstance(test, ast.expr):
            yield test
        if isinstance(node, ast.comprehension):
            yield from node.ifs


def negate(site: Site) -> Iterator[Draft]:
    """`not` before a condition or one of its operands, or taken away."""
    for test in tests(site):
        parts = [test, *test.values] if isinstance(test, ast.BoolOp) else [test]
        for part in parts:
            if isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.Not):
                yield site.replace(part, site.text(part.operand))
            elif isinstance(part, ast.BoolOp | ast.Compare | ast.IfExp):
                yield site.replace(part, f"not ({site.text(part)})", 0.7)
            else:
                yield site.replace(part, f"not {site.operand(part)}")
    if isinstance(site.statement, ast.Return) and site.statement.value is not None:
        yield site.replace(site.statement.value, f"not {site.operand(site.statement.value)}", 0.3)


def none_test(site: Site) -> Iterator[Draft]:
    """Truth of a value for its not being None, and the reverse."""
    for test in tests(site):
        parts = list(test.values) if isinstance(test, ast.BoolOp) else [test]
        for part in parts:
            if isinstance(part, ast.Name | ast.Attribute | ast.Call | ast.Subscript | ast.NamedExpr):
                yield site.replace(part, f"{site.operand(part)} is not None")
            elif isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.Not):
                yield site.replace(part, f"{site.operand(part.operand)} is None")
            elif isinstance(part, ast.Compare) and _is_none(part.comparators[0]):
                word = "not " if isinstance(part.ops[0], ast.Is | ast.Eq) else ""
                yield site.replace(part, word + site.operand(part.left))
    for node in site.nodes:
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or) and len(node.values) == 2:
            first, second = (site.operand(value) for value in node.values)
            yield site.replace(node, f"{first} if {first} is not None else {second}", 0.8)


def add_operand(site: Site) -> Iterator[Draft]:
    """One more operand for a condition: another condition of the function, or a simple test of a name."""
    for test in tests(site):
        own = site.text(test)
        inner = f"({own})" if isinstance(test, ast.IfExp | ast.Lambda | ast.NamedExpr) else own
        left_and = f"({own})" if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or) else inner
        for extra, weight in _extras(site, test):
            yield site.replace(test, f"{left_and} and {extra}", weight)
            yield site.replace(test, f"{inner} or {extra}", weight * 0.8)
            yield site.replace(test, f"{extra} and {left_and}", weight * 0.5)


def put_under(site: Site) -> Iterator[Draft]:
    """The statement runs only under a condition: a simple test of a name that it reads, or one from nearby."""
    statement, source = site.statement, site.source
    if not isinstance(statement, ast.Expr | ast.Assign | ast.AugAssign | ast.Return | ast.Raise | ast.Delete):
        return
    if not source.stands_alone(statement) or _is_docstring(site):
        return
    start, end = source.span(statement)
    indent, text = source.indentation(statement), source.content[start:end].decode()
    body = text.replace("\n", "\n    ") if _spans_no_string(statement) else text
    for extra, weight in _extras(site, None):
        yield Draft(start, end, f"if {extra}:\n{indent}    {body}", weight)


def _extras(site: Site, test: ast.expr | None) -> Iterator[tuple[str, float]]:
    known = set()
    if test is not None:
        known = {site.text(value) for value in (test.values if isinstance(test, ast.BoolOp) else [test])}
    for rank, condition in enumerate(site.conditions[:MAX_CONDITIONS]):
        if condition not in known:
            yield (f"({condition})" if " or " in condition or " if " in condition else condition), 0.8 * 0.8**rank
    names = list(dict.fromkeys([*site.loaded, *site.parameters]))
    for rank, name in enumerate(names[: MAX_NAMES + 3]):
        for form, weight in (("{}", 1.0), ("{} is not None", 0.9), ("not {}", 0.7), ("{} is None", 0.5)):
            extra = form.format(name)
            if extra not in known:
                yield extra, weight * 0.75**rank


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_docstring(site: Site) -> bool:
    statement = site.statement
    text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    parent = site.source.parents.get(statement)
    return text and isinstance(parent, (*FUNCTIONS, ast.ClassDef, ast.Module)) and parent.body[0] is statement


def _spans_no_string(statement: ast.stmt) -> bool:
    return not any(
        isinstance(node, ast.Constant | ast.JoinedStr) and node.end_lineno != node.lineno
        for node in ast.walk(statement)
    )
