"""The static gate: what a design must look like before anything of it is run.

It keeps out what is no design and what is plainly meant for something else. It is not what holds a
design: the sandbox is.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from tools.syntax import parse_python

_ALLOWED = """
__future__ abc asyncio bisect collections contextlib copy dataclasses difflib enum fractions functools heapq itertools
json math operator pydantic random re statistics string textwrap time types typing
"""
ALLOWED = frozenset(_ALLOWED.split())
"""Modules a design may import, with what lies in them."""

OURS = frozenset({"agent.kit", "agent.work", "search.tree", "search.engine", "search.policy", "search.policies"})
"""Of our own: the kit's types, and the policies with their options."""

_REFUSED = "breakpoint compile eval exec exit globals help input locals open quit vars __import__"
_NAMES = frozenset(_REFUSED.split())
_DUNDERS = frozenset({"__name__", "__doc__", "__init__", "__post_init__", "__all__", "__file__"})
_BYTES = 60_000


@dataclass(frozen=True)
class Finding:
    """One thing against a design: where (1-based line, 0 for all of it) and what."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}" if self.line else self.message


def check(source: str) -> tuple[Finding, ...]:
    """Everything against a design; empty when it may be tried."""
    if len(source.encode(errors="replace")) > _BYTES:
        return (Finding(0, f"longer than {_BYTES} bytes"),)
    try:
        tree = parse_python(source)
    except SyntaxError as error:
        return (Finding(error.lineno or 0, f"not Python: {error.msg}"),)
    except (ValueError, RecursionError, MemoryError) as error:
        return (Finding(0, f"not Python: {error}"),)
    found = [*_entry(tree), *(finding for node in ast.walk(tree) for finding in _node(node))]
    return tuple(sorted(found, key=lambda finding: finding.line))


def _entry(tree: ast.Module) -> Iterator[Finding]:
    """A docstring, and one `async def solve(kit)`."""
    if not ast.get_docstring(tree):
        yield Finding(0, "it has no docstring that says what it does")
    found = [
        node for node in tree.body if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef) and node.name == "solve"
    ]
    if len(found) != 1 or isinstance(found[0], ast.FunctionDef):
        yield Finding(found[0].lineno if found else 0, "it must define one `async def solve(kit)` at its top")
        return
    arguments = found[0].args
    if len(arguments.posonlyargs + arguments.args) != 1 or arguments.vararg or arguments.kwarg or arguments.kwonlyargs:
        yield Finding(found[0].lineno, "solve takes the kit and nothing else")


def _node(node: ast.AST) -> Iterator[Finding]:
    if isinstance(node, ast.Import):
        yield from (_import(node.lineno, alias.name) for alias in node.names if not _allowed(alias.name))
    elif isinstance(node, ast.ImportFrom):
        name = "." * node.level + (node.module or "")
        if not _allowed(name):
            yield _import(node.lineno, name)
    elif isinstance(node, ast.Name) and node.id in _NAMES:
        yield Finding(node.lineno, f"{node.id} is not for designs")
    elif isinstance(node, ast.Attribute) and _hidden(node.attr):
        yield Finding(node.lineno, f"reaches for {node.attr}")
    elif isinstance(node, ast.Name) and _hidden(node.id):
        yield Finding(node.lineno, f"reaches for {node.id}")


def _allowed(name: str) -> bool:
    if name.startswith("."):
        return False
    parents = [name.rsplit(".", cut)[0] for cut in range(name.count(".") + 1)]
    return name.split(".", maxsplit=1)[0] in ALLOWED or any(each in OURS for each in parents)


def _import(line: int, name: str) -> Finding:
    return Finding(line, f"imports {name}; a design has the kit and {', '.join(sorted(ALLOWED - {'__future__'}))}")


def _hidden(name: str) -> bool:
    return name.startswith("__") and name.endswith("__") and name not in _DUNDERS
