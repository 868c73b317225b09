"""What a small edit brought in, replaced by constants: tests that still pass then say nothing for the edit.

`if name in known or name:` may pass all tests for no other reason than that it is always true. Where `if True:` passes
them too, they do not need what the edit says. Overfitted patches are mostly of this kind: conditions that always or
never hold, values that nobody looks at (Tan et al., 2016, "Anti-patterns in search-based program repair"; the test by
mutation is that of DeMillo et al., 1978, asked of the patch alone).
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator

from tools.mechanical.mutation import Mutation, apply
from tools.mechanical.site import Site
from tools.mechanical.source import Source
from tools.syntax import parse_python

UNFIT = (ast.Constant, ast.Starred, ast.Slice)
TRUTHS = ("True", "False")
VALUES = ("None", "True", "False")
MOST = 15


def knockouts(before: Source, after: Source) -> list[tuple[Source, Mutation]]:
    """Edits that put a constant in the place of what is new in `after`, or of an expression around that.

    Where a statement was added there are also such edits of the statement behind it, in `before`: what an added
    statement mends, a constant may mend as well. None gives either program. There are none where the change is in more
    places than one or takes code away.
    """
    changed = _changed(before.tree, after.tree)
    if changed is None:
        return []
    parts = [(after, *each) for each in _parts(after, changed)]
    behind = _behind(before, after, changed)
    if behind is not None:
        parts += [(before, *each) for each in _parts(before, behind)]
    found: dict[str, tuple[Source, Mutation]] = {}
    for source, node, constants in parts:
        for constant in constants:
            edit = Mutation(source.path, *source.span(node), constant.encode(), "constant", node.lineno, 1.0, 1.0)
            form = _form(apply(source.content, edit)) if len(found) < MOST else ""
            if form and form not in (ast.dump(before.tree), ast.dump(after.tree)):
                found.setdefault(form, (source, edit))
    return list(found.values())


def _behind(before: Source, after: Source, added: ast.AST) -> ast.stmt | None:
    """The statement of `before` that stands behind a statement that only `after` has."""
    new = sum(isinstance(each, ast.stmt) for each in ast.walk(added))
    if not isinstance(added, ast.stmt) or len(after.statements) - len(before.statements) != new:
        return None
    following = Site(after, added).sibling(1)
    wanted = ast.dump(following) if following is not None else ""
    alike = [each for each in before.statements if following is not None and ast.dump(each) == wanted]
    return min(alike, key=lambda each: abs(each.lineno - added.lineno), default=None)


def _form(content: bytes) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.dump(parse_python(content.decode("utf-8").removeprefix("\ufeff")))
        except (SyntaxError, ValueError, RecursionError):
            return ""


def _changed(old: ast.AST, new: ast.AST) -> ast.AST | None:
    """The smallest node of `new` that holds all that differs; None when something went or nothing differs."""
    if type(old) is not type(new):
        return new
    places: list[ast.AST | None] = []
    for field in new._fields:
        ours, theirs = getattr(old, field, None), getattr(new, field, None)
        if isinstance(ours, list) and isinstance(theirs, list):
            places += _changed_in(ours, theirs, new)
        elif isinstance(ours, ast.AST) and isinstance(theirs, ast.AST):
            if ast.dump(ours) != ast.dump(theirs):
                places.append(_changed(ours, theirs))
        elif ours != theirs:
            places.append(theirs if isinstance(theirs, ast.AST) else new)
    if len(places) == 1:
        return places[0]
    return new if places and isinstance(new, ast.expr) else None


def _changed_in(old: list[ast.AST], new: list[ast.AST], parent: ast.AST) -> list[ast.AST | None]:
    """Where two lists of nodes differ: an element that was changed or added; `parent` or None for all else."""
    ours, theirs = ([ast.dump(each) if isinstance(each, ast.AST) else each for each in side] for side in (old, new))
    if ours == theirs:
        return []
    start = 0
    while start < min(len(ours), len(theirs)) and ours[start] == theirs[start]:
        start += 1
    end = 0
    while end < min(len(ours), len(theirs)) - start and ours[-1 - end] == theirs[-1 - end]:
        end += 1
    gone, come = old[start : len(old) - end], new[start : len(new) - end]
    if len(come) != 1 or not isinstance(come[0], ast.AST):
        return [parent if isinstance(parent, ast.expr) else None]
    if not gone:
        return [come[0]]
    return [_changed(gone[0], come[0]) if len(gone) == 1 else None]


def _parts(source: Source, node: ast.AST) -> Iterator[tuple[ast.expr, tuple[str, ...]]]:
    """The expressions that make a changed node what it is, innermost first, with the constants to try in their place.

    A constant in the place of another one says nothing; in that of what is computed with it, it does.
    """
    part: ast.AST | None = node.value if isinstance(node, ast.keyword) else node
    if isinstance(node, ast.stmt):
        part = getattr(node, "test", None) or getattr(node, "value", None)
    while part is not None and not isinstance(part, ast.stmt):
        if isinstance(part, ast.expr) and not isinstance(part, UNFIT) and _is_read(source, part):
            yield part, TRUTHS if _is_condition(source, part) else VALUES
        part = source.parents.get(part)


def _is_read(source: Source, node: ast.expr) -> bool:
    formatted = any(isinstance(around, ast.JoinedStr) for around in source.ancestors(node))
    return isinstance(getattr(node, "ctx", ast.Load()), ast.Load) and not formatted


def _is_condition(source: Source, node: ast.expr) -> bool:
    parent = source.parents.get(node)
    if isinstance(parent, ast.BoolOp) or (isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.Not)):
        return True
    return getattr(parent, "test", None) is node or (isinstance(parent, ast.comprehension) and node in parent.ifs)
