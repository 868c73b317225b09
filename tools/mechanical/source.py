"""A Python file as templates see it: the tree, its parents, the bytes of each node and the names in reach."""

from __future__ import annotations

import ast
import io
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property

from tools.mechanical.mutation import Mutation, apply
from tools.syntax import parse_python

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Function = ast.FunctionDef | ast.AsyncFunctionDef
LOOPS = (ast.For, ast.AsyncFor, ast.While)
BOM = b"\xef\xbb\xbf"
UTF8 = ("utf-8", "utf-8-sig")


class Source:
    """A parsed module.

    Args:
        path: relative to the repository's root.
        content: the file, in the encoding that it declares.

    Attributes:
        content: the file as UTF-8, whatever its encoding: the columns of syntax trees are those of UTF-8.

    Raises:
        SyntaxError: the content is not Python that this interpreter reads.
        ValueError: it is not in the encoding that it declares, or holds null bytes.
    """

    def __init__(self, path: str, content: bytes) -> None:
        self.path = path
        self._encoding = tokenize.detect_encoding(io.BytesIO(content).readline)[0]
        self.content = content = self._as_utf8(content)
        self.tree = parse_python(content.decode("utf-8").removeprefix("\ufeff"))
        shift = len(BOM) if content.startswith(BOM) else 0
        self._starts = [shift]
        offset = 0
        for line in content.splitlines(keepends=True):
            offset += len(line)
            self._starts.append(offset)
        self.parents: dict[ast.AST, ast.AST] = {
            child: parent for parent in ast.walk(self.tree) for child in ast.iter_child_nodes(parent)
        }

    def _as_utf8(self, content: bytes) -> bytes:
        if self._encoding in UTF8:
            content.decode("utf-8")
            return content
        try:
            text = content.decode(self._encoding)
            same = text.encode(self._encoding) == content
        except LookupError as error:  # a codec that is none of text
            raise ValueError(f"{self._encoding} is no encoding of text") from error
        if not same:
            raise ValueError(f"the file cannot be written back in {self._encoding}")
        return text.encode("utf-8")

    def edited(self, mutation: Mutation) -> bytes | None:
        """The file with an edit of its `content` made, in its own encoding; None when that lacks a character of it."""
        edited = apply(self.content, mutation)
        if self._encoding in UTF8:
            return edited
        try:
            return edited.decode("utf-8").encode(self._encoding)
        except UnicodeEncodeError:
            return None

    def offset(self, line: int, column: int) -> int:
        """The byte offset of a 1-based line and a 0-based UTF-8 column."""
        return self._starts[line - 1] + column

    def span(self, node: ast.AST) -> tuple[int, int]:
        """The bytes of a node that has a position: start, end."""
        assert isinstance(node, ast.expr | ast.stmt | ast.keyword | ast.arg | ast.excepthandler | ast.alias)
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.offset(node.lineno, node.col_offset), self.offset(node.end_lineno, node.end_col_offset)

    def text(self, node: ast.AST) -> str:
        """The source of a node."""
        start, end = self.span(node)
        return self.content[start:end].decode("utf-8")

    def line_start(self, line: int) -> int:
        """The byte offset at which a 1-based line starts; one past the last line is the end of the file."""
        return self._starts[min(line, len(self._starts)) - 1]

    def indentation(self, node: ast.stmt) -> str:
        """The white space before a statement; empty when something else stands before it on its line."""
        before = self.content[self.line_start(node.lineno) : self.span(node)[0]].decode("utf-8")
        return before if not before.strip() else ""

    def stands_alone(self, node: ast.stmt) -> bool:
        """Whether the statement has its lines for itself: nothing before it, no `;` and no other statement after it."""
        start, end = self.span(node)
        before = self.content[self.line_start(node.lineno) : start]
        after = self.content[end : self.line_start((node.end_lineno or node.lineno) + 1)].strip()
        return not before.strip() and (not after or after.startswith(b"#"))

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around `node`, innermost first."""
        while node in self.parents:
            node = self.parents[node]
            yield node

    def function(self, node: ast.AST) -> Function | None:
        """The innermost function around `node`."""
        return next((each for each in self.ancestors(node) if isinstance(each, FUNCTIONS)), None)

    def owner(self, node: ast.AST) -> ast.ClassDef | None:
        """The innermost class around `node`."""
        return next((each for each in self.ancestors(node) if isinstance(each, ast.ClassDef)), None)

    def in_loop(self, node: ast.AST) -> bool:
        """Whether `continue` may stand in the place of `node`."""
        for each in self.ancestors(node):
            if isinstance(each, LOOPS):
                return True
            if isinstance(each, (*FUNCTIONS, ast.ClassDef, ast.Lambda)):
                return False
        return False

    @cached_property
    def statements(self) -> tuple[ast.stmt, ...]:
        """All statements, by position."""
        found = [node for node in ast.walk(self.tree) if isinstance(node, ast.stmt)]
        return tuple(sorted(found, key=lambda node: (node.lineno, node.col_offset)))

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All nodes of the module."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def unary_calls(self) -> tuple[str, ...]:
        """The dotted names of what is called with one argument, most frequent first."""
        calls = (
            node for node in self.nodes if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords
        )
        names = (self.text(call.func) for call in calls if isinstance(call.func, ast.Name | ast.Attribute))
        return _by_frequency(name for name in names if len(name) < 30 and name.replace(".", "").isidentifier())

    @cached_property
    def tested_types(self) -> tuple[str, ...]:
        """What `isinstance` is asked for, most frequent first."""
        found: list[str] = []
        for node in self.nodes:
            if isinstance(node, ast.Call) and len(node.args) == 2 and self.text(node.func) == "isinstance":
                kinds = node.args[1].elts if isinstance(node.args[1], ast.Tuple) else [node.args[1]]
                found += [self.text(kind) for kind in kinds]
        return _by_frequency(found)

    @cached_property
    def exception_names(self) -> tuple[str, ...]:
        """The names that look like exceptions, most frequent first."""
        names = (node.id for node in self.nodes if isinstance(node, ast.Name))
        return _by_frequency(name for name in names if name.endswith(("Error", "Exception")))

    @cached_property
    def definitions(self) -> dict[str, ast.stmt]:
        """Names bound at the top of the module or of a class -> the statement that binds them (the last one)."""
        found: dict[str, ast.stmt] = {}
        bodies = [self.tree.body, *(node.body for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef))]
        for body in bodies:
            for statement in body:
                for name in bound_names(statement):
                    found[name] = statement
        return found

    @cached_property
    def functions(self) -> dict[str, Function]:
        """All functions and methods of the file by bare name; of several with one name, the last."""
        return {node.name: node for node in ast.walk(self.tree) if isinstance(node, FUNCTIONS)}


def _by_frequency(names: Iterable[str]) -> tuple[str, ...]:
    counts = Counter(names)
    return tuple(sorted(counts, key=lambda name: (-counts[name], name)))


def bound_names(statement: ast.stmt) -> list[str]:
    """The names that a statement binds in its own scope."""
    if isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
        return [statement.name]
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name).split(".")[0] for alias in statement.names]
    return [node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]


def header_nodes(statement: ast.stmt) -> Iterator[ast.AST]:
    """The nodes of a statement without the statements that it contains, outermost first, left to right."""
    queue: list[ast.AST] = [statement]
    while queue:
        node = queue.pop(0)
        yield node
        queue += [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.stmt)]
