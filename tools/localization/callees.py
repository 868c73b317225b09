"""What functions call and use, and where the repository defines it: a cause is often one call away.

Types are not known. In Python a name is what the function's file defines or imports, a method of `self` one of its
class or of the bases, and any other method the only one of that name in the files at hand; in other languages a call
goes to the nearest function of its name, but a call on an object only to one of the file, or to the only one anywhere
when its name is of more than one word: `fetch` and `update` are methods of everything.
"""

from __future__ import annotations

import ast
import builtins
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.localization.index import Index, Place
from tools.localization.languages import language_of
from tools.localization.lexis import split_source, text_fields
from tools.localization.modules import Modules
from tools.localization.tags import Tags
from tools.syntax import parse_definition

if TYPE_CHECKING:
    from tools.localization.localizer import RankedFunction

MAX_DEFINERS = 3
"""A method that more classes of the same file define says nothing of which is called."""
MAX_BASES = 4
SHORTEST = 4
"""Letters of a variable that is worth a look: shorter ones, and loggers, are everywhere."""
OF_ONE = 6
"""Callees of one function."""
_CALL = re.compile(r"(?P<of>[\w)\]]\s*(?:->|::|[&?]?\.)\s*)?(?<!\w)(?P<name>[^\W\d]\w{3,})(?=\s*\()")
_ITSELF = re.compile(r"\b(?:self|this|super|Self)\s*(?:->|::|[&?]?\.)\s*$")
_COMPOUND = re.compile(r"[^\W_]_+[^\W_]|[a-z\d][A-Z]")
_KNOWN = frozenset(name for known in (builtins, str, bytes, list, dict, set) for name in dir(known)) | {"logger"}


@dataclass(frozen=True)
class Callee:
    """A definition, and the function that calls or uses it."""

    path: str
    name: str
    kind: str
    start: int
    end: int
    user: str


def callees(modules: Modules, functions: Sequence[RankedFunction], near: Collection[str], limit: int) -> list[Callee]:
    """Functions, classes and module-level names that `functions` use, in their order, at most `limit`.

    Args:
        modules: of the index that `functions` are of.
        functions: what they are themselves is left out.
        near: paths of the files in which a method is looked for whose class is not known.
        limit: of the number.
    """
    resolver = _Resolver(modules, frozenset(near))
    texts = modules.index.read([modules.index.by_path[function.path].number for function in functions])
    taken = {(function.path, function.name) for function in functions}
    found: list[Callee] = []
    for function in functions:
        text = texts.get(modules.index.by_path[function.path].number, "")
        lines = text.split("\n")[function.start - 1 : function.end]
        mine = 0
        for place in resolver.used(function, "\n".join(lines)):
            definition = place.definition
            key = place.path, definition.name
            if key not in taken and mine < OF_ONE:
                taken.add(key)
                mine += 1
                found.append(Callee(*key, definition.kind, definition.start, definition.end, function.name))
    return found[:limit]


