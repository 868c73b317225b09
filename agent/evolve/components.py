"""The components of a design: its functions, which can be put in the place of another's of the same name."""

from __future__ import annotations

import ast
import builtins
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agent.evolve.parameters import DECLARATION
from tools.syntax import parse_python

ENTRY = "solve"
_BUILTINS = frozenset(dir(builtins))


@dataclass(frozen=True)
class Component:
    """A function of a design.

    Attributes:
        name: its name.
        inner: whether it lies in `solve` rather than at the top of the module.
        signature: its parameters and whether it is a coroutine; only equal ones can be exchanged.
        text: its lines, as at the top of a module.
        first: of its lines, from 1.
        last: of its lines.
        needs: names it uses that are not its own.
    """

    name: str
    inner: bool
    signature: str
    text: str
    first: int
    last: int
    needs: frozenset[str]


def components(code: str) -> Mapping[str, Component]:
    """The functions of a design by name, those right in `solve` and those at its top; `solve` itself is none."""
    tree = parse_python(code)
    lines = code.splitlines()
    found: dict[str, Component] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inner = [each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
            for each, within in ((node, False), *((each, True) for each in inner)):
                if each.name != ENTRY and (not within or node.name == ENTRY):
                    found[each.name] = _component(each, within, lines)
    return found


def transplanted(code: str, name: str, donor: str) -> str | None:
    """The design with the function `name` as `donor` has it, and what of the donor's module that needs.

    None when it does not fit: another signature or place, or it uses what `solve` of this design does not have.
    """
    mine, theirs = components(code).get(name), components(donor).get(name)
    if mine is None or theirs is None or mine.text == theirs.text:
        return None
    if (mine.inner, mine.signature) != (theirs.inner, theirs.signature):
        return None
    brought = _brought(code, donor, theirs, mine)
    if brought is None:
        return None
    lines = code.splitlines()
    text = textwrap.indent(theirs.text, "    ") if theirs.inner else theirs.text
    lines[mine.first - 1 : mine.last] = text.splitlines()
    made = "\n".join(lines) + "\n"
    for text, is_import in brought:
        made = _inserted(made, text, after_imports=not is_import)
    return made


def _brought(code: str, donor: str, theirs: Component, mine: Component) -> list[tuple[str, bool]] | None:
    """Statements of the donor's top that the function needs and the recipient lacks; None when something is nowhere."""
    here, there = parse_python(code), parse_python(donor)
    known = _top(here).keys() | _BUILTINS | (_inside(here) if mine.inner else frozenset()) | {mine.name}
    own = _inside(there) if theirs.inner else frozenset()
    tops = _top(there)
    wanted, found = sorted(theirs.needs), []
    while wanted:
        name = wanted.pop()
        if name in known:
            continue
        if name in own or name not in tops:
            return None
        node = tops[name]
        known |= {name}
        found.append((ast.get_source_segment(donor, node) or "", isinstance(node, ast.Import | ast.ImportFrom)))
        if not isinstance(node, ast.Import | ast.ImportFrom):
            wanted += sorted(_loaded(node))
    return found[::-1]


def _inserted(code: str, text: str, *, after_imports: bool) -> str:
    """The module with a statement after its docstring and imports, or among the latter."""
    tree = parse_python(code)
    last = 0
    for node in tree.body:
        heading = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not heading and not isinstance(node, ast.Import | ast.ImportFrom):
            break
        last = node.end_lineno or last
    lines = code.splitlines()
    lines[last:last] = ["", text] if after_imports else [text]
    return "\n".join(lines) + "\n"


def _component(node: ast.FunctionDef | ast.AsyncFunctionDef, inner: bool, lines: list[str]) -> Component:
    first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
    last = node.end_lineno or node.lineno
    kind = "async " if isinstance(node, ast.AsyncFunctionDef) else ""
    names = ", ".join(each.arg for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs))
    text = textwrap.dedent("\n".join(lines[first - 1 : last]))
    return Component(node.name, inner, f"{kind}({names})", text, first, last, frozenset(_loaded(node)))


def _loaded(node: ast.AST) -> set[str]:
    """Names that a piece of code reads and does not bind itself, annotations included."""
    names = [each for each in ast.walk(node) if isinstance(each, ast.Name)]
    free = {name for each in ast.walk(node) if isinstance(each, ast.Nonlocal | ast.Global) for name in each.names}
    bound = {each.id for each in names if not isinstance(each.ctx, ast.Load)}
    bound |= {each.arg for each in ast.walk(node) if isinstance(each, ast.arg)}
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    bound |= {each.name for each in ast.walk(node) if isinstance(each, kinds)}
    bound |= {each.name for each in ast.walk(node) if isinstance(each, ast.ExceptHandler) and each.name}
    return ({each.id for each in names} - bound) | free


def _top(tree: ast.Module) -> dict[str, ast.stmt]:
    """The statements at the top of a module by the names they make, the table of parameters left out."""
    found: dict[str, ast.stmt] = {}
    for node in tree.body:
        for name in _made(node):
            if name not in (DECLARATION, ENTRY):
                found[name] = node
    return found


def _made(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield from ((alias.asname or alias.name).partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        yield from (each.id for each in targets if isinstance(each, ast.Name))


def _inside(tree: ast.Module) -> frozenset[str]:
    """The names of `solve` itself."""
    for node in tree.body:
        if isinstance(node, ast.AsyncFunctionDef) and node.name == ENTRY:
            found = {each.arg for each in node.args.args}
            for each in node.body:
                if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
                    found.add(each.name)
                else:
                    stores = (name for name in ast.walk(each) if isinstance(name, ast.Name))
                    found |= {name.id for name in stores if isinstance(name.ctx, ast.Store)}
            return frozenset(found)
    return frozenset()
