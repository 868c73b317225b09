"""Exceptions and types: another one, or one more that is accepted."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tools.mechanical.site import Draft, Site

EXCEPTIONS = ("TypeError", "ValueError", "KeyError", "AttributeError", "IndexError", "Exception", "StopIteration",
              "OverflowError", "ImportError", "OSError", "UnicodeError", "RuntimeError", "NotImplementedError",
              "LookupError", "ArithmeticError", "ZeroDivisionError", "AssertionError")  # fmt: skip
TYPES = {
    "str": ("bytes", "int"),
    "bytes": ("str", "bytearray"),
    "int": ("float", "bool", "str"),
    "float": ("int",),
    "list": ("tuple", "set", "dict"),
    "tuple": ("list", "set"),
    "dict": ("list", "Mapping"),
    "set": ("frozenset", "list", "tuple"),
    "frozenset": ("set",),
}
MAX_TYPES = 6


def except_type(site: Site) -> Iterator[Draft]:
    """One exception type more in an `except`, or another one."""
    for node in site.nodes:
        if isinstance(node, ast.ExceptHandler) and node.type is not None:
            text = site.text(node.type)
            known = [site.text(each) for each in node.type.elts] if isinstance(node.type, ast.Tuple) else [text]
            for rank, name in enumerate(_known_exceptions(site)):
                if name not in known:
                    yield site.replace(node.type, f"({', '.join([*known, name])})", 0.85**rank)
                    if len(known) == 1:
                        yield site.replace(node.type, name, 0.7 * 0.85**rank)


def raise_type(site: Site) -> Iterator[Draft]:
    """Another exception type in a `raise`; its cause left out."""
    statement = site.statement
    if isinstance(statement, ast.Raise) and statement.exc is not None:
        raised = statement.exc.func if isinstance(statement.exc, ast.Call) else statement.exc
        text = site.text(raised)
        for rank, name in enumerate(_known_exceptions(site)):
            if name != text:
                yield site.replace(raised, name, 0.85**rank)
        if statement.cause is None:
            end = site.source.span(statement)[1]
            yield Draft(end, end, " from None", 0.3)


def swallow(site: Site) -> Iterator[Draft]:
    """A value returned in the place of a `raise`."""
    if isinstance(site.statement, ast.Raise) and site.statement.exc is not None:
        for rank, value in enumerate(["", *site.returned[:2], "None", "False"]):
            yield site.replace(site.statement, f"return {value}".strip(), 0.5 * 0.7**rank)


def type_test(site: Site) -> Iterator[Draft]:
    """A type more, less or another one in `isinstance`; `isinstance` for a comparison of types."""
    common = site.source.tested_types[:MAX_TYPES]
    for node in site.nodes:
        named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if isinstance(node, ast.Call) and named and len(node.args) == 2 and site.text(node.func) == "isinstance":
            wanted = node.args[1]
            known = [site.text(each) for each in wanted.elts] if isinstance(wanted, ast.Tuple) else [site.text(wanted)]
            likely = [other for name in known for other in TYPES.get(name, ())]
            for rank, name in enumerate([each for each in dict.fromkeys([*likely, *common]) if each not in known]):
                weight = 0.8**rank
                yield site.replace(wanted, f"({', '.join([*known, name])})", weight)
                if len(known) == 1:
                    yield site.replace(wanted, name, 0.6 * weight)
            for name in known if len(known) > 1 else ():
                rest = [each for each in known if each != name]
                yield site.replace(wanted, rest[0] if len(rest) == 1 else f"({', '.join(rest)})", 0.5)
        elif isinstance(node, ast.Compare) and isinstance(node.left, ast.Call) and site.text(node.left.func) == "type":
            if len(node.left.args) != 1:
                continue
            word = "not " if isinstance(node.ops[0], ast.NotEq | ast.IsNot | ast.NotIn) else ""
            value, kind = site.text(node.left.args[0]), site.text(node.comparators[0])
            yield site.replace(node, f"{word}isinstance({value}, {kind})")


def _known_exceptions(site: Site) -> list[str]:
    """The exception names of the module, then the common built-in ones."""
    own = [name for name in site.globals if name.endswith(("Error", "Exception", "Warning"))]
    frequent = site.source.exception_names
    return list(dict.fromkeys([*EXCEPTIONS[:6], *frequent[:4], *own[:6], *EXCEPTIONS]))
