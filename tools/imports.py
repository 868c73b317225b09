"""The import statements of a file."""

from __future__ import annotations

import ast

from tools.syntax import parse_python


def imports_of(path: str, source: str) -> str:
    """The imports at the top level of a Python file as they are written, one after the other; "" for other files.

    Args:
        path: tells the language.
        source: with lines that end in LF.
    """
    if not path.endswith(".py"):
        return ""
    try:
        tree = parse_python(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    lines = source.split("\n")
    found = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return "\n".join("\n".join(lines[node.lineno - 1 : node.end_lineno]) for node in found)
