"""Syntax errors that a change brings in, and only those."""

from __future__ import annotations

import re
import sys
import warnings
from collections import Counter

from tree_sitter import Node

from tools.checks.model import Finding, FindingKind, Severity
from tools.code.languages import language_of, parse, walk
from tools.text import BinaryFile, readable

# grammars without a preprocessor see errors in code that is right
_PREPROCESSED = {"c", "cpp", "c_sharp"}
# syntax of later Pythons, by the oldest that has it
_NEWER_NODES = {"type_alias_statement": (3, 12), "type_parameter": (3, 12)}
_NEWER_MESSAGES = (
    ((3, 12), re.compile(r"^f-string: |^unterminated string literal|f-string expression part")),
    ((3, 14), re.compile(r"^multiple exception types must be parenthesized|'(return|break|continue)' in a 'finally'")),
)


def new_syntax_errors(path: str, before: bytes | None, after: bytes) -> list[Finding]:
    """The syntax errors of `after` that `before` does not have; at most one is told.

    Python is compiled by the running interpreter. Where that fails for a reason of versions (the file was Python 2
    already, or uses syntax of a later Python), and for all other languages, error nodes of the syntax tree are
    counted instead.

    Args:
        path: tells the language.
        before: the old content; None when the file is new.
        after: the new content.
    """
    language = language_of(path)
    if language is None:
        return []
    if language == "python" and (before is None or compile_error(before) is None):
        error = compile_error(after)
        if error is None or _newer_python(error, after):
            return []
        return [_finding(path, error.lineno or 0, error.msg or "invalid syntax", Severity.FATAL)]
    errors = _error_nodes(after, language)
    known = Counter(_key(node) for node in _error_nodes(before or b"", language))
    if len(errors) <= known.total():
        return []
    fresh = next((node for node in errors if not known[_key(node)]), errors[0])
    severity = Severity.WARNING if language in _PREPROCESSED else Severity.FATAL
    return [_finding(path, fresh.start_point.row + 1, _describe(fresh), severity)]


def compile_error(source: bytes) -> SyntaxError | None:
    """Why the running Python cannot compile `source`; None when it can, or is too small a machine to say."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source, "<change>", "exec", dont_inherit=True)
    except SyntaxError as error:
        return error
    except ValueError as error:  # NUL bytes
        return SyntaxError(str(error))
    except (RecursionError, MemoryError, OverflowError):
        return None
    return None


def _newer_python(error: SyntaxError, source: bytes) -> bool:
    """Whether the error is only that the running Python is too old for the syntax."""
    nodes = list(walk(parse(source, "python").root_node))
    if any(node.is_error or node.is_missing for node in nodes):
        return False
    running = sys.version_info[:2]
    if any(running < _NEWER_NODES.get(node.type, (0, 0)) for node in nodes):
        return True
    return any(running < version and message.search(error.msg or "") for version, message in _NEWER_MESSAGES)


def _error_nodes(source: bytes, language: str) -> list[Node]:
    try:
        text = readable(source)
    except BinaryFile:
        return []
    root = parse(text.encode(), language).root_node
    if not root.has_error:
        return []
    return [node for node in walk(root) if node.is_error or node.is_missing]


def _key(node: Node) -> tuple[str, bytes]:
    return node.type, (node.text or b"")[:200]


def _describe(node: Node) -> str:
    if node.is_missing:
        return f"missing {node.type}"
    text = (node.text or b"").decode("utf-8", "replace").strip().split("\n")[0][:60]
    return f"invalid syntax near `{text}`" if text else "invalid syntax"


def _finding(path: str, line: int, message: str, severity: Severity) -> Finding:
    return Finding(FindingKind.SYNTAX_ERROR, path, line, message, severity)
