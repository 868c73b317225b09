"""What a patch adds that no test can see through: objects that are equal to everything."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

from tools.syntax import parse_python


def equals_everything(before: bytes, after: bytes) -> tuple[str, ...]:
    """Classes of the new source whose `__eq__` says yes to anything, beyond those that the old one has.

    Args:
        before: the file on the base; empty for a new one.
        after: the file after the patch.
    """
    old, new = Counter(_agreeing(before)), Counter(_agreeing(after))
    return tuple(sorted(new - old))


def _agreeing(source: bytes) -> Iterator[str]:
    try:
        tree = parse_python(source)
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for part in node.body:
                if _says_yes(part) or _is_yes(part):
                    yield node.name
        elif isinstance(node, ast.Call) and _is_made(node):
            yield "type()"


def _says_yes(node: ast.stmt) -> bool:
    if not (isinstance(node, ast.FunctionDef) and node.name == "__eq__"):
        return False
    plain = [each for each in node.body if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))]
    return len(plain) == 1 and isinstance(plain[0], ast.Return) and _is_true(plain[0].value)


def _is_yes(node: ast.stmt) -> bool:
    if not isinstance(node, ast.Assign):
        return False
    named = any(isinstance(target, ast.Name) and target.id == "__eq__" for target in node.targets)
    return named and isinstance(node.value, ast.Lambda) and _is_true(node.value.body)


def _is_true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _is_made(node: ast.Call) -> bool:
    """`type("Any", (), {"__eq__": lambda *_: True})`."""
    if not (isinstance(node.func, ast.Name) and node.func.id == "type" and len(node.args) == 3):
        return False
    space = node.args[2]
    return isinstance(space, ast.Dict) and any(
        isinstance(key, ast.Constant)
        and key.value == "__eq__"
        and isinstance(value, ast.Lambda)
        and _is_true(value.body)
        for key, value in zip(space.keys, space.values, strict=True)
    )
