"""Where templates work: one statement of a file, with what the code around it offers as ingredients."""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from tools.mechanical.source import FUNCTIONS, Function, Source, bound_names, header_nodes

BUILTINS = frozenset(dir(builtins))
ATOMS = (ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.Constant, ast.List, ast.Dict, ast.Set, ast.JoinedStr)


@dataclass(frozen=True)
class Draft:
    """What a template proposes: a replacement of bytes.

    Attributes:
        start: first byte replaced.
        end: the byte after the last one replaced.
        text: the new text.
        weight: how good this draft is among those of its template, in (0, 1].
    """

    start: int
    end: int
    text: str
    weight: float = 1.0


class Site:
    """A statement without the statements inside it, and its surroundings.

    Attributes:
        source: the file.
        statement: the statement that is to be edited.
        nodes: its own nodes (for a compound statement: of the header), outermost first.
        function: the function around it, if any.
    """

    def __init__(self, source: Source, statement: ast.stmt) -> None:
        self.source = source
        self.statement = statement
        self.nodes = tuple(header_nodes(statement))
        self.function: Function | None = source.function(statement)

    def replace(self, node: ast.AST, text: str, weight: float = 1.0) -> Draft:
        """A draft that puts `text` in the place of `node`."""
        start, end = self.source.span(node)
        return Draft(start, end, text, weight)

    def text(self, node: ast.AST) -> str:
        """The source of `node`."""
        return self.source.text(node)

    def operand(self, node: ast.expr) -> str:
        """The source of `node`, in parentheses unless it is an atom: it may stand beside any operator."""
        text = self.text(node)
        return text if isinstance(node, ATOMS) else f"({text})"

    def before(self, *lines: str, weight: float = 1.0) -> Draft:
        """A draft that puts lines before the statement, with its indentation."""
        start, _ = self.source.span(self.statement)
        decorators = getattr(self.statement, "decorator_list", [])
        if decorators:
            start = self.source.line_start(decorators[0].lineno) + self.statement.col_offset
        indent = self.source.indentation(self.statement)
        return Draft(start, start, "".join(f"{line}\n{indent}" for line in lines), weight)

    @cached_property
    def enclosing(self) -> ast.AST:
        """The function around the statement, else the module."""
        return self.function or self.source.tree

    @cached_property
    def scope_nodes(self) -> tuple[ast.AST, ...]:
        """All nodes of the function around the statement (of the header alone outside of functions)."""
        return tuple(ast.walk(self.function)) if self.function else self.nodes

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """The parameters of the functions around the statement, innermost function first, without self and cls."""
        found: dict[str, None] = {}
        functions = [self.function, *(self.source.ancestors(self.function) if self.function else ())]
        if isinstance(self.statement, FUNCTIONS):
            functions.insert(0, self.statement)
        for function in functions:
            if isinstance(function, FUNCTIONS):
                found.update(dict.fromkeys(parameter_names(function)))
        return tuple(name for name in found if name not in ("self", "cls"))

    @cached_property
    def locals(self) -> tuple[str, ...]:
        """Parameters and names bound in the function before or at the statement."""
        found = dict.fromkeys(self.parameters)
        last = self.statement.end_lineno or self.statement.lineno
        for node in self.scope_nodes:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.lineno <= last:
                found[node.id] = None
        return tuple(found)

    @cached_property
    def loaded(self) -> tuple[str, ...]:
        """The local names, `self.x` attributes and other dotted names that the statement reads, in order."""
        found: dict[str, None] = {}
        called = {node.func for node in self.nodes if isinstance(node, ast.Call)}
        for node in sorted(self.nodes, key=lambda each: (getattr(each, "lineno", 0), getattr(each, "col_offset", 0))):
            named = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in self.locals
            if named or (isinstance(node, ast.Attribute) and is_dotted(node) and node not in called):
                found[self.text(node)] = None
        return tuple(found)

    @cached_property
    def globals(self) -> tuple[str, ...]:
        """Names bound at the top of the module, imports among them."""
        return tuple(dict.fromkeys(name for each in self.source.tree.body for name in bound_names(each)))

    @cached_property
    def attributes(self) -> Counter[str]:
        """How often each attribute name occurs in the class around the statement, or else in the module."""
        around = self.source.owner(self.statement) or self.source.tree
        return Counter(node.attr for node in ast.walk(around) if isinstance(node, ast.Attribute))

    @cached_property
    def conditions(self) -> tuple[str, ...]:
        """The tests of the conditions elsewhere in the function, nearest first, with the operands of and/or."""
        found: list[tuple[int, str]] = []
        for node in self.scope_nodes:
            test = getattr(node, "test", None)
            if isinstance(test, ast.expr) and node is not self.statement:
                parts = [test, *test.values] if isinstance(test, ast.BoolOp) else [test]
                parts += [part.operand for part in parts if isinstance(part, ast.UnaryOp)]
                found += [(abs(part.lineno - self.statement.lineno), self.text(part)) for part in parts]
        texts = [text for _, text in sorted(found, key=lambda each: each[0]) if "\n" not in text and len(text) < 80]
        return tuple(dict.fromkeys(texts))

    @cached_property
    def returned(self) -> tuple[str, ...]:
        """The values of the function's return statements, most frequent first."""
        values = [
            self.text(node.value)
            for node in self.scope_nodes
            if isinstance(node, ast.Return) and node.value is not None and self.source.function(node) is self.function
        ]
        short = [value for value in values if len(value) < 40 and "\n" not in value]
        return tuple(value for value, _ in Counter(short).most_common())

    def sibling(self, step: int) -> ast.stmt | None:
        """The statement `step` places after this one in the same block."""
        for _, block in ast.iter_fields(self.source.parents[self.statement]):
            if isinstance(block, list) and self.statement in block:
                place = block.index(self.statement) + step
                return block[place] if 0 <= place < len(block) else None
        return None


def parameter_names(function: Function) -> list[str]:
    """The names of all parameters, starred ones too."""
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [each.arg for each in [*every, *filter(None, (arguments.vararg, arguments.kwarg))]]


def is_dotted(node: ast.expr) -> bool:
    """Whether the node is a name or a chain of attributes of a name."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)
