"""The index of one commit: which files there are, what defines what, and the postings of a term."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from tools.errors import InputError
from tools.localization.builder import build_missing
from tools.localization.cache import SEGMENT_SHIFT, Cache, Stored
from tools.localization.languages import language_of
from tools.localization.objects import ObjectDatabase, TreeFile
from tools.localization.paths import is_test
from tools.localization.segment import COUNT_BITS, COUNT_MASK, FIELD_MASK, FIELDS, ORDINAL_SHIFT
from tools.localization.tags import Definition, Tags

MAX_FILES = 200_000


@dataclass(frozen=True)
class IndexedFile:
    """A file of the commit with its number in the index and its stored document."""

    number: int
    path: str
    blob: str
    language: str
    stored: Stored
    test: bool


@dataclass(frozen=True)
class Place:
    """Where a definition is."""

    path: str
    definition: Definition


class Index:
    """Everything indexed of one commit."""

    def __init__(self, database: ObjectDatabase, commit: str, cache: Cache, *, workers: int | None = None) -> None:
        """Reads the tree of `commit` and indexes what the cache does not have.

        Raises:
            InputError: the commit holds no text file at all.
        """
        self.database, self.commit, self.cache = database, commit, cache
        self.notes: list[str] = []
        tree = database.tree(commit)
        chosen = _candidates(tree)
        if len(chosen) > MAX_FILES:
            self.notes.append(f"only the first {MAX_FILES} of {len(chosen)} files are indexed")
            chosen = chosen[:MAX_FILES]
        if not chosen:
            raise InputError(f"commit {commit[:12]} has no source files", hint="check the revision")
        self.files = self._load(chosen, workers or os.cpu_count() or 1)
        self.by_path = {file.path: file for file in self.files}
        self.other_paths = sorted({file.path for file in tree} - self.by_path.keys())
        self._numbers: dict[int, dict[int, list[int]]] = {}  # by segment and ordinal of the document
        for file in self.files:
            segment, ordinal = divmod(file.stored.key, 1 << SEGMENT_SHIFT)
            self._numbers.setdefault(segment, {}).setdefault(ordinal, []).append(file.number)
        self._tags: dict[int, Tags] = {}
        self._defining: dict[str, list[int]] = {}

    def _load(self, chosen: list[tuple[TreeFile, str]], workers: int) -> list[IndexedFile]:
        pairs = [(file.blob, language) for file, language in chosen]
        try:
            stored = self._complete(chosen, pairs, workers)
        except sqlite3.DatabaseError as error:
            self.cache.rebuild(str(error))
            stored = self._complete(chosen, pairs, workers)
        if self.cache.note:
            self.notes.append(self.cache.note)
        present = [(file, pair) for (file, _), pair in zip(chosen, pairs, strict=True) if pair in stored]
        return [
            IndexedFile(number, file.path, file.blob, pair[1], stored[pair], is_test(file.path))
            for number, (file, pair) in enumerate(present)
        ]

    def _complete(
        self, chosen: list[tuple[TreeFile, str]], pairs: list[tuple[str, str]], workers: int
    ) -> dict[tuple[str, str], Stored]:
        stored = self.cache.find(pairs)
        missing = [item for item, pair in zip(chosen, pairs, strict=True) if pair not in stored]
        if missing:
            self.notes += build_missing(self.database, self.cache, missing, workers)
            stored = self.cache.find(pairs)
        return stored

    @cached_property
    def by_stem(self) -> dict[str, list[int]]:
        """The numbers of files by the name without extension and outer underscores, in lower case."""
        stems: dict[str, list[int]] = {}
        for file in self.files:
            stem = file.path.rpartition("/")[2].partition(".")[0].lower().strip("_")
            stems.setdefault(stem, []).append(file.number)
        return stems

    def counts(self, term: str) -> tuple[dict[int, int], ...]:
        """Per field, how often each file has `term`, by file number."""
        fields: tuple[dict[int, int], ...] = tuple({} for _ in FIELDS)
        for segment, postings in self.cache.postings(term, self._numbers):
            numbers = self._numbers[segment]
            for value in postings:
                field = fields[value >> COUNT_BITS & FIELD_MASK]
                for number in numbers.get(value >> ORDINAL_SHIFT, ()):
                    field[number] = field.get(number, 0) + (value & COUNT_MASK)
        return fields

    def holders(self, term: str) -> set[int]:
        """The numbers of the files that have `term` in any field."""
        return {
            number
            for segment, postings in self.cache.postings(term, self._numbers)
            for value in postings
            for number in self._numbers[segment].get(value >> ORDINAL_SHIFT, ())
        }

    def tags(self, numbers: Sequence[int]) -> dict[int, Tags]:
        """The tags of files by number."""
        missing = sorted({self.files[number].stored.key for number in numbers} - self._tags.keys())
        if missing:
            self._tags.update(self.cache.tags(missing))
        return {number: self._tags.get(self.files[number].stored.key, Tags()) for number in numbers}

    def defining(self, name: str) -> list[int]:
        """The numbers of the files that define `name` (its last part)."""
        known = self._defining.get(name)
        if known is None:
            known = self._defining[name] = sorted(self.holders("=" + name))
        return known

    def find_definition(self, name: str) -> list[Place]:
        """Where `name` is defined; `Class.method` and `module.Class` narrow it down."""
        simple = name.rpartition(".")[2]
        numbers = self.defining(simple)
        tags = self.tags(numbers)
        places = [
            Place(self.files[number].path, definition)
            for number in numbers
            for definition in tags[number].definitions
            if definition.simple == simple
        ]
        if simple == name:
            return places
        owner = name.rpartition(".")[0]
        narrowed = [place for place in places if _belongs(place, owner)]
        return narrowed or places

    def find_references(self, name: str) -> list[tuple[str, int, str]]:
        """`(path, line, text)` of the lines that hold the identifier `name`, definitions included."""
        from tools.localization.lexis import terms_of

        simple = name.rpartition(".")[2]
        terms = terms_of(simple)
        numbers = sorted(self.holders(terms[-1])) if terms else []
        pattern = re.compile(rf"(?<!\w){re.escape(simple)}(?!\w)")
        found = []
        paths = {file.blob: file.path for file in (self.files[number] for number in numbers)}
        for blob, source in self.database.blobs(sorted(paths)):
            for line, text in enumerate(source.decode("utf-8", "replace").split("\n"), 1):
                if pattern.search(text):
                    found.append((paths[blob], line, text.strip()))
        return sorted(found)

    def read(self, numbers: Sequence[int]) -> dict[int, str]:
        """The text of files by number."""
        wanted: dict[str, list[int]] = {}
        for number in numbers:
            wanted.setdefault(self.files[number].blob, []).append(number)
        return {
            number: source.decode("utf-8", "replace")
            for blob, source in self.database.blobs(sorted(wanted))
            for number in wanted[blob]
        }


def _belongs(place: Place, owner: str) -> bool:
    last = owner.rpartition(".")[2]
    parents = place.definition.name.split(".")[:-1]
    modules = re.split(r"[/.]", place.path.rpartition(".")[0])
    return last in parents or (not parents and last in modules)


def _candidates(tree: Sequence[TreeFile]) -> list[tuple[TreeFile, str]]:
    """Source files; where there is none, any text with a name that does not say otherwise."""
    known = [(file, language.name) for file in tree if (language := language_of(file.path)) is not None]
    if known:
        return known
    return [(file, "other") for file in tree if not _BINARY.search(file.path)]


_BINARY = re.compile(
    r"\.(?:png|jpe?g|gif|ico|pdf|zip|gz|bz2|xz|whl|so|dll|exe|bin|woff2?|ttf|eot|mo|npy|npz|pyc|jar|class|o|a)$", re.I
)
