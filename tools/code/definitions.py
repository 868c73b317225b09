"""The definitions of a file: functions, methods, classes, with their qualified names and line ranges."""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import Node

from tools.code.languages import language_of, parse

_CALLABLE = {
    "function_definition",
    "function_declaration",
    "function_item",
    "generator_function_declaration",
    "method_definition",
    "method_declaration",
    "method",
    "singleton_method",
    "constructor_declaration",
    "local_function_statement",
}
_CONTAINER = {
    "class_definition",
    "class_declaration",
    "abstract_class_declaration",
    "class_specifier",
    "struct_specifier",
    "struct_item",
    "struct_declaration",
    "enum_item",
    "enum_declaration",
    "enum_specifier",
    "interface_declaration",
    "trait_item",
    "trait_declaration",
    "impl_item",
    "mod_item",
    "module",
    "internal_module",
    "namespace_definition",
    "namespace_declaration",
    "record_declaration",
    "type_spec",
    "class",
}
_WRAPPERS = {"decorated_definition", "export_statement", "template_declaration"}
_SIGNATURE_LIMIT = 200


@dataclass(frozen=True)
class Definition:
    """One function, method, class or the like.

    Attributes:
        name: qualified by what encloses it, joined with dots (`Class.method`).
        kind: "function" or "class" (anything that holds other definitions).
        start: first line, 1-based, decorators included.
        line: the line of the definition itself, below its decorators.
        end: last line, inclusive.
        depth: how many definitions enclose it.
        signature: the header, on one line.
    """

    name: str
    kind: str
    start: int
    line: int
    end: int
    depth: int
    signature: str

    @property
    def short_name(self) -> str:
        """The last part of the qualified name."""
        return self.name.rpartition(".")[2]


def definitions(path: str, source: bytes) -> tuple[Definition, ...]:
    """All definitions of a file in source order; empty when the language is not known.

    Args:
        path: tells the language.
        source: the content as UTF-8.
    """
    language = language_of(path)
    if language is None:
        return ()
    found: list[Definition] = []
    pending: list[tuple[Node, tuple[str, ...]]] = [(parse(source, language).root_node, ())]
    while pending:
        node, outer = pending.pop()
        target = _value_of_arrow_function(node) or node
        name = _name(node) if node.is_named and (target.type in _CALLABLE | _CONTAINER or target is not node) else ""
        if (name and target.child_by_field_name("body") is not None) or (name and node.type == "type_spec"):
            found.append(_definition(node, target, (*outer, name), len(outer)))
            outer = (*outer, name)
        pending.extend((child, outer) for child in reversed(node.named_children))
    return tuple(found)


def definition_at(path: str, source: bytes, line: int) -> Definition | None:
    """The innermost definition that holds a line (1-based), or None at the top level."""
    holding = [item for item in definitions(path, source) if item.start <= line <= item.end]
    return max(holding, key=lambda item: (item.depth, item.start), default=None)


def _definition(node: Node, target: Node, names: tuple[str, ...], depth: int) -> Definition:
    outermost = node
    while outermost.parent is not None and outermost.parent.type in _WRAPPERS:
        outermost = outermost.parent
    body = target.child_by_field_name("body")
    header = (node.text or b"")[: body.start_byte - node.start_byte if body is not None else None]
    signature = " ".join(header.decode("utf-8", "replace").split()).rstrip("{ ")
    if len(signature) > _SIGNATURE_LIMIT:
        signature = signature[:_SIGNATURE_LIMIT] + "…"
    # a grammar may end a block at column 0 of the next line
    end_row = node.end_point.row - (1 if node.end_point.column == 0 else 0)
    return Definition(
        name=".".join(names),
        kind="class" if target.type in _CONTAINER else "function",
        start=outermost.start_point.row + 1,
        line=node.start_point.row + 1,
        end=max(end_row, node.start_point.row) + 1,
        depth=depth,
        signature=signature,
    )


def _value_of_arrow_function(node: Node) -> Node | None:
    if node.type not in {"variable_declarator", "public_field_definition", "field_definition"}:
        return None
    value = node.child_by_field_name("value")
    return value if value is not None and value.type in {"arrow_function", "function_expression"} else None


def _name(node: Node) -> str:
    named = node.child_by_field_name("name") or node.child_by_field_name("property")
    if named is None and node.type == "impl_item":
        named = node.child_by_field_name("type")
    declarator = node.child_by_field_name("declarator")
    while named is None and declarator is not None:  # C: the name sits below pointer and function declarators
        inner = declarator.child_by_field_name("declarator")
        named = declarator if inner is None else None
        declarator = inner
    text = (named.text or b"").decode("utf-8", "replace") if named is not None else ""
    receiver = node.child_by_field_name("receiver")
    if receiver is not None:  # Go: func (s *Server) Close() is Server.Close
        kind = (receiver.text or b"").decode("utf-8", "replace").strip("() ").split()
        return f"{kind[-1].lstrip('*')}.{text}" if kind else text
    return text.replace("::", ".")
