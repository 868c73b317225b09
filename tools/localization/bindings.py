"""What JavaScript and TypeScript bind to names without declaring it: functions, classes and objects as values.

Variables, class fields, members of objects, assignments to members and exports, and what is handed to a call
(`memo(function X() {})`, `defineComponent({...})`). Wrappers round a whole module are looked into.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from tools.localization.naming import text_of

if TYPE_CHECKING:
    from tree_sitter import Node

SCRIPTS = frozenset({"javascript", "typescript", "tsx"})
_FUNCTIONS = {"arrow_function", "function_expression", "generator_function"}
_KEYS = {
    "variable_declarator": "name",
    "field_definition": "property",
    "public_field_definition": "name",
    "pair": "key",
}
BINDING = _FUNCTIONS | _KEYS.keys() | {"assignment_expression", "call_expression", "object"}
_WRAPPERS = {
    "parenthesized_expression",
    "as_expression",
    "satisfies_expression",
    "non_null_expression",
    "type_assertion",
    "await_expression",
}
_LITERALS = {"object", "array", "string", "template_string", "number", "regex", "true", "false"}
_ITERATING = {"map", "filter", "reduce", "some", "every", "find", "sort", "then", "flatMap", "forEach", "from"}
_MODULE_CALLS = {"define", "require", "requirejs"}
_TESTING = {"describe", "it", "test", "suite", "context", "specify", "before", "after", "beforeEach", "afterEach"}
_TESTING |= {"beforeAll", "afterAll", "jest", "vi", "QUnit", "cy", "expect"}
_CHOICES = {"binary_expression", "ternary_expression"}
MAX_NAME = 60
MAX_DEPTH = 8
_HOLDS_FUNCTIONS = re.compile(rb"=>|\bfunction\b|\)\s*[:{]")
_WORD = re.compile(r"\w+")
_DOTTED = re.compile(r"[\w$]+(?:\.#?[\w$]+)*")
_EXPORTED = re.compile(r"^(?:module\.)?exports\b\.?|^(?:this|window|self|globalThis)\.")


class Bound(NamedTuple):
    """Something bound to a name.

    Attributes:
        kind: of definition; empty when there is none but for what is inside.
        name: within its owner; the name of the owner of what is inside, where that is all.
        inside: what to look into, if anything; of a class its body.
        lines: the node whose lines count, if not the whole.
    """

    kind: str
    name: str
    inside: Node | None = None
    lines: Node | None = None


def bound(node: Node, *, owned: bool) -> Iterator[Bound]:
    """What a node of a type in `BINDING` binds; functions of an owner are methods."""
    kind = node.type
    if kind == "call_expression":
        yield from _called(node)
    elif kind == "object":
        yield from _objects(node, "")
    elif kind in _FUNCTIONS:
        yield Bound("function", _own_name(node) or "default")
    elif kind == "assignment_expression":
        yield from _assigned(node)
    else:
        name = _key(node.child_by_field_name(_KEYS[kind]))
        value = node.child_by_field_name("value")
        plain = "" if kind == "pair" else "variable"
        if name:
            yield from _valued(name, value, plain, "method" if owned and kind != "variable_declarator" else "function")


def _assigned(node: Node) -> Iterator[Bound]:
    left, value = node.child_by_field_name("left"), _value(node.child_by_field_name("right"))
    written = text_of(left)
    if left is None or value is None or not _DOTTED.fullmatch(written):
        if value is not None and (name := _own_name(value)):
            yield Bound("function", name)
        return
    name = ".".join(part for part in _EXPORTED.sub("", written).split(".") if part not in {"prototype", "default"})
    plain = "variable" if "exports." in written and value.type in _LITERALS else ""
    own = name or _own_name(value)
    if not own and value.type == "object":
        yield from _objects(value, "")
    elif not name and (inside := _kind(value))[0] == "module":
        yield Bound("", "", inside[1])
    elif own or value.type not in _LITERALS:
        yield from _valued(own or "exports", value, plain, "method" if "." in own else "function")


def _valued(name: str, value: Node | None, plain: str, callable_kind: str) -> Iterator[Bound]:
    """What a name is with such a value; `plain` when it is no function, class or object of functions."""
    kind, inside = _kind(_value(value))
    if kind == "function":
        yield Bound(callable_kind, name)
    elif kind:
        yield Bound(plain if kind == "object" else kind, name, inside)
    elif plain:
        yield Bound(plain, name)


def _kind(value: Node | None, depth: int = MAX_DEPTH) -> tuple[str, Node | None]:
    """Whether a value is a `function`, a `class`, a `module` or an `object` of functions, and what to look into."""
    kind = value.type if value is not None else ""
    if value is None or not depth or kind in {"identifier", "string", "number", "member_expression"}:
        return "", None
    if kind in _FUNCTIONS:
        return "function", None
    if kind == "class":
        return "class", value.child_by_field_name("body")
    if kind == "object":
        return ("object", value) if _HOLDS_FUNCTIONS.search(value.text or b"") else ("", None)
    if kind == "array":
        return _kind_of_array(value)
    if kind in {"call_expression", "new_expression"}:
        return _kind_of_call(value, depth - 1)
    if kind in _CHOICES:
        found = (_kind(_value(child), depth - 1) for child in value.named_children)
        return next((some for some in found if some[0]), ("", None))
    return "", None


def _kind_of_array(value: Node) -> tuple[str, Node | None]:
    """An array that holds a function is called through its name, as a list of transformers or an injected function."""
    holds = _HOLDS_FUNCTIONS.search(value.text or b"") and any(item.type in _FUNCTIONS for item in value.named_children)
    return ("function", None) if holds else ("", None)


def _kind_of_call(value: Node, depth: int) -> tuple[str, Node | None]:
    called = _value(value.child_by_field_name("function") or value.child_by_field_name("constructor"))
    if called is None:
        return "", None
    if called.type in _FUNCTIONS:
        body = called.child_by_field_name("body")
        inner = body.named_children if body is not None else []
        return ("module", body) if any(map(_is_module_part, inner)) else ("function", None)
    if called.type == "member_expression":
        host, member = called.child_by_field_name("object"), text_of(called.child_by_field_name("property"))
        if host is None or host.type != "identifier" or member in _ITERATING:
            return "", None
    found = [_kind(argument, depth) for argument in _arguments(value)]
    return next((some for wanted in ("function", "object", "class") for some in found if some[0] == wanted), ("", None))


def _is_module_part(statement: Node) -> bool:
    """Whether a function that holds such a statement is run for the functions it holds or returns."""
    returned = statement.named_children[:1] if statement.type == "return_statement" else []
    return statement.type == "function_declaration" or (bool(returned) and _kind(returned[0])[0] == "object")


def _called(node: Node) -> Iterator[Bound]:
    """What a call that is a statement or a default export binds, and the calls before it in a chain."""
    exported = node.parent is not None and node.parent.type == "export_statement"
    link: Node | None = node
    while link is not None and link.type == "call_expression":
        called = _value(link.child_by_field_name("function"))
        if called is not None and called.type == "identifier" and text_of(called) in _TESTING:
            return
        host = _value(called.child_by_field_name("object")) if called and called.type == "member_expression" else None
        if called is not None:
            yield from _handed(called, host, _arguments(link), exported=exported and link == node)
        link = host


def _handed(called: Node, host: Node | None, arguments: list[Node], *, exported: bool) -> Iterator[Bound]:
    wrapper = host if host is not None and host.type in _FUNCTIONS else called
    if wrapper.type in _FUNCTIONS or (called.type == "identifier" and text_of(called) in _MODULE_CALLS):
        for function in (wrapper, *arguments):
            if function.type in _FUNCTIONS:
                yield Bound("", "", function.child_by_field_name("body"))
            elif function.type == "object":
                yield from _objects(function, "")
        return
    base = called if host is None else host
    known = text_of(base) if base.type == "identifier" else ""
    if known in _TESTING:
        return
    owner, said = _said(arguments)
    handed = ".".join(filter(None, (owner or (known if host is not None else ""), said)))
    if exported:
        owner, handed = "", "default"
    for argument in arguments:
        if name := _own_name(argument) or (handed if _kind(argument)[0] == "function" else ""):
            yield Bound("function", name, None, argument)
        elif argument.type == "object":
            yield from _objects(argument, ".".join(filter(None, (owner, said))) if owner else "")


def _said(arguments: list[Node]) -> tuple[str, str]:
    """What a call is told to extend and the name it is told, as in `define(Foo.prototype, 'bar', ...)`."""
    first = text_of(arguments[0]) if arguments and arguments[0].type in {"identifier", "member_expression"} else ""
    owner = first.removesuffix(".prototype") if _DOTTED.fullmatch(first) else ""
    strings = [argument for argument in arguments[:2] if argument.type == "string"]
    said = _WORD.findall(text_of(strings[0])[:MAX_NAME]) if strings else []
    return owner, "_".join(said)


def _objects(node: Node, owner: str) -> Iterator[Bound]:
    if _kind(node)[0]:
        yield Bound("", owner, node)


def _arguments(call: Node) -> list[Node]:
    given = call.child_by_field_name("arguments")
    found = given.named_children if given is not None and given.type == "arguments" else []
    return [value for argument in found if (value := _value(argument)) is not None]


def _value(node: Node | None) -> Node | None:
    """The value without parentheses, casts and further assignments round it."""
    while node is not None and (node.type in _WRAPPERS or node.type == "assignment_expression"):
        if node.type == "assignment_expression":
            node = node.child_by_field_name("right")
        else:
            inner = node.named_children
            node = next((child for child in inner[:: -1 if node.type == "type_assertion" else 1]), None)
    return node


def _own_name(node: Node, depth: int = MAX_DEPTH) -> str:
    """The name a function expression gives itself, also one that is chosen or wrapped."""
    if depth and (node.type in _CHOICES or node.type == "call_expression"):
        parts = _arguments(node) if node.type == "call_expression" else node.named_children
        return next((name for part in parts if (name := _own_name(_value(part) or part, depth - 1))), "")
    return text_of(node.child_by_field_name("name")) if node.type in {*_FUNCTIONS, "class"} else ""


def _key(node: Node | None) -> str:
    text = text_of(node).strip("'\"")
    return text if _DOTTED.fullmatch(text.lstrip("#")) else ""
