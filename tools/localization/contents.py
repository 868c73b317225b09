"""Where code and definitions are that stand in no body: properties, values of variables, blocks of calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.localization.naming import text_of

if TYPE_CHECKING:
    from tree_sitter import Node

_FUNCTIONS = {"func_literal", "lambda_expression", "anonymous_method_expression"}
_NAMING = {"simple_symbol", "string"}


def kind_of_variable(node: Node) -> str:
    """`method` for a property that computes, `function` for a variable that is a function, else `variable`."""
    if node.type == "property_declaration":
        accessors = node.child_by_field_name("accessors")
        parts = accessors.named_children if accessors is not None else [node]
        value = node.child_by_field_name("value")
        computes = any(part.child_by_field_name("body") is not None for part in parts)
        return "method" if computes or (value is not None and value.type == "arrow_expression_clause") else "variable"
    last = node.children[-1] if node.children else None
    if last is not None and last.type == "expression_list":
        last = last.children[0]
    return "function" if last is not None and last.type in _FUNCTIONS else "variable"


def held_by_variable(node: Node) -> list[Node]:
    """The bodies of classes without a name that a variable or a constant of an enumeration holds."""
    value = node.child_by_field_name("value") or node.child_by_field_name("right")
    if value is None:
        body = node.child_by_field_name("body")
        return [body] if body is not None else []
    if value.type == "object_creation_expression":
        return [child for child in value.children if child.type == "class_body"]
    return held_by_call(value) if value.type == "call" else []


def held_by_call(node: Node) -> list[Node]:
    """What a call of Ruby holds definitions in: its arguments (`private def a`) and the body of its block."""
    arguments, block = node.child_by_field_name("arguments"), node.child_by_field_name("block")
    held = [arguments] if arguments is not None and any(part.type == "method" for part in arguments.children) else []
    body = block.child_by_field_name("body") if block is not None else None
    return [*held, body] if body is not None else held


def first_argument(node: Node) -> str:
    """The first argument of a call if it is a symbol or a string of Ruby, else nothing."""
    arguments = node.child_by_field_name("arguments")
    first = next(iter(arguments.named_children), None) if arguments is not None else None
    return text_of(first).strip(":'\"") if first is not None and first.type in _NAMING else ""