class _Resolver:
    def __init__(self, modules: Modules, near: frozenset[str]) -> None:
        self._modules = modules
        self._index: Index = modules.index
        self._near = near
        self._tags: dict[int, Tags] = {}
        self._imported: dict[str, dict[str, list[tuple[list[int], str]]]] = {}

    def used(self, function: RankedFunction, text: str) -> Iterator[Place]:
        """What the text of a function uses, in its order."""
        try:
            tree = parse_definition(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            tree = None
        if tree is None or not function.path.endswith(".py"):
            language = language_of(function.path)
            code, _, _ = text_fields(split_source(text, language.style if language else "plain"))
            for name, on_object in dict.fromkeys(_calls(code)):
                yield from self._nearest(function, name, on_object=on_object)
            return
        yield from self._python(function, tree)

    def _python(self, function: RankedFunction, tree: ast.Module) -> Iterator[Place]:
        path, owner = function.path, function.name.rpartition(".")[0]
        inside = [node for statement in _body(tree) for node in ast.walk(statement)]
        nodes = [node for node in inside if isinstance(node, ast.Name | ast.Attribute)]
        nodes.sort(key=lambda node: (node.end_lineno or 0, node.end_col_offset or 0))
        called = {id(node.func) for node in inside if isinstance(node, ast.Call)}
        bound, imported = _bound(tree), self._imports(path)
        for node in nodes:
            if isinstance(node, ast.Name):
                if node.id not in bound | _KNOWN:
                    yield from self._global(path, node.id)
                continue
            of = node.value.id if isinstance(node.value, ast.Name) else ""
            if of in {"self", "cls"}:
                yield from self._own(path, owner, node.attr)
            elif of not in bound and of in imported:
                yield from self._inside(path, of, node.attr)
            elif id(node) in called:
                yield from self._method(function, node.attr)

    def _of(self, number: int) -> Tags:
        if number not in self._tags:
            self._tags[number] = self._index.tags([number])[number]
        return self._tags[number]

    def _defined(self, numbers: Iterable[int], name: str) -> list[Place]:
        return [
            Place(self._index.files[number].path, definition)
            for number in numbers
            for definition in self._of(number).definitions
            if definition.name == name
        ]

    def _imports(self, path: str) -> dict[str, list[tuple[list[int], str]]]:
        """Names that a file imports: the files they are of, and what they are called there ("" for a module)."""
        if path in self._imported:
            return self._imported[path]
        found = self._imported[path] = {}
        number = self._index.by_path[path].number
        for item in self._of(number).imports:
            foreign = not item.level and item.module.partition(".")[0] in sys.stdlib_module_names
            files = [] if foreign else self._modules.imported(number, item)
            name = item.alias or item.name or item.module.partition(".")[0]
            found.setdefault(name, []).append((files, item.name))
        return found

    def _global(self, path: str, name: str) -> list[Place]:
        """A name of the file, or one that it imports; not a plain assignment to a short one."""
        places = self._defined([self._index.by_path[path].number], name) or [
            place for files, there in self._imports(path).get(name, ()) for place in self._defined(files, there)
        ]
        return [place for place in places[-1:] if place.definition.kind != "variable" or len(name) >= SHORTEST]

    def _inside(self, path: str, owner: str, name: str) -> list[Place]:
        """What a module or class that the file imports has of this name."""
        found = []
        for files, there in self._imports(path)[owner]:
            found += self._defined(files, name) + (self._defined(files, f"{there}.{name}") if there else [])
        return found[:1]

    def _own(self, path: str, owner: str, name: str, hops: int = MAX_BASES) -> list[Place]:
        """A method or attribute of a class, or of the nearest base that has it."""
        number = self._index.by_path[path].number
        if own := self._defined([number], f"{owner}.{name}"):
            return own[:1]
        classes = self._defined([number], owner) if hops else []
        bases = [base for place in classes[:1] for base in place.definition.bases]
        for base in bases:
            for place in self._global(path, base.rpartition(".")[2]):
                if found := self._own(place.path, place.definition.name, name, hops - 1):
                    return found
        return []

    def _method(self, function: RankedFunction, name: str) -> list[Place]:
        """The methods of this name in the file, else the only one of the files near."""
        if name in _KNOWN or name.startswith("__"):
            return []
        places = [place for place in self._places(name) if place.definition.kind == "method"]
        beside = [place for place in places if place.path == function.path]
        known = [place for place in places if place.path in self._near]
        if beside:
            return beside if len(beside) <= MAX_DEFINERS else []
        return known if len(known) == 1 else []

    def _nearest(self, function: RankedFunction, name: str, *, on_object: bool) -> list[Place]:
        places = [place for place in self._places(name) if _language(place.path) == _language(function.path)]
        beside = [place for place in places if place.path == function.path]
        known = [place for place in places if place.path in self._near]
        elsewhere = [known, places] if not on_object else [places] if _COMPOUND.search(name) else []
        return next((list(some) for some in (beside, *elsewhere) if len(some) == 1), [])

    def _places(self, name: str) -> list[Place]:
        return [
            place
            for place in self._index.find_definition(name)
            if not self._index.by_path[place.path].test and place.definition.kind != "variable"
        ]


def _calls(text: str) -> Iterator[tuple[str, bool]]:
    """The names that a text calls, and whether on an object that is not its own."""
    for call in _CALL.finditer(text):
        own = call["of"] is None or _ITSELF.search(text, max(0, call.start() - 10), call.start("name"))
        yield call["name"], not own


def _language(path: str) -> str:
    return path.rpartition(".")[2]


def _body(tree: ast.Module) -> list[ast.stmt]:
    """The statements of the definition that is the tree; its annotations and decorators call nothing when it runs."""
    node = next((node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)), tree)
    return node.body


def _bound(tree: ast.AST) -> set[str]:
    """The parameters of functions and what is assigned or imported in them."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names
