"""The names that definitions give, as one writes them: `Class.method`, without template arguments and pointers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_NAME = 200
_IDENTIFIER = re.compile(r"[A-Za-z_$~]\w*")
_SEPARATOR = re.compile(r"::|\\")
_ARGUMENTS = re.compile(r"<[^<>]*+>")
_CONVERSION = re.compile(r"(\boperator\s+[^(]+?)\s*\(.*", re.S)


def name_of(node: Node) -> str:
    """The name a definition gives, on one line; empty for none and for unpacking assignments."""
    name = _name(node)
    return name if len(name) <= MAX_NAME and "\n" not in name else ""


def _name(node: Node) -> str:
    kind = node.type
    if kind == "assignment":
        left = node.child_by_field_name("left")
        return text_of(left) if left is not None and left.type in {"identifier", "constant"} else ""
    if kind == "impl_item":
        return _implementing(text_of(node.child_by_field_name("type")))
    named = node.child_by_field_name("name") or node.child_by_field_name("property")
    if kind == "method_declaration" and (receiver := node.child_by_field_name("receiver")) is not None:
        owner = _IDENTIFIER.findall(text_of(receiver).partition("[")[0])
        return f"{owner[-1]}.{text_of(named)}" if owner else text_of(named)
    if kind in _UNNAMED:
        return _UNNAMED[kind] + text_of(node.child_by_field_name(_SAYING.get(kind, "")))
    if named is None and (declarator := node.child_by_field_name("declarator")) is not None:
        return _declared(declarator)
    if named is None and kind == "property_element":
        named = node.named_children[0] if node.named_children else None
    return _written(text_of(named)).lstrip("$")


_UNNAMED = {
    "destructor_declaration": "~",
    "indexer_declaration": "this",
    "operator_declaration": "operator ",
    "conversion_operator_declaration": "operator ",
}
_SAYING = {
    "destructor_declaration": "name",
    "operator_declaration": "operator",
    "conversion_operator_declaration": "type",
}


def text_of(node: Node | None) -> str:
    """The source of a node; empty for none."""
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""


def _implementing(text: str) -> str:
    """The name of the type of an `impl`: `Vec` of `&mut a::Vec<T>`."""
    names = _IDENTIFIER.findall(text.partition("<")[0])
    return names[-1] if names else ""


def _declared(node: Node) -> str:
    """The name inside a C declarator: pointers, references and parameters peeled off."""
    while node.type != "operator_cast" and (inner := node.child_by_field_name("declarator")) is not None:
        node = inner
    if node.type == "operator_cast":
        return "operator " + " ".join(text_of(node.child_by_field_name("type")).split())
    if node.type in {"reference_declarator", "parenthesized_declarator"} and node.named_children:
        return _declared(node.named_children[-1])
    return _written(text_of(node))


def _written(text: str) -> str:
    if "operator" in text:
        text = _CONVERSION.sub(r"\1", text)
    elif "<" in text:
        while (shorter := _ARGUMENTS.sub("", text)) != text:
            text = shorter
    return _SEPARATOR.sub(".", text)
