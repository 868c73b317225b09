"""Ingredients from the same file: most fixes are made of code that is already there."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

from tools.mechanical.site import Draft, Site
from tools.mechanical.source import FUNCTIONS

MAX_BORROWED = 8
NOT_NAMED = 0.3
"""Weight of a name in the place of a constant, against one that is the name of the argument too."""
MAX_KEYWORDS = 8
MAX_NAMES = 5
LONGEST = 60
KINDS = (ast.Call, ast.Attribute, ast.Subscript, ast.BinOp, ast.Compare, ast.BoolOp, ast.Name)


def borrow(site: Site) -> Iterator[Draft]:
    """An expression of the same file in the place of one that starts or ends alike."""
    pool = _pool(site)
    for node in site.nodes:
        if not isinstance(node, KINDS) or isinstance(node, ast.Name) or not _is_value(site, node):
            continue
        own = site.text(node)
        rivals = [(text, _alike(own, text), near) for text, near in pool.items() if text != own]
        rivals = [each for each in rivals if each[1] > 0]
        rivals.sort(key=lambda each: (-each[1], each[2], each[0]))
        for rank, (text, alike, _) in enumerate(rivals[:MAX_BORROWED]):
            yield site.replace(node, text, alike * 0.85**rank)


def sibling_keyword(site: Site) -> Iterator[Draft]:
    """A keyword argument that other calls of the same function have, with the value it has there."""
    for node in site.nodes:
        if not isinstance(node, ast.Call):
            continue
        name = _called(node)
        given = {keyword.arg for keyword in node.keywords}
        found: Counter[str] = Counter()
        for other in site.source.nodes:
            if isinstance(other, ast.Call) and other is not node and _called(other) == name:
                found.update(site.text(each) for each in other.keywords if each.arg and each.arg not in given)
        every = [*(site.source.span(each)[1] for each in [*node.args, *node.keywords])]
        end = site.source.span(node)[1] - 1
        if len(node.args) == 1 and isinstance(node.args[0], ast.GeneratorExp):
            continue
        for rank, (text, _) in enumerate(sorted(found.items(), key=lambda each: (-each[1], each[0]))[:MAX_KEYWORDS]):
            if len(text) < LONGEST and "\n" not in text:
                at = max(every, default=end)
                yield Draft(at, at, f", {text}" if every else text, 0.85**rank)


def parametrise(site: Site) -> Iterator[Draft]:
    """A parameter or a local name in the place of a constant; likeliest one that a keyword argument is named after."""
    names = list(dict.fromkeys([*site.parameters, *reversed(site.locals)]))[: 2 * MAX_NAMES]
    for node in site.nodes:
        if not isinstance(node, ast.Constant) or isinstance(site.source.parents.get(node), ast.JoinedStr | ast.Expr):
            continue
        if isinstance(site.statement, FUNCTIONS):
            continue
        around = site.source.parents.get(node)
        named = around.arg if isinstance(around, ast.keyword) else None
        for rank, name in enumerate(names):
            yield site.replace(node, name, 1.0 if name == named else NOT_NAMED * 0.8**rank)


def assign_alike(site: Site) -> Iterator[Draft]:
    """After an assignment another one like it: of one of the function's parameters or attributes, or of a plain value.

    For `d = ...` an item of it, as in `d["name"] = None`; for `self.x = x` that of another parameter.
    """
    statement = site.statement
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return
    if not site.source.stands_alone(statement) or not site.function:
        return
    target, end = statement.targets[0], site.source.span(statement)[1]
    start = f"\n{site.source.indentation(statement)}"
    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
        for rank, name in enumerate(site.parameters[: 2 * MAX_NAMES]):
            if name != target.attr:
                yield Draft(end, end, f"{start}{target.value.id}.{name} = {name}", 0.8**rank)
        for rank, name in enumerate(_attributes(site, target.value.id)):
            for place, value in enumerate(("None", "False", "True", "0")):
                yield Draft(end, end, f"{start}{target.value.id}.{name} = {value}", 0.6 * 0.9**rank * 0.8**place)
    elif isinstance(target, ast.Name):
        for rank, key in enumerate(_keys(site)):
            for place, value in enumerate(("None", "False", "True")):
                yield Draft(end, end, f"{start}{target.id}[{key!r}] = {value}", 0.5 * 0.9**rank * 0.8**place)


def convert_under(site: Site) -> Iterator[Draft]:
    """A local name is converted before the statement, under a condition that the function's class or file uses."""
    statement = site.statement
    if not site.function or isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
        return
    if not site.source.stands_alone(statement) and not hasattr(statement, "body"):
        return
    start = site.source.span(statement)[0]
    if site.source.content[start : start + 4] == b"elif":
        return
    names = [name for name in site.loaded if "." not in name][:2]
    for rank, name in enumerate(names):
        for place, condition in enumerate(site.conditions[:4]):
            for form, weight in (("list({})", 1.0), ("str({})", 0.7), ("{}.copy()", 0.5), ("tuple({})", 0.4)):
                lines = f"if {condition}:", f"    {name} = {form.format(name)}"
                yield site.before(*lines, weight=weight * 0.6**rank * 0.8**place)


