"""Calls: arguments swapped, missing, forwarded; values converted, or no longer."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

from tools.mechanical.site import BUILTINS, Draft, Site, parameter_names

CONVERSIONS = ("str({})", "list({})", "tuple({})", "int({})", "set({})", "sorted({})", "iter({})", "float({})",
               "dict({})", "bool({})", "abs({})", "repr({})", "len({})", "type({})", "next({})")  # fmt: skip
METHODS = ("strip", "copy", "lower", "items", "keys", "values", "rstrip", "lstrip", "decode", "encode", "split", "pop")
MAX_NAMES = 6
MAX_CONVERTERS = 10


def convert(site: Site) -> Iterator[Draft]:
    """A conversion around a value: `str(x)`, `list(x)`, `x.strip()`, `x.copy()` and the like."""
    for node, weight in _values(site):
        for rank, form in enumerate(CONVERSIONS):
            yield site.replace(node, form.format(site.text(node)), weight * 0.88**rank)
        for rank, method in enumerate(METHODS):
            yield site.replace(node, f"{site.operand(node)}.{method}()", weight * 0.85**rank)
        yield site.replace(node, f"({site.text(node)},)", weight * 0.5)
        yield site.replace(node, f"[{site.text(node)}]", weight * 0.5)


def local_convert(site: Site) -> Iterator[Draft]:
    """A call of a function of one argument that the module itself uses on other values."""
    names = [name for name in site.source.unary_calls if name not in BUILTINS][:MAX_CONVERTERS]
    for node, weight in _values(site):
        for rank, name in enumerate(names):
            yield site.replace(node, f"{name}({site.text(node)})", weight * 0.85**rank)


def unwrap(site: Site) -> Iterator[Draft]:
    """The argument in the place of the call, or the object in the place of its method's result."""
    for node in site.nodes:
        if isinstance(node, ast.Call):
            if len(node.args) == 1 and not isinstance(node.args[0], ast.Starred):
                yield site.replace(node, site.operand(node.args[0]))
            if isinstance(node.func, ast.Attribute):
                yield site.replace(node, site.text(node.func.value), 0.8)
            if not node.args and not node.keywords:
                yield site.replace(node, site.text(node.func), 0.8)
        elif isinstance(node, ast.IfExp):
            yield site.replace(node, site.operand(node.body))
            yield site.replace(node, site.operand(node.orelse))
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            yield site.replace(node, site.text(node.value), 0.5)


def call_it(site: Site) -> Iterator[Draft]:
    """A missing call: `x.f()` for `x.f`."""
    for node in site.nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            parent = site.source.parents.get(node)
            if not isinstance(parent, ast.Attribute) and not (isinstance(parent, ast.Call) and parent.func is node):
                yield site.replace(node, f"{site.text(node)}()")


def swap_arguments(site: Site) -> Iterator[Draft]:
    """Two neighbouring arguments change places."""
    for node in site.nodes:
        if isinstance(node, ast.Call | ast.Tuple | ast.List):
            values = node.args if isinstance(node, ast.Call) else node.elts
            for left, right in itertools.pairwise(values):
                (start, middle), (resume, end) = site.source.span(left), site.source.span(right)
                between = site.source.content[middle:resume].decode()
                yield Draft(start, end, site.text(right) + between + site.text(left))


def drop_argument(site: Site) -> Iterator[Draft]:
    """One argument, element or star less."""
    for node in site.nodes:
        if isinstance(node, ast.Call):
            every: list[ast.AST] = sorted([*node.args, *node.keywords], key=site.source.span)
        elif isinstance(node, ast.Tuple | ast.List | ast.Set):
            every = list(node.elts)
        else:
            continue
        for place, value in enumerate(every):
            start, end = site.source.span(value)
            if place + 1 < len(every):
                end = site.source.span(every[place + 1])[0]
            elif place:
                start = site.source.span(every[place - 1])[1]
            yield Draft(start, end, "")


def add_argument(site: Site) -> Iterator[Draft]:
    """One argument more: a name in reach, or a plain constant."""
    for node in site.nodes:
        if isinstance(node, ast.Call):
            names = [name for name in site.locals if name not in {site.text(each) for each in node.args}]
            ranked = list(dict.fromkeys([*site.parameters, *names]))[:MAX_NAMES]
            for rank, text in enumerate([*ranked, "None", "1", "True", "False", "''"]):
                if not any(isinstance(each, ast.Starred) for each in node.args):
                    yield from _insert(site, node, text, 0.8**rank)


