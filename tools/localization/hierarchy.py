"""Classes of one index with their base classes followed through imports: whose method a name on an object is."""

from __future__ import annotations

from typing import NamedTuple

from tools.localization.index import Index
from tools.localization.modules import Modules

MAX_DEFINERS = 3
MAX_ANCESTORS = 24
_CLASSES = {"class", "struct", "interface", "trait", "enum", "type"}


class Home(NamedTuple):
    """A class: number of its file, its qualified name, and how many steps up it was found."""

    number: int
    name: str
    distance: int = 0


class Hierarchy:
    """Base classes by name, resolved in the file, through its imports, or by being the only ones of their name."""

    def __init__(self, index: Index, modules: Modules) -> None:
        self.index, self.modules = index, modules
        self._known: dict[str, list[Home]] = {}
        self._above: dict[tuple[int, str], list[Home]] = {}

    def classes(self, name: str) -> list[Home]:
        """The classes called `name` outside tests; none when more than a few files define one."""
        known = self._known.get(name)
        if known is None:
            numbers = [number for number in self.index.defining(name) if not self.index.files[number].test]
            known = self._defined(numbers, name) if len(numbers) <= MAX_DEFINERS else []
            self._known[name] = known
        return known

    def _defined(self, numbers: list[int], name: str) -> list[Home]:
        tags = self.index.tags(numbers)
        return [
            Home(number, definition.name)
            for number in numbers
            for definition in tags[number].definitions
            if definition.simple == name and definition.kind in _CLASSES
        ]

    def ancestors(self, home: Home) -> list[Home]:
        """The classes that `home` inherits from, nearest first, with their distance."""
        key = home.number, home.name
        known = self._above.get(key)
        if known is None:
            known = self._above[key] = self._walk(home)
        return known

    def _walk(self, home: Home) -> list[Home]:
        found: list[Home] = []
        seen = {(home.number, home.name)}
        level = [Home(home.number, home.name)]
        while level and len(found) < MAX_ANCESTORS:
            above = [base._replace(distance=below.distance + 1) for below in level for base in self._bases(below)]
            level = []
            for base in above:
                if (base.number, base.name) not in seen:
                    seen.add((base.number, base.name))
                    level.append(base)
            found += level
        return found[:MAX_ANCESTORS]

    def _bases(self, home: Home) -> list[Home]:
        tags = self.index.tags([home.number])[home.number]
        bases = next((d.bases for d in tags.definitions if d.name == home.name and d.kind in _CLASSES), ())
        return [found for base in bases for found in self._base(home.number, base)]

    def _base(self, number: int, written: str) -> list[Home]:
        simple = written.rpartition(".")[2]
        if here := self._defined([number], simple):
            return here[:1]
        tags = self.index.tags([number])[number]
        first = written.partition(".")[0]
        for item in tags.imports:
            if first == (item.alias or item.name or item.module.rpartition(".")[2]):
                targets = self.modules.imported(number, item)
                definers = set(self.index.defining(simple))
                if found := self._defined([target for target in targets if target in definers][:2], simple):
                    return found[:1]
        return self.classes(simple)[:1] if len(self.classes(simple)) == 1 else []

    def member(self, home: Home, name: str) -> Home | None:
        """Where `name` is defined as seen from an object of class `home`: file number and qualified name."""
        for owner in (home, *self.ancestors(home)):
            tags = self.index.tags([owner.number])[owner.number]
            wanted = f"{owner.name}.{name}"
            if any(definition.name == wanted for definition in tags.definitions):
                return Home(owner.number, wanted, owner.distance)
        return None
