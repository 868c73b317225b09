"""Which file a module name, an import or a printed path means; imports are followed through re-exports."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tools.localization.bindings import SCRIPTS
from tools.localization.index import Index
from tools.localization.layouts import LAYOUTS, Layouts
from tools.localization.script_imports import package_paths
from tools.localization.tags import Import

MAX_HOPS = 5
_STEMS = re.compile(r"\.(?:pyi?|[cm]?[jt]sx?|go|rs|java|rb|php|cs|h|hh|hpp|c|cc|cpp|cxx)$")
_INDEX_NAMES = {"__init__", "index", "mod", "lib"}


class Modules:
    """Names of modules to numbers of files, for one index."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self._layouts = Layouts(index)
        self._by_last: dict[str, list[tuple[tuple[str, ...], int]]] = {}
        self._by_name: dict[str, list[int]] = {}
        self._known: dict[str, list[int]] = {}
        self._named: dict[tuple[str, str, int], list[int]] = {}
        self._imported: dict[tuple[str, str, str], list[int]] = {}
        self._exported: dict[tuple[tuple[int, ...], str, int], list[int]] = {}
        self._packages = {
            file.path.rpartition("/")[0] for file in index.files if file.path.rpartition("/")[2] == "__init__.py"
        }
        for file in index.files:
            parts = tuple(_STEMS.sub("", file.path).split("/"))
            self._by_name.setdefault(file.path.rpartition("/")[2], []).append(file.number)
            self._add(parts, file.number)
            if parts[-1] in _INDEX_NAMES and len(parts) > 1:
                self._add(parts[:-1], file.number)

    def _add(self, parts: tuple[str, ...], number: int) -> None:
        self._by_last.setdefault(parts[-1], []).append((parts, number))

    def module(self, name: str) -> list[int]:
        """The files of the module `a.b.c` (or `a/b/c`): those whose path ends so, the shortest paths first."""
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = self._find(name)
        return known

    def _find(self, name: str) -> list[int]:
        wanted = tuple(part for part in re.split(r"[./\\]", _STEMS.sub("", name)) if part)
        if not wanted:
            return []
        ends = [
            (parts, number) for parts, number in self._by_last.get(wanted[-1], ()) if parts[-len(wanted) :] == wanted
        ]
        if not ends:
            return []
        shortest = min(len(parts) for parts, _ in ends)
        return sorted(number for parts, number in ends if len(parts) == shortest)

    def path(self, printed: str) -> list[tuple[int, int]]:
        """`(file number, matching components)` of the files a printed path means: those sharing the longest end.

        Absolute paths of other machines (`/usr/lib/python3/site-packages/pkg/mod.py`) match by their tail.
        """
        parts = [part for part in printed.split("/") if part not in {"", ".", ".."}]
        if not parts:
            return []
        scored = []
        for number in self._by_name.get(parts[-1], ()):
            own = self.index.files[number].path.split("/")
            shared = 0
            while shared < min(len(own), len(parts)) and own[-1 - shared] == parts[-1 - shared]:
                shared += 1
            scored.append((shared, number, shared in {len(own), len(parts)} or shared >= self._importable(own)))
        best = max((shared for shared, _, whole in scored if whole), default=0)
        return [(number, shared) for shared, number, whole in scored if whole and shared == best]

    def in_package(self, printed: str) -> bool:
        """Whether a folder of a printed path is called like a package at the top of one here."""
        tops = {path.rpartition("/")[2] for path in self._packages if path.rpartition("/")[0] not in self._packages}
        return not tops.isdisjoint(printed.split("/")[:-1])

    def _importable(self, path: list[str]) -> int:
        """How many components an installed file has of its `path` here: `pkg/mod.py` of `src/pkg/mod.py`.

        More than there are for a file of no package.
        """
        for depth in range(1, len(path)):
            if "/".join(path[:depth]) in self._packages:
                return len(path) - depth + 1
        return len(path) + 1

    def imported(self, source: int, item: Import) -> list[int]:
        """The files that an import statement of the file `source` takes its name from."""
        path = self.index.files[source].path
        if layout := LAYOUTS.get(self.index.files[source].language):
            return self._layouts.files(path, layout, item)
        if self.index.files[source].language in SCRIPTS:
            key = path.rpartition("/")[0], item.module, item.name
            if key not in self._imported:
                self._imported[key] = self._from(self._script(path, item.module), item.name, MAX_HOPS)
            return self._imported[key]
        if item.level:
            folder = path.split("/")[: -item.level]
            base = ".".join([*folder, *item.module.split(".")] if item.module else folder)
        elif item.module.startswith("."):
            base = _relative(path, item.module)
        else:
            base = item.module
        if not item.name:
            return self.module(base)
        return self.named(base, item.name)

    def named(self, module: str, name: str, hops: int = MAX_HOPS) -> list[int]:
        """The files that define `name` as seen from `module`: a submodule, the module, or what it re-exports."""
        key = module, name, hops
        if key not in self._named:
            self._named[key] = self._resolve(*key)
        return self._named[key]

    def _resolve(self, module: str, name: str, hops: int) -> list[int]:
        if name != "*" and (submodules := self.module(f"{module}.{name}")):
            return submodules
        homes = self.module(module)
        if name == "*" or not homes or not hops:
            return homes
        definers = set(self.index.defining(name))
        found = [home for home in homes if home in definers]
        for home in () if found else homes:
            found += self._reexported(home, name, definers, hops)
        return sorted(set(found)) or homes

    def _reexported(self, home: int, name: str, definers: set[int], hops: int) -> list[int]:
        tags = self.index.tags([home])[home]
        stars: list[int] = []
        for item in tags.imports:
            if name == (item.alias or item.name):
                return self.imported_deeper(home, item, hops - 1)
            if item.name == "*":
                stars += self.imported(home, Import(item.module, "", "", item.level))
        return [number for number in stars if number in definers]

    def imported_deeper(self, source: int, item: Import, hops: int) -> list[int]:
        """As `imported`, with what is left of the hops."""
        if item.level:
            folder = self.index.files[source].path.split("/")[: -item.level]
            return self.named(".".join([*folder, item.module] if item.module else folder), item.name, hops)
        return self.named(item.module, item.name, hops)

    def _script(self, path: str, module: str) -> list[int]:
        """The files of a module as a script names it, by the path from there or by package."""
        if module.startswith("."):
            return self.module(_relative(path, module) or "index")
        return next((files for name in package_paths(module) if (files := self.module(name))), [])

    def _from(self, homes: list[int], name: str, hops: int) -> list[int]:
        """Which files define `name` of those that scripts get it from; `homes` themselves if none is found."""
        if name in {"", "*"} or not homes or not hops:
            return homes
        key = tuple(homes), name, hops
        if key not in self._exported:
            definers = set(self.index.defining(name))
            found = {home for home in homes if home in definers}
            for home in () if found else homes:
                found.update(self._passed_on(home, name, definers, hops - 1))
            self._exported[key] = sorted(found) or homes
        return self._exported[key]

    def _passed_on(self, home: int, name: str, definers: set[int], hops: int) -> list[int]:
        """Which files define what the script `home` exports as `name` and another gives it."""
        path, stars = self.index.files[home].path, []
        for item in self.index.tags([home])[home].imports:
            if name == (item.alias or item.name):
                return self._from(self._script(path, item.module), item.name, hops)
            if item.name == "*":
                stars += self._from(self._script(path, item.module), name, hops)
        return [number for number in stars if number in definers]

    def dotted(self, name: str) -> tuple[list[int], str]:
        """The files a dotted name means and the definition in them: `a.b.Class.method` -> (a/b.py, `Class.method`)."""
        parts = name.split(".")
        for cut in range(len(parts), 0, -1):
            homes = self.module(".".join(parts[:cut]))
            if not homes or (cut == 1 and len(parts) == 1):
                continue
            rest = parts[cut:]
            if not rest:
                return homes, ""
            found = self.named(".".join(parts[:cut]), rest[0])
            if any(number in set(self.index.defining(rest[0])) for number in found):
                return found, ".".join(rest)
        return [], name


def _relative(path: str, module: str) -> str:
    folder = path.split("/")[:-1]
    for part in module.split("/"):
        if part == "..":
            folder = folder[:-1]
        elif part not in {".", ""}:
            folder = [*folder, part]
    return "/".join(folder)


def unique_paths(index: Index, numbers: Iterable[int]) -> list[str]:
    """Paths of files by number, sorted."""
    return sorted({index.files[number].path for number in numbers})