def forward_keyword(site: Site) -> Iterator[Draft]:
    """`name=name` (or `**kwargs`) passed on to a call, from what the function itself was given."""
    for node in site.nodes:
        if not isinstance(node, ast.Call):
            continue
        given = {keyword.arg for keyword in node.keywords}
        accepted = _accepted(site, node)
        for rank, name in enumerate(site.locals[: 2 * MAX_NAMES]):
            if name in given:
                continue
            keyword = f"**{name}" if name in ("kwargs", "kwds", "kw", "options") else f"{name}={name}"
            fits = 1.0 if name in accepted or keyword.startswith("**") else 0.5
            yield from _insert(site, node, keyword, fits * 0.85**rank, last=True)
        for rank, name in enumerate(_attributes(site)):
            if name not in given:
                yield from _insert(site, node, f"{name}=self.{name}", 0.5 * 0.8**rank, last=True)
        for rank, name in enumerate(sorted(accepted - given)):
            for value in ("True", "False", "None"):
                yield from _insert(site, node, f"{name}={value}", 0.6 * 0.85**rank, last=True)


def star(site: Site) -> Iterator[Draft]:
    """An argument spread with a star, or no longer."""
    for node in site.nodes:
        if isinstance(node, ast.Call):
            for argument in node.args:
                if isinstance(argument, ast.Starred):
                    yield site.replace(argument, site.text(argument.value))
                else:
                    yield site.replace(argument, f"*{site.operand(argument)}")


def _values(site: Site) -> Iterator[tuple[ast.expr, float]]:
    """The expressions that may want a conversion, with a weight by their place."""
    for node in site.nodes:
        if isinstance(node, ast.Call):
            yield from ((each, 1.0) for each in node.args if not isinstance(each, ast.Starred))
            yield from ((each.value, 0.8) for each in node.keywords)
            if isinstance(node.func, ast.Attribute):
                yield node.func.value, 0.5
        elif isinstance(node, ast.Assign | ast.Return | ast.AnnAssign | ast.AugAssign) and node.value is not None:
            yield node.value, 1.0
        elif isinstance(node, ast.For | ast.comprehension):
            yield node.iter, 1.0
        elif isinstance(node, ast.Compare):
            yield from ((each, 0.8) for each in [node.left, *node.comparators])
        elif isinstance(node, ast.BinOp):
            yield from ((each, 0.6) for each in (node.left, node.right))
        elif isinstance(node, ast.Subscript):
            if not isinstance(node.slice, ast.Slice):
                yield node.slice, 0.5
        elif isinstance(node, ast.FormattedValue | ast.Starred):
            continue


def _insert(site: Site, call: ast.Call, text: str, weight: float, *, last: bool = False) -> Iterator[Draft]:
    every = sorted([site.source.span(each) for each in [*call.args, *call.keywords]])
    end = site.source.span(call)[1]
    if not every:
        yield Draft(end - 1, end - 1, text, weight)
        return
    generator = len(call.args) == 1 and isinstance(call.args[0], ast.GeneratorExp)
    if generator and every[0][1] >= end:
        return
    positional = [site.source.span(each)[1] for each in call.args]
    position = max(positional) if positional and call.keywords and not last else every[-1][1]
    yield Draft(position, position, f", {text}", weight)
    if not last and positional:
        start = site.source.span(call.args[0])[0]
        yield Draft(start, start, f"{text}, ", weight * 0.4)


def _accepted(site: Site, call: ast.Call) -> set[str]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    function = site.source.functions.get(name)
    return set(parameter_names(function)) - {"self", "cls"} if function else set()


def _attributes(site: Site) -> list[str]:
    owner = site.source.owner(site.statement)
    init = next((each for each in owner.body if getattr(each, "name", "") == "__init__"), None) if owner else None
    return (
        [name for name in parameter_names(init) if name != "self"][:MAX_NAMES]
        if isinstance(init, ast.FunctionDef)
        else []
    )
