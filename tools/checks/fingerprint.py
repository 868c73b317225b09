"""When two patches are the same patch: equal after comments, docstrings and formatting are gone."""

from __future__ import annotations

import ast
import hashlib
import warnings
from collections.abc import Iterator, Mapping

from tools.files import FileReader
from tools.syntax import parse_python
from tools.text import BinaryFile, readable

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_REFLECTION = {"locals", "vars", "eval", "exec", "dir"}


def normalised_ast(source: str, *, rename_locals: bool = False) -> str:
    """The syntax of Python source without comments, docstrings, positions and formatting.

    Args:
        source: a module.
        rename_locals: also makes sources equal that differ only in the names of local variables (parameters keep
            theirs: callers may use them).

    Returns:
        A dump of the tree; for source that does not parse, its lines without trailing space and blank ones.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = parse_python(source)
        _strip_docstrings(tree)
        if rename_locals:
            _rename_locals(tree)
        return ast.dump(tree, annotate_fields=False)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _normalised_lines(source)


def patch_fingerprint(files: FileReader, changes: Mapping[str, bytes | None], *, rename_locals: bool = False) -> str:
    """A hash that equal patches share; empty when nothing changes but comments, docstrings and formatting.

    Args:
        files: the state before.
        changes: new content of each changed file, None for a deleted one.
        rename_locals: see `normalised_ast`.
    """
    digest = hashlib.sha256()
    empty = True
    for path, after in sorted(changes.items()):
        before = files.read(path) if files.exists(path) else None
        old = _normalised(path, before, rename_locals=rename_locals)
        new = _normalised(path, after, rename_locals=rename_locals)
        if old != new:
            empty = False
            for part in (path.encode(), new):
                digest.update(len(part).to_bytes(8, "big") + part)
    return "" if empty else digest.hexdigest()


def _normalised(path: str, data: bytes | None, *, rename_locals: bool) -> bytes:
    if data is None:
        return b"deleted"
    try:
        text = readable(data, path)
    except BinaryFile:
        return b"binary" + data
    if path.endswith((".py", ".pyw", ".pyi")):
        return b"python" + normalised_ast(text, rename_locals=rename_locals).encode("utf-8", "surrogatepass")
    return b"text" + _normalised_lines(text).encode()


def _normalised_lines(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.split("\n") if line.strip())


def _strip_docstrings(tree: ast.Module) -> None:
    """Takes away all statements that are nothing but a string."""
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            statements = getattr(node, field, None)
            if isinstance(statements, list):
                kept = [item for item in statements if not _is_string(item)]
                setattr(node, field, kept if kept or not statements else [ast.Pass()])


def _is_string(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _rename_locals(tree: ast.Module) -> None:
    """Numbers the local variables of each outermost function by first appearance."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            _rename_in(node)
        else:
            pending.extend(ast.iter_child_nodes(node))


def _rename_in(function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    nodes = list(ast.walk(function))
    if any(isinstance(node, ast.Name) and node.id in _REFLECTION for node in nodes):
        return
    fixed = _fixed_names(nodes)
    own = {name for node in _own_nodes(function) for name in _bound(node)} - fixed
    numbers: dict[str, str] = {}
    for node in _in_order(function):
        for name in _mentioned(node):
            if name in own:
                numbers.setdefault(name, f"${len(numbers)}")
    for node in nodes:
        if isinstance(node, ast.Name):
            node.id = numbers.get(node.id, node.id)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            node.name = numbers.get(node.name, node.name)
        elif isinstance(node, ast.Nonlocal):
            node.names = [numbers.get(name, name) for name in node.names]


def _fixed_names(nodes: list[ast.AST]) -> set[str]:
    """Names that are more than a local variable somewhere in the function: parameters, imports, globals, attributes."""
    fixed: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.arg):
            fixed.add(node.arg)
        elif isinstance(node, ast.Global):
            fixed.update(node.names)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            fixed.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            fixed.add(node.name)
        elif isinstance(node, ast.ClassDef):
            fixed.add(node.name)
            fixed.update(name for inner in _own_nodes(node) for name in _bound(inner))
        elif isinstance(node, ast.MatchMapping) and node.rest:
            fixed.add(node.rest)
    return fixed


def _own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a scope without those of the scopes inside it."""
    pending = list(ast.iter_child_nodes(scope))
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, _SCOPES + _COMPREHENSIONS):
            pending.extend(ast.iter_child_nodes(node))


def _bound(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
        return [node.id]
    if isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
        return [node.name]
    return []


def _mentioned(node: ast.AST) -> list[str]:
    return [node.id] if isinstance(node, ast.Name) else _bound(node)


def _in_order(node: ast.AST) -> Iterator[ast.AST]:
    """Depth first, in the order of fields; not ast.walk, whose order by levels depends on the nesting elsewhere."""
    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        pending.extend(reversed(list(ast.iter_child_nodes(current))))