def hasattr_value(site: Site) -> Iterator[Draft]:
    """`getattr(x, "name", None)` for `hasattr(x, "name")` and the reverse: an attribute may be there and be None."""
    for node in site.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            text = ", ".join(site.text(each) for each in node.args)
            if node.func.id == "hasattr" and len(node.args) == 2:
                yield site.replace(node, f"getattr({text}, None)")
                yield site.replace(node, f"getattr({text}, None) is not None", 0.9)
            elif node.func.id == "getattr" and len(node.args) > 1:
                first = ", ".join(site.text(each) for each in node.args[:2])
                yield site.replace(node, f"hasattr({first})", 0.5)


def _pool(site: Site) -> dict[str, int]:
    """The short expressions of the file with how far they are, in lines; those of the same function are nearest."""
    found: dict[str, int] = {}
    own = set(site.scope_nodes) if site.function else set()
    for node in site.source.nodes:
        if isinstance(node, KINDS) and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
            text = site.text(node)
            if len(text) <= LONGEST and "\n" not in text:
                far = abs(node.lineno - site.statement.lineno) // (10 if node in own else 1)
                found[text] = min(found.get(text, far), far)
    return found


def _is_value(site: Site, node: ast.expr) -> bool:
    parent = site.source.parents.get(node)
    if isinstance(parent, ast.Attribute) or not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return False
    return not (isinstance(parent, ast.Call) and parent.func is node and isinstance(node, ast.Name))


def _alike(own: str, other: str) -> float:
    """How much of two texts is a common start or end, in [0, 1]; nothing below a third of the longer one."""
    shorter, longer = sorted((len(own), len(other)))
    start = next((place for place in range(shorter) if own[place] != other[place]), shorter)
    end = next((place for place in range(shorter - start) if own[-1 - place] != other[-1 - place]), shorter - start)
    share = (start + end) / max(longer, 1)
    return share if share >= 0.34 else 0.0


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _attributes(site: Site, owner: str) -> list[str]:
    around = site.source.owner(site.statement) or site.source.tree
    found = Counter(
        node.attr
        for node in ast.walk(around)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and site.text(node.value) == owner
    )
    return [name for name, _ in found.most_common(2 * MAX_NAMES)]


def _keys(site: Site) -> list[str]:
    """The names that may be keys of a dictionary of parameters: strings in the function, parameters of the class."""
    strings = [
        node.value for node in site.scope_nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    owner = site.source.owner(site.statement)
    init = next((each for each in owner.body if getattr(each, "name", "") == "__init__"), None) if owner else None
    names = []
    if isinstance(init, FUNCTIONS):
        names = [each.arg for each in [*init.args.args[1:], *init.args.kwonlyargs]]
    return [each for each in dict.fromkeys([*strings, *names]) if each.isidentifier()][:40]
