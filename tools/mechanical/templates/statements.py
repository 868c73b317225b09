"""Whole statements: deleted, moved, copied from nearby, returned, awaited."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tools.mechanical.site import Draft, Site
from tools.mechanical.source import FUNCTIONS

SIMPLE = (ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Raise, ast.Delete, ast.Assert, ast.Pass,
          ast.Continue, ast.Break)  # fmt: skip
NEARBY = 12
MAX_COPIES = 10


def delete(site: Site) -> Iterator[Draft]:
    """The statement goes; its block keeps a `pass` when it was alone there."""
    statement = site.statement
    if not isinstance(statement, (*SIMPLE, ast.If)) or _is_else_if(site) or not site.source.stands_alone(statement):
        return
    if _is_needed(site):
        return
    start, end = site.source.span(statement)
    if site.sibling(1) is None and site.sibling(-1) is None:
        yield Draft(start, end, "pass", 0.7)
    else:
        yield Draft(site.source.line_start(statement.lineno), site.source.line_start(_last(statement) + 1), "")


def _is_needed(site: Site) -> bool:
    """Whether a name that the statement alone binds is read after it."""
    statement = site.statement
    if not site.function or not isinstance(statement, ast.Assign | ast.AnnAssign):
        return False
    names = [node for node in site.scope_nodes if isinstance(node, ast.Name)]
    own = {node for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    bound_elsewhere = {node.id for node in names if isinstance(node.ctx, ast.Store) and node not in own}
    read = {node.id for node in names if isinstance(node.ctx, ast.Load) and node.lineno > _last(statement)}
    return any(node.id in read - bound_elsewhere - set(site.parameters) for node in own)


def missing_return(site: Site) -> Iterator[Draft]:
    """`return` or `await` before an expression that was only evaluated, or taken away."""
    statement = site.statement
    start = site.source.span(statement)[0]
    if isinstance(statement, ast.Expr) and site.function and not isinstance(statement.value, ast.Constant):
        yield Draft(start, start, "return ")
        yield Draft(start, start, "yield ", 0.3)
    if isinstance(statement, ast.Return) and statement.value is not None:
        yield Draft(start, site.source.span(statement.value)[0], "", 0.3)
    if isinstance(site.function, ast.AsyncFunctionDef):
        for node in site.nodes:
            if isinstance(node, ast.Call) and not isinstance(site.source.parents.get(node), ast.Await):
                yield site.replace(node, f"await {site.text(node)}")


def add_return(site: Site) -> Iterator[Draft]:
    """A `return` of a local name after the last statement of its block."""
    statement = site.statement
    if not site.function or site.sibling(1) is not None or isinstance(statement, ast.Return | ast.Raise):
        return
    if not isinstance(statement, SIMPLE) or not site.source.stands_alone(statement):
        return
    names = [*site.returned[:3], *reversed(site.locals[-5:]), "self", "True"]
    for rank, name in enumerate(dict.fromkeys(names)):
        yield _after(site, f"return {name}", 0.75**rank)
    if site.source.in_loop(statement):
        yield _after(site, "break", 0.5)
        yield _after(site, "continue", 0.5)


def swap_statements(site: Site) -> Iterator[Draft]:
    """The statement changes places with the one after it."""
    statement, following = site.statement, site.sibling(1)
    if following is None or not site.source.stands_alone(following) or _is_else_if(site):
        return
    if isinstance(statement, (*FUNCTIONS, ast.ClassDef)) or isinstance(following, (*FUNCTIONS, ast.ClassDef)):
        return
    if site.source.line_start(statement.lineno) == site.source.line_start(following.lineno):
        return
    (start, middle), (resume, end) = site.source.span(statement), site.source.span(following)
    between = site.source.content[middle:resume].decode()
    if "#" not in between:
        yield Draft(start, end, site.text(following) + between + site.text(statement))


def dedent(site: Site) -> Iterator[Draft]:
    """The last statement of a block moves out of it, behind it; or the statement after a block moves into it."""
    statement, source = site.statement, site.source
    parent = source.parents.get(statement)
    if not isinstance(statement, SIMPLE) or not source.stands_alone(statement) or statement.lineno != _last(statement):
        return
    start, end = source.line_start(statement.lineno), source.span(statement)[1]
    text = site.text(statement)
    within = isinstance(parent, ast.stmt) and not isinstance(parent, (*FUNCTIONS, ast.ClassDef))
    is_last = site.sibling(1) is None and site.sibling(-1) is not None
    if within and isinstance(parent, ast.stmt) and is_last and _last(parent) == _last(statement):
        yield Draft(start, end, source.indentation(parent) + text)
    earlier = site.sibling(-1)
    block = getattr(earlier, "orelse", None) or getattr(earlier, "body", None)
    if isinstance(block, list) and block and isinstance(block[-1], ast.stmt) and not isinstance(earlier, FUNCTIONS):
        yield Draft(start, end, source.indentation(block[-1]) + text)


def copy_nearby(site: Site) -> Iterator[Draft]:
    """A simple statement from the same function is repeated before this one."""
    if not site.function or isinstance(site.statement, (*FUNCTIONS, ast.ClassDef)) or _is_else_if(site):
        return
    if not site.source.stands_alone(site.statement) and not hasattr(site.statement, "body"):
        return
    here = site.statement.lineno
    others = [
        node
        for node in site.scope_nodes
        if isinstance(node, SIMPLE)
        and not isinstance(node, ast.Pass | ast.Continue | ast.Break)
        and node is not site.statement
        and node.lineno == node.end_lineno
        and abs(node.lineno - here) <= NEARBY
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    ]
    others.sort(key=lambda node: (abs(node.lineno - here), node.lineno))
    for rank, node in enumerate(others[:MAX_COPIES]):
        yield site.before(site.text(node), weight=0.8**rank)


def branch(site: Site) -> Iterator[Draft]:
    """`elif` for `if` and the reverse; `while` for `if` and the reverse."""
    statement = site.statement
    start = site.source.span(statement)[0]
    if isinstance(statement, ast.If):
        if _is_else_if(site):
            yield Draft(start, start + 4, "if")
        else:
            yield Draft(start, start + 2, "elif")
            yield Draft(start, start + 2, "while", 0.5)
    elif isinstance(statement, ast.While):
        yield Draft(start, start + 5, "if", 0.5)
    elif isinstance(statement, ast.Continue):
        yield site.replace(statement, "break")
    elif isinstance(statement, ast.Break):
        yield site.replace(statement, "continue")


def _after(site: Site, line: str, weight: float) -> Draft:
    end = site.source.span(site.statement)[1]
    return Draft(end, end, f"\n{site.source.indentation(site.statement)}{line}", weight)


def _last(statement: ast.stmt) -> int:
    return statement.end_lineno or statement.lineno


def _is_else_if(site: Site) -> bool:
    start = site.source.span(site.statement)[0]
    return isinstance(site.statement, ast.If) and site.source.content[start : start + 4] == b"elif"
