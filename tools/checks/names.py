"""Names a change leaves undefined, unused or defined twice: pyflakes before and after."""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from tools.checks.model import Finding, FindingKind, Severity
from tools.syntax import parse_python

_KINDS = {
    "UndefinedName": FindingKind.UNDEFINED_NAME,
    "UndefinedLocal": FindingKind.UNDEFINED_NAME,
    "UndefinedExport": FindingKind.UNDEFINED_NAME,
    "UnusedImport": FindingKind.UNUSED_IMPORT,
    "UnusedVariable": FindingKind.UNUSED_VARIABLE,
    "UnusedAnnotation": FindingKind.UNUSED_VARIABLE,
    "RedefinedWhileUnused": FindingKind.REDEFINITION,
}
_NEVER_MEANT = {"ImportStarUsed", "ImportStarUsage", "DoctestSyntaxError"}
# builtins of Python 2, of later Pythons, and what gettext installs
_BUILTINS_ELSEWHERE = frozenset(
    {
        "PythonFinalizationError",
        "StandardError",
        "_",
        "apply",
        "basestring",
        "buffer",
        "cmp",
        "coerce",
        "execfile",
        "file",
        "intern",
        "long",
        "ngettext",
        "raw_input",
        "reduce",
        "reload",
        "reveal_type",
        "ugettext",
        "unichr",
        "unicode",
        "xrange",
    }
)
# what runs these files puts these names in them
_INJECTED = {("conf.py", "tags"), ("ipython_config.py", "get_config"), ("jupyter_notebook_config.py", "get_config")}
# a module that does this can define names nobody sees
_DYNAMIC = re.compile(
    rb"\b(globals|vars|locals)\(\)\s*(\[[^\]\n]*\]\s*=[^=]|\.(update|setdefault)\()|^exec(file)?\(|\bexec\(.*globals\(\)"
    rb"|\b(builtins|__builtin__)\.\w+\s*=[^=]|\bsetattr\(\s*(builtins|__builtin__)|\bglobal_enum\b|\._convert_\(",
    re.MULTILINE,
)


def new_name_findings(path: str, before: bytes | None, after: bytes) -> list[Finding]:
    """What pyflakes says of `after` and did not say of `before`, compared by message and not by line.

    A new undefined name is fatal unless it can be defined where pyflakes does not look. Nothing is said of code
    that the running Python cannot parse.

    Args:
        path: of a Python file; others give nothing.
        before: the old content; None when the file is new.
        after: the new content.
    """
    if not path.endswith((".py", ".pyw")):
        return []
    tree = _parsed(after)
    old = _parsed(before) if before is not None else None
    if tree is None or (before is not None and old is None):
        return []
    known = Counter(_key(message) for message in _messages(old, path))
    for key in known:
        if _KINDS.get(key[0]) is FindingKind.UNDEFINED_NAME:
            known[key] = sys.maxsize
    soft = _soft_places(tree)
    dynamic = _DYNAMIC.search(after) is not None
    # pyflakes takes a name as gone after any `del`, also in a branch or at the end of a loop
    deleted = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del)}
    name = PurePosixPath(path).name
    found = []
    for message in _messages(tree, path):
        key, kind = _key(message), _KINDS.get(type(message).__name__, FindingKind.SUSPICIOUS)
        known[key] -= 1
        if known[key] >= 0:
            continue
        if kind is FindingKind.UNDEFINED_NAME:
            known[key] = sys.maxsize  # once is enough
        harmless = dynamic or key[1] in deleted or (name, key[1]) in _INJECTED or (message.lineno, message.col) in soft
        found.append(_finding(path, message, kind, soft=harmless))
    return found


def _finding(path: str, message: Any, kind: FindingKind, *, soft: bool) -> Finding:
    name = _key(message)[1]
    fatal = (
        type(message).__name__ in {"UndefinedName", "UndefinedLocal"} and not soft and name not in _BUILTINS_ELSEWHERE
    )
    severity = Severity.FATAL if fatal else Severity.WARNING
    return Finding(kind, path, message.lineno, message.message % message.message_args, severity)


def _parsed(source: bytes) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return parse_python(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _messages(tree: ast.Module | None, path: str) -> list[Any]:
    """Messages in the order of lines."""
    if tree is None:
        return []
    from pyflakes.checker import Checker

    try:
        found = Checker(tree, filename=path, withDoctest=False).messages
    except RecursionError:
        return []
    package = PurePosixPath(path).name == "__init__.py"
    kept = [
        message
        for message in found
        if type(message).__name__ not in _NEVER_MEANT and not (package and type(message).__name__ == "UnusedImport")
    ]
    return sorted(kept, key=lambda message: (message.lineno, message.col, type(message).__name__))


def _key(message: Any) -> tuple[str, str]:
    """A message without the line numbers in it."""
    args = message.message_args
    first = args if isinstance(args, str) else next(iter(args), "")
    return type(message).__name__, str(first)


def _soft_places(tree: ast.Module) -> set[tuple[int, int]]:
    """Where a name that is undefined does no harm at run time: in annotations that are not evaluated."""
    postponed = any(
        isinstance(node, ast.ImportFrom)
        and node.module == "__future__"
        and any(alias.name == "annotations" for alias in node.names)
        for node in tree.body
    )
    places: set[tuple[int, int]] = set()
    for annotation in _annotations(tree):
        for node in ast.walk(annotation):
            if isinstance(node, ast.expr) and (postponed or isinstance(node, ast.Constant)):
                places.add((node.lineno, node.col_offset))
    return places


def _annotations(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
            yield node.annotation
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is not None:
            yield node.returns
