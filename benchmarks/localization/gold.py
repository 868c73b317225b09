"""Which files and functions a gold patch changes: only for scoring and fitting, never imported by `tools/`."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

Edit = tuple[str, int]
Span = tuple[str, int, int]


def edits(patch: str) -> dict[str, list[Edit]]:
    """Per file of the base: `("delete", line)` and `("insert", line)`, inserted before that line (1-based)."""
    found: dict[str, list[Edit]] = {}
    old = path = ""
    line = 0
    for text in patch.split("\n"):
        if text.startswith("--- "):
            old = text[4:].split("\t")[0].removeprefix("a/")
        elif text.startswith("+++ "):
            path = text[4:].split("\t")[0].removeprefix("b/") if old == "/dev/null" else old
            found.setdefault(path, [])
        elif header := re.match(r"@@ -(\d+)", text):
            line = int(header[1])
        elif path and text.startswith("-"):
            found[path].append(("delete", line))
            line += 1
        elif path and text.startswith("+"):
            found[path].append(("insert", line))
        elif path and text.startswith(" "):
            line += 1
    return found


def outermost_functions(source: str) -> list[Span]:
    """Functions and methods that are in no other function: qualified name, first line with decorators, last line."""

    def walk(node: ast.AST, owner: str) -> Iterator[Span]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                first = min([child.lineno, *(decorator.lineno for decorator in child.decorator_list)])
                yield owner + child.name, first, child.end_lineno or child.lineno
            else:
                yield from walk(child, owner + child.name + "." if isinstance(child, ast.ClassDef) else owner)

    return list(walk(ast.parse(source), ""))


def gold(patch: str, read: Callable[[str], str]) -> tuple[list[str], list[tuple[str, str]]]:
    """The files a patch changes, and `(path, name)` of functions with a deletion or an insertion strictly inside."""
    changed = edits(patch)
    functions: dict[tuple[str, str], None] = {}
    for path, lines in changed.items():
        for name, first, last in outermost_functions(read(path)) if path.endswith(".py") else ():
            if any(first <= line <= last and (kind == "delete" or line > first) for kind, line in lines):
                functions[path, name] = None
    return list(changed), list(functions)
