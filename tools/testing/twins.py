"""When two written tests are the same test: a copy is no second witness."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from pathlib import PurePosixPath

from tools.checks.fingerprint import normalised_ast
from tools.syntax import parse_python

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_NAME = "test"


def test_forms(path: str, content: bytes) -> dict[str, str]:
    """What tests share that are the same but for layout, comments, names of local variables and their own name.

    Args:
        path: of the test file; tests of other languages than Python are told apart by file only.
        content: of the test file.

    Returns:
        By name, as `test_x` or `Class.test_x`; the one name of a file that cannot be taken apart is empty.
    """
    text = content.decode("utf-8", "replace")
    if PurePosixPath(path).suffix != ".py":
        return {"": _lines(text)}
    try:
        tree = parse_python(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {"": _lines(text)}
    rest = [node for node in tree.body if not _is_import(node) and not _is_test(node) and not _has_tests(node)]
    imports = [node for node in tree.body if _is_import(node)]
    forms = {name: _form(imports, rest, alone) for name, alone in _tests(tree)}
    return forms or {"": _lines(text)}


test_forms.__test__ = False  # type: ignore[attr-defined]


def form_of(test: str, forms: dict[str, str]) -> str:
    """The form of a test by the id that a runner gave it; empty when it is not among them."""
    name = test.partition("[")[0].replace("::", ".")
    found = [known for known in forms if known and (name == known or name.endswith(f".{known}"))]
    return forms[max(found, key=len)] if found else forms.get("", "")


def _tests(tree: ast.Module) -> Iterator[tuple[str, ast.stmt]]:
    """Each test by name, as a statement without the other tests beside it, its own name and its class's left out."""
    for node in tree.body:
        if isinstance(node, _FUNCTIONS) and _is_test(node):
            yield node.name, _renamed(node)
        elif isinstance(node, ast.ClassDef):
            shared = [item for item in node.body if not _is_test(item)]
            for item in node.body:
                if isinstance(item, _FUNCTIONS) and _is_test(item):
                    shell = copy.copy(node)
                    shell.name = _NAME
                    shell.body = [*shared, _renamed(item)]
                    yield f"{node.name}.{item.name}", shell


def _form(imports: list[ast.stmt], rest: list[ast.stmt], test: ast.stmt) -> str:
    """The test with what else its module does; of the imports those it can need."""
    used = {node.id for part in (*rest, test) for node in ast.walk(part) if isinstance(node, ast.Name)}
    needed = {ast.unparse(_only(node, alias)) for node in imports for alias in node.names if _bound(alias) in used}  # type: ignore[attr-defined]
    lines = [*sorted(needed), *(ast.unparse(node) for node in (*rest, test))]
    return normalised_ast("\n".join(lines), rename_locals=True)


def _renamed(function: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.stmt:
    renamed = copy.copy(function)
    renamed.name = _NAME
    return renamed


def _only(node: ast.stmt, alias: ast.alias) -> ast.stmt:
    one = copy.copy(node)
    one.names = [alias]  # type: ignore[attr-defined]
    return one


def _bound(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]


def _is_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def _is_test(node: ast.stmt) -> bool:
    return isinstance(node, _FUNCTIONS) and node.name.startswith("test")


def _has_tests(node: ast.stmt) -> bool:
    return isinstance(node, ast.ClassDef) and any(_is_test(item) for item in node.body)


def _lines(text: str) -> str:
    return "\n".join(line.strip() for line in text.split("\n") if line.strip())
