"""Constants and bounds: off by one, slices, truth values, default values."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tools.mechanical.site import Draft, Site
from tools.mechanical.source import FUNCTIONS

PLAIN = (ast.Name, ast.Attribute, ast.Call, ast.BinOp)
DEFAULTS = ("None", "True", "False", "0", "1", "''", "()", "[]", "{}")


def integer(site: Site) -> Iterator[Draft]:
    """A whole number one greater or smaller, or negated."""
    for node in site.nodes:
        if isinstance(node, ast.Constant) and type(node.value) is int:
            negative = isinstance(site.source.parents.get(node), ast.UnaryOp)
            value = node.value
            for rank, other in enumerate(dict.fromkeys((value + 1, value - 1, 0, 1, 2, -value))):
                if other != value and (other >= 0 or not negative):
                    yield site.replace(node, str(other), 0.75**rank)


def boundary(site: Site) -> Iterator[Draft]:
    """One more or one less where a number bounds something: an index, a slice, a range, a comparison."""
    for node in site.nodes:
        for value, weight in _bounds(node):
            if isinstance(value, ast.BinOp) and _is_one(value.right) and isinstance(value.op, ast.Add | ast.Sub):
                yield site.replace(value, site.text(value.left), weight)
            if isinstance(value, PLAIN):
                text = site.text(value)
                yield site.replace(value, f"{text} - 1", weight)
                yield site.replace(value, f"{text} + 1", weight)


def slice_bounds(site: Site) -> Iterator[Draft]:
    """A bound of a slice less or more; as much cut off at the other end; a slice less or more."""
    for node in site.nodes:
        if not isinstance(node, ast.Subscript):
            continue
        value = site.operand(node.value)
        if isinstance(node.slice, ast.Slice):
            low, high = (site.text(each) if each else "" for each in (node.slice.lower, node.slice.upper))
            yield site.replace(node, value, 0.5)
            for first, second in ((low, ""), ("", high), ("1", high), (low, "-1"), (high, low)):
                if (first, second) != (low, high) and (first or second):
                    yield site.replace(node, f"{value}[{first}:{second}]")
            if low.isdecimal() and not high:
                yield site.replace(node, f"{value}[:-{low}]")
            elif high[:1] == "-" and high[1:].isdecimal() and not low:
                yield site.replace(node, f"{value}[{high[1:]}:]")
        elif isinstance(node.ctx, ast.Load):
            index = site.text(node.slice)
            yield site.replace(node, f"{value}[{index}:]", 0.6)
            yield site.replace(node, f"{value}[:{index}]", 0.5)


def truth(site: Site) -> Iterator[Draft]:
    """True for False, None for False, and such."""
    others = {
        "True": ("False", "None"),
        "False": ("True", "None"),
        "None": ("True", "False", "''", "0", "[]", "()", "{}"),
    }
    for node in site.nodes:
        if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool)):
            for rank, other in enumerate(others[str(node.value)]):
                yield site.replace(node, other, 0.6**rank)


def default_value(site: Site) -> Iterator[Draft]:
    """Another default for a parameter, or another empty value where one is given."""
    for node in site.nodes:
        if isinstance(node, ast.arguments):
            for default in [*node.defaults, *filter(None, node.kw_defaults)]:
                text = site.text(default)
                yield from (site.replace(default, other, 0.85**rank) for rank, other in _others(text))
        elif isinstance(node, ast.Assign | ast.Return | ast.keyword) and node.value is not None:
            text = site.text(node.value)
            if text in DEFAULTS or text == '""':
                for rank, other in _others(text):
                    yield site.replace(node.value, other, 0.5 * 0.85**rank)


def mutable_default(site: Site) -> Iterator[Draft]:
    """A mutable default becomes None, and is made anew in each call."""
    statement = site.statement
    if not isinstance(statement, FUNCTIONS):
        return
    arguments = statement.args
    named = [*arguments.posonlyargs, *arguments.args]
    pairs = list(zip(named[len(named) - len(arguments.defaults) :], arguments.defaults, strict=True))
    pairs += [(name, value) for name, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if value]
    documented = ast.get_docstring(statement, clean=False) is not None
    first = statement.body[1] if documented and len(statement.body) > 1 else statement.body[0]
    if not site.source.stands_alone(first) and not hasattr(first, "body"):
        return
    for name, default in pairs:
        if isinstance(default, ast.List | ast.Dict | ast.Set | ast.Call):
            start, _ = site.source.span(default)
            at = site.source.line_start(first.lineno) + first.col_offset
            indent = site.source.indentation(first)
            between = site.source.content[site.source.span(default)[1] : at].decode()
            guard = f"if {name.arg} is None:\n{indent}    {name.arg} = {site.text(default)}\n{indent}"
            yield Draft(start, at, f"None{between}{guard}")


def _others(text: str) -> Iterator[tuple[int, str]]:
    yield from enumerate(other for other in DEFAULTS if other != text)


def _bounds(node: ast.AST) -> Iterator[tuple[ast.expr, float]]:
    if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice):
        yield node.slice, 0.8
    elif isinstance(node, ast.Slice):
        yield from ((each, 1.0) for each in (node.lower, node.upper) if each is not None)
    elif isinstance(node, ast.Call):
        ranged = isinstance(node.func, ast.Name) and node.func.id == "range"
        yield from ((argument, 1.0 if ranged else 0.3) for argument in node.args)
    elif isinstance(node, ast.Compare):
        yield from ((each, 0.5) for each in [node.left, *node.comparators])
    elif isinstance(node, ast.Assign | ast.AugAssign | ast.Return) and node.value is not None:
        yield node.value, 0.5


def _is_one(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == 1
