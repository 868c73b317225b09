"""Missing guards: early exits, fallbacks, and lookups that may fail."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tools.mechanical.site import Draft, Site
from tools.mechanical.source import FUNCTIONS

MAX_NAMES = 5
ITSELF = "<the name that is tested>"
SIMPLE = (ast.Name, ast.Attribute, ast.Subscript, ast.Call)


def early_exit(site: Site) -> Iterator[Draft]:
    """`if x is None: return ...` (or continue) before the statement, for the names that it reads."""
    statement = site.statement
    if isinstance(statement, (*FUNCTIONS, ast.ClassDef, ast.Import, ast.ImportFrom)) or not site.function:
        return
    if not site.source.stands_alone(statement) and not hasattr(statement, "body"):
        return
    if _is_else_if(site):
        return
    exits = list(_exits(site))
    names = list(dict.fromkeys([*site.loaded, *site.parameters]))[:MAX_NAMES]
    for rank, name in enumerate(names):
        for form, first in (("not {}", 1.0), ("{} is None", 0.9), ("{}", 0.3)):
            for leave, second in exits:
                lines = f"if {form.format(name)}:", f"    {leave.replace(ITSELF, name)}"
                yield site.before(*lines, weight=first * second * 0.7**rank)
    for rank, condition in enumerate(site.conditions[:4]):
        for leave, second in exits[:3]:
            if ITSELF not in leave:
                yield site.before(f"if {condition}:", f"    {leave}", weight=0.3 * second * 0.7**rank)


def fallback(site: Site) -> Iterator[Draft]:
    """`x or default` where a value is used that may be None or empty."""
    for node in site.nodes:
        for value, defaults, weight in _may_be_none(node):
            if isinstance(value, SIMPLE) and isinstance(getattr(value, "ctx", ast.Load()), ast.Load):
                for rank, default in enumerate(defaults):
                    bare = isinstance(node, ast.Call | ast.For | ast.Return | ast.Assign | ast.comprehension)
                    text = f"{site.text(value)} or {default}"
                    yield site.replace(value, text if bare else f"({text})", weight * 0.7**rank)


def initialise(site: Site) -> Iterator[Draft]:
    """A first value for a local name that later statements bind only sometimes, before the statement."""
    statement = site.statement
    if not site.function or isinstance(statement, (*FUNCTIONS, ast.ClassDef)) or _is_else_if(site):
        return
    if not site.source.stands_alone(statement) and not hasattr(statement, "body"):
        return
    bound = [node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    for rank, name in enumerate(dict.fromkeys(bound)):
        for place, value in enumerate(("None", "[]", "()", "{}", "0", "''", "False")):
            yield site.before(f"{name} = {value}", weight=0.7**rank * 0.8**place)


def soft_lookup(site: Site) -> Iterator[Draft]:
    """`d[k]` for `d.get(k)` and the reverse; defaults for get, pop, getattr and next."""
    for node in site.nodes:
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and not isinstance(node.slice, ast.Slice):
            for rank, default in enumerate(("", ", None", ", []", ", ''", ", ()", ", 0", ", {}", ", False")):
                if default != ", None":
                    text = f"{site.operand(node.value)}.get({site.text(node.slice)}{default})"
                    yield site.replace(node, text, 0.7**rank)
        elif isinstance(node, ast.Call) and not node.keywords:
            yield from _call_defaults(site, node)


def normalise(site: Site) -> Iterator[Draft]:
    """`x = list(x)`, `x = x or []` and the like before the statement, for a local name that it reads."""
    statement = site.statement
    if not site.function or isinstance(statement, (*FUNCTIONS, ast.ClassDef)) or _is_else_if(site):
        return
    if not site.source.stands_alone(statement) and not hasattr(statement, "body"):
        return
    forms = (
        "list({0})",
        "str({0})",
        "iter({0})",
        "tuple({0})",
        "{0}.copy()",
        "{0}.strip()",
        "{0}.lower()",
        "dict({0})",
    )
    absent = (("None", "[]"), ("None", "{}"), ("None", "()"), ("None", "''"))
    for rank, name in enumerate([name for name in site.loaded if "." not in name][:3]):
        for place, form in enumerate(forms):
            yield site.before(f"{name} = {form.format(name)}", weight=0.6**rank * 0.9**place)
        for place, (nothing, default) in enumerate(absent):
            lines = f"if {name} is {nothing}:", f"    {name} = {default}"
            yield site.before(*lines, weight=0.8 * 0.6**rank * 0.8**place)


def _exits(site: Site) -> Iterator[tuple[str, float]]:
    if site.source.in_loop(site.statement):
        yield "continue", 0.9
        yield "break", 0.4
    common = site.returned[:3]
    for rank, value in enumerate(common):
        yield f"return {value}", 0.8 * 0.7**rank
    yield "return", 0.9 if not common else 0.4
    for rank, value in enumerate((ITSELF, "None", "False", "True", "''", "[]", "{}", "0")):
        if value not in common:
            yield f"return {value}", (0.7 if common else 0.4) * 0.8**rank


def _may_be_none(node: ast.AST) -> Iterator[tuple[ast.expr, tuple[str, ...], float]]:
    if isinstance(node, ast.For | ast.comprehension):
        yield node.iter, ("()", "[]", "{}"), 1.0
    elif isinstance(node, ast.Call):
        for argument in node.args:
            yield argument, ("''", "[]", "{}", "0", "()"), 0.6
        for keyword in node.keywords:
            yield keyword.value, ("''", "[]", "{}", "0", "()"), 0.4
    elif isinstance(node, ast.BinOp):
        yield node.left, ("''", "0", "[]"), 0.6
        yield node.right, ("''", "0", "[]"), 0.6
    elif isinstance(node, ast.Assign | ast.Return) and node.value is not None:
        yield node.value, ("''", "[]", "{}", "0", "None"), 0.7
    elif isinstance(node, ast.Attribute | ast.Subscript):
        yield node.value, ("''", "{}", "[]"), 0.4
    elif isinstance(node, ast.Compare):
        yield from ((each, ("()", "''", "0"), 0.4) for each in [node.left, *node.comparators])


def _call_defaults(site: Site, node: ast.Call) -> Iterator[Draft]:
    function, arguments = node.func, node.args
    text = ", ".join(site.text(argument) for argument in arguments)
    if isinstance(function, ast.Attribute) and function.attr in ("get", "pop", "setdefault") and arguments:
        if function.attr == "get":
            subscript = f"{site.operand(function.value)}[{site.text(arguments[0])}]"
            yield site.replace(node, subscript)
        if len(arguments) == 1:
            for rank, default in enumerate(("None", "''", "[]", "()", "{}", "0", "False", "True")):
                if function.attr != "get" or default != "None":
                    yield site.replace(node, f"{site.text(function)}({text}, {default})", 0.8 * 0.7**rank)
    elif isinstance(function, ast.Name):
        missing = (function.id == "getattr" and len(arguments) == 2) or (function.id == "next" and len(arguments) == 1)
        for rank, default in enumerate(("None", "''", "False", "()", "0") if missing else ()):
            yield site.replace(node, f"{function.id}({text}, {default})", 0.7**rank)


def _is_else_if(site: Site) -> bool:
    """Whether the statement is the `if` of an `elif`, before which nothing can stand."""
    start = site.source.span(site.statement)[0]
    return isinstance(site.statement, ast.If) and site.source.content[start : start + 4] == b"elif"
