"""Which language a file is in, and its syntax tree."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from functools import cache
from pathlib import PurePosixPath

from tree_sitter import Language, Node, Parser, Tree

# language -> (grammar module, function of the module, file suffixes)
_GRAMMARS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "python": ("tree_sitter_python", "language", (".py", ".pyi", ".pyw")),
    "javascript": ("tree_sitter_javascript", "language", (".js", ".jsx", ".mjs", ".cjs")),
    "typescript": ("tree_sitter_typescript", "language_typescript", (".ts", ".mts", ".cts")),
    "tsx": ("tree_sitter_typescript", "language_tsx", (".tsx",)),
    "go": ("tree_sitter_go", "language", (".go",)),
    "rust": ("tree_sitter_rust", "language", (".rs",)),
    "java": ("tree_sitter_java", "language", (".java",)),
    "c": ("tree_sitter_c", "language", (".c",)),
    "cpp": ("tree_sitter_cpp", "language", (".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".hxx")),
    "c_sharp": ("tree_sitter_c_sharp", "language", (".cs",)),
    "php": ("tree_sitter_php", "language_php", (".php",)),
    "ruby": ("tree_sitter_ruby", "language", (".rb",)),
}
_BY_SUFFIX = {suffix: name for name, (_, _, suffixes) in _GRAMMARS.items() for suffix in suffixes}


def language_of(path: str) -> str | None:
    """The language of a file by its suffix; None when there is no grammar for it."""
    return _BY_SUFFIX.get(PurePosixPath(path).suffix.lower())


@cache
def _grammar(language: str) -> Language:
    module, function, _ = _GRAMMARS[language]
    return Language(getattr(importlib.import_module(module), function)())


def parse(source: bytes, language: str) -> Tree:
    """The syntax tree of UTF-8 `source`; never fails, errors are nodes of the tree.

    Raises:
        KeyError: there is no grammar for `language`.
    """
    # a parser is not safe to share between threads, and costs microseconds
    return Parser(_grammar(language)).parse(source)


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, in source order, without recursion."""
    cursor = node.walk()
    while True:
        if cursor.node is not None:
            yield cursor.node
        if cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return
