"""Operators: comparisons, and/or, arithmetic and bit operations."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator

from tools.mechanical.site import Draft, Site

COMPARISONS = {
    "<": ("<=", ">", ">=", "!="),
    "<=": ("<", ">=", "=="),
    ">": (">=", "<", "<=", "!="),
    ">=": (">", "<=", "=="),
    "==": ("!=", "is", "in", ">=", "<="),
    "!=": ("==", "is not", "not in", ">", "<"),
    "is": ("==", "is not"),
    "is not": ("!=", "is"),
    "in": ("not in", "=="),
    "not in": ("in", "!="),
}
ARITHMETIC = {
    "+": ("-", "*"),
    "-": ("+",),
    "*": ("+", "/", "**"),
    "/": ("//", "*"),
    "//": ("/",),
    "%": ("//",),
    "**": ("*",),
    "&": ("|", "^"),
    "|": ("&", "^", "+"),
    "^": ("|", "&"),
    "<<": (">>",),
    ">>": ("<<",),
}
_COMPARISON = re.compile(r"is\s+not\b|not\s+in\b|is\b|in\b|<=|>=|==|!=|<|>")
_ARITHMETIC = re.compile(r"\*\*|//|<<|>>|[-+*/%&|^@]")


def comparison(site: Site) -> Iterator[Draft]:
    """Another comparison operator."""
    for node in site.nodes:
        if isinstance(node, ast.Compare):
            operands = [node.left, *node.comparators]
            for left, right in itertools.pairwise(operands):
                yield from _swap(site, left, right, _COMPARISON, COMPARISONS)


def arithmetic(site: Site) -> Iterator[Draft]:
    """Another arithmetic or bit operator."""
    for node in site.nodes:
        if isinstance(node, ast.BinOp):
            yield from _swap(site, node.left, node.right, _ARITHMETIC, ARITHMETIC)
        elif isinstance(node, ast.AugAssign):
            yield from _swap(site, node.target, node.value, _ARITHMETIC, ARITHMETIC)


def boolean(site: Site) -> Iterator[Draft]:
    """`and` for `or` and the reverse."""
    for node in site.nodes:
        if isinstance(node, ast.BoolOp):
            word, other = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
            for left, right in zip(node.values, node.values[1:], strict=False):
                yield from _swap(site, left, right, re.compile(rf"{word}\b"), {word: (other,)})


def drop_operand(site: Site) -> Iterator[Draft]:
    """One operand less: of and/or, of an arithmetic operation, of a negation."""
    for node in site.nodes:
        if isinstance(node, ast.BoolOp):
            last = len(node.values) - 1
            for place in range(last + 1):
                start = site.source.span(node)[0] if place == 0 else _closed_end(site, node.values[place - 1], node)
                end = site.source.span(node)[1] if place == last else _closed_end(site, node.values[place], node)
                kept = [value for value in node.values if value is not node.values[place]]
                if len(kept) == 1:
                    yield site.replace(node, site.operand(kept[0]))
                elif place:
                    yield Draft(start, end, "")
        elif isinstance(node, ast.BinOp):
            yield site.replace(node, site.operand(node.left))
            yield site.replace(node, site.operand(node.right), 0.6)
        elif isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.Not):
            yield site.replace(node, site.operand(node.operand))


def swap_operands(site: Site) -> Iterator[Draft]:
    """The two operands of an operation that does not commute change places."""
    for node in site.nodes:
        pair: tuple[ast.expr, ast.expr] | None = None
        if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Mult):
            pair = node.left, node.right
        elif isinstance(node, ast.Compare) and len(node.ops) == 1:
            pair = node.left, node.comparators[0]
        elif isinstance(node, ast.BoolOp):
            pair = node.values[0], node.values[1]
        if pair:
            (start, middle), (resume, end) = (site.source.span(each) for each in pair)
            between = site.source.content[middle:resume].decode()
            yield Draft(start, end, site.text(pair[1]) + between + site.text(pair[0]))


def _swap(
    site: Site, left: ast.expr, right: ast.expr, pattern: re.Pattern[str], others: dict[str, tuple[str, ...]]
) -> Iterator[Draft]:
    start, end = site.source.span(left)[1], site.source.span(right)[0]
    match = pattern.search(site.source.content[start:end].decode())
    if match is None:
        return
    operator = " ".join(match.group().split())
    for rank, other in enumerate(others.get(operator, ())):
        yield Draft(start + match.start(), start + match.end(), other, 0.7**rank)


def _closed_end(site: Site, value: ast.expr, around: ast.expr) -> int:
    """The end of an operand with its closing parentheses."""
    end, limit = site.source.span(value)[1], site.source.span(around)[1]
    content = site.source.content
    opened = content[site.source.span(around)[0] : site.source.span(value)[0]].rstrip()
    while opened.endswith(b"(") and end < limit and content[end:limit].lstrip().startswith(b")"):
        opened = opened[:-1].rstrip()
        end = content.index(b")", end) + 1
    return end
