"""Names: another variable, attribute, method or function of a kind that fits."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from difflib import SequenceMatcher

from tools.mechanical.site import BUILTINS, Draft, Site, is_dotted
from tools.mechanical.source import FUNCTIONS

MAX_NAMES = 8

# Functions and methods that are taken for one another.
FAMILIES = (
    ("min", "max"),
    ("any", "all"),
    ("int", "float", "str", "bool", "complex"),
    ("list", "tuple", "set", "frozenset", "sorted", "iter", "dict"),
    ("isinstance", "issubclass"),
    ("range", "enumerate", "reversed"),
    ("str", "repr", "ascii"),
    ("type", "id"),
    ("getattr", "hasattr"),
    ("ceil", "floor", "round", "trunc"),
    ("strip", "lstrip", "rstrip"),
    ("startswith", "endswith"),
    ("append", "extend", "insert", "add", "appendleft", "extendleft"),
    ("update", "setdefault", "add"),
    ("remove", "discard", "pop", "popleft", "clear"),
    ("items", "keys", "values"),
    ("find", "rfind", "index", "rindex"),
    ("split", "rsplit", "splitlines", "partition"),
    ("partition", "rpartition"),
    ("search", "match", "fullmatch"),
    ("finditer", "findall"),
    ("lower", "upper", "casefold", "title", "capitalize"),
    ("isdigit", "isdecimal", "isnumeric", "isalnum", "isalpha"),
    ("encode", "decode"),
    ("read", "readline", "readlines"),
    ("union", "intersection", "difference", "symmetric_difference"),
    ("issubset", "issuperset"),
    ("copy", "deepcopy"),
    ("sub", "subn"),
    ("get", "pop"),
    ("exists", "isfile", "isdir"),
    ("group", "groups", "groupdict"),
    ("start", "end", "span"),
    ("days", "seconds", "total_seconds"),
)


def family(site: Site) -> Iterator[Draft]:
    """A function or method for another one that is commonly taken for it."""
    for node in site.nodes:
        name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        if not name or not isinstance(getattr(node, "ctx", None), ast.Load):
            continue
        others = [other for group in FAMILIES if name in group for other in group if other != name]
        _, end = site.source.span(node)
        for other in dict.fromkeys(others):
            yield Draft(end - len(name.encode()), end, other)


def variable(site: Site) -> Iterator[Draft]:
    """Another local variable or parameter; a similar name before a different one."""
    for node in site.nodes:
        if isinstance(node, ast.Name) and not _is_called(site, node) and node.id in site.locals:
            for name, weight in _similar(node.id, site.locals):
                stored = isinstance(node.ctx, ast.Store)
                yield site.replace(node, name, weight * (0.3 if stored else 1.0))


def attribute(site: Site) -> Iterator[Draft]:
    """Another attribute of those that the class uses."""
    for node in site.nodes:
        if isinstance(node, ast.Attribute):
            _, end = site.source.span(node)
            rivals = [name for name, _ in site.attributes.most_common(200)]
            if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
                rivals += _members(site)
            for name, weight in _similar(node.attr, rivals, floor=0.34):
                yield Draft(end - len(node.attr.encode()), end, name, weight)


def function_name(site: Site) -> Iterator[Draft]:
    """Another global function, class or constant with a similar name."""
    for node in site.nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in site.locals:
            for name, weight in _similar(node.id, site.globals, floor=0.4):
                yield site.replace(node, name, weight)


def qualify(site: Site) -> Iterator[Draft]:
    """`self.x` for `x` and the reverse; an attribute of a value for the value, and the reverse."""
    method = isinstance(site.function, FUNCTIONS) and site.source.owner(site.statement) is not None
    members = set(_members(site)) if method else set()
    for node in site.nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and method and node.id in members:
            yield site.replace(node, f"self.{node.id}")
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            if node.attr in site.locals:
                yield site.replace(node, node.attr)
            if is_dotted(node.value) and not _is_called(site, node) and not isinstance(node.value, ast.Name):
                yield site.replace(node, site.text(node.value), 0.7)
            elif not _is_called(site, node) and isinstance(node.value, ast.Name) and node.value.id in site.locals:
                yield site.replace(node, node.value.id, 0.7)
    for node in site.nodes:
        if isinstance(node, ast.Name) and node.id in site.locals and isinstance(node.ctx, ast.Load):
            used = [
                each.attr
                for each in site.scope_nodes
                if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name) and each.value.id == node.id
            ]
            for rank, name in enumerate(dict.fromkeys(used)):
                if rank < MAX_NAMES:
                    yield site.replace(node, f"{node.id}.{name}", 0.5 * 0.8**rank)


def _members(site: Site) -> list[str]:
    owner = site.source.owner(site.statement)
    if owner is None:
        return []
    found = [node.name for node in owner.body if isinstance(node, FUNCTIONS)]
    found += [
        node.attr
        for node in ast.walk(owner)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
    ]
    return list(dict.fromkeys(found))


def _similar(name: str, names: tuple[str, ...] | list[str], floor: float = 0.0) -> list[tuple[str, float]]:
    """The names most like `name` with weights; the similarity is that of the letters, in order."""
    scored = []
    for other in dict.fromkeys(names):
        if other != name and other not in BUILTINS:
            ratio = SequenceMatcher(None, name, other, autojunk=False).ratio()
            if ratio >= floor:
                scored.append((other, 0.25 + 0.75 * ratio))
    scored.sort(key=lambda each: (-each[1], each[0]))
    return scored[:MAX_NAMES]


def _is_called(site: Site, node: ast.expr) -> bool:
    parent = site.source.parents.get(node)
    return isinstance(parent, ast.Call) and parent.func is node
