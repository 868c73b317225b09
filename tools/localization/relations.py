"""Signals of functions that come from what they belong to: their class and its heirs, their name, calls, the past."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from tools.issues import Issue
from tools.localization.chunks import Chunk
from tools.localization.entities import Evidence
from tools.localization.features import Features
from tools.localization.lexis import STOPWORDS, terms_of, words
from tools.localization.protocols import special_methods
from tools.localization.query import Query

Key = tuple[int, str, int]
UNKNOWN_IDF = 5.0
NAMED = 0.3


@dataclass(frozen=True)
class Clues:
    """What is known besides the text.

    Attributes:
        evidence: what the issue names outright.
        idf: of the query's terms.
        coverage: suspiciousness by file number and line.
        changed: by file number and simple name, the similarity of past commits to the issue that changed it.
        query: the terms of the issue.
    """

    evidence: Evidence
    idf: Mapping[str, float]
    coverage: Mapping[int, Mapping[int, float]]
    changed: Mapping[tuple[int, str], float]
    query: Query


def add_relations(table: dict[Key, Features], chunks: Sequence[Chunk], issue: Issue, clues: Clues) -> None:
    """Adds the signals of this module to `table`."""
    _add_classes(table, chunks, clues.evidence)
    _add_special(table, chunks, issue)
    _add_covered_names(table, chunks, issue, clues.idf)
    _add_changes(table, chunks, clues.changed)
    spoken = {chunk.key: _text(table[chunk.key]) for chunk in chunks}
    _add_siblings(table, chunks, spoken)
    _add_ranks(table, chunks, spoken)
    _add_named_calls(table, chunks, clues.evidence)


def _owner(chunk: Chunk) -> str:
    return chunk.definition.name.rpartition(".")[0]


def _add_classes(table: dict[Key, Features], chunks: Sequence[Chunk], evidence: Evidence) -> None:
    for chunk in chunks:
        features = table[chunk.key]
        features["used"] = evidence.used.get((chunk.number, chunk.definition.name), 0.0)
        kin = evidence.kin.get((chunk.number, _owner(chunk)), 0.0)
        features["kin"] = kin
        features["kin_named"] = kin * max(features["name_title"], features["name_prose"], features["name_snippet"] / 2)


def _add_special(table: dict[Key, Features], chunks: Sequence[Chunk], issue: Issue) -> None:
    errors = " ".join(error.message for error in issue.error_messages)
    spoken = special_methods(issue.title, issue.field("prose") + " " + errors)
    for chunk in chunks:
        if said := spoken.get(chunk.simple, 0.0):
            features = table[chunk.key]
            features["special"] = said
            features["special_owned"] = said * max(features["owner_named"], features["kin"])


def _add_covered_names(
    table: dict[Key, Features], chunks: Sequence[Chunk], issue: Issue, idf: Mapping[str, float]
) -> None:
    title, prose = _terms(issue.title), _terms(issue.field("prose"))

    @cache
    def covered(name: str) -> tuple[float, float]:
        parts = {term for word in words(name) for term in (terms_of(word)[:-1] or terms_of(word))}
        mass, by_title, by_prose = (
            math.fsum(idf.get(term, UNKNOWN_IDF) for term in some) for some in (parts, parts & title, parts & prose)
        )
        return (by_title / mass, by_prose / mass) if mass else (0.0, 0.0)

    for chunk in chunks:
        features = table[chunk.key]
        features["name_covered_title"], features["name_covered_prose"] = covered(chunk.simple)
        owner = _owner(chunk).rpartition(".")[2]
        features["class_covered_title"], features["class_covered_prose"] = covered(owner)


def _terms(text: str) -> set[str]:
    return {term for word in words(text) if word.lower() not in STOPWORDS for term in terms_of(word)}


def _add_changes(table: dict[Key, Features], chunks: Sequence[Chunk], changed: Mapping[tuple[int, str], float]) -> None:
    same: dict[tuple[int, str], int] = {}
    for chunk in chunks:
        name = (chunk.number, chunk.simple)
        same[name] = same.get(name, 0) + 1
    for chunk in chunks:
        name = (chunk.number, chunk.simple)
        if name in changed:
            table[chunk.key]["changed_similar"] = changed[name] / math.sqrt(same[name])


def _text(features: Features) -> float:
    return sum(features.get(f"text_{part}", 0.0) for part in ("title", "prose", "names"))


def _add_siblings(table: dict[Key, Features], chunks: Sequence[Chunk], spoken: Mapping[Key, float]) -> None:
    """How strongly the text speaks of other methods of the same class, and of the class as a whole."""
    classes: dict[tuple[int, str], list[Chunk]] = {}
    for chunk in chunks:
        if owner := _owner(chunk):
            classes.setdefault((chunk.number, owner), []).append(chunk)
    top = max((spoken[chunk.key] for chunk in chunks), default=0.0) or 1.0
    sums = {key: sum(spoken[chunk.key] for chunk in members) for key, members in classes.items()}
    most = max(sums.values(), default=0.0) or 1.0
    for key, members in classes.items():
        strengths = sorted((spoken[chunk.key] for chunk in members), reverse=True)
        for chunk in members:
            mine = spoken[chunk.key]
            best = strengths[0] if mine < strengths[0] or len(strengths) < 2 else strengths[1]
            table[chunk.key]["sibling"] = best / top if len(strengths) > 1 else 0.0
            table[chunk.key]["class_text"] = sums[key] / most


def _add_ranks(table: dict[Key, Features], chunks: Sequence[Chunk], spoken: Mapping[Key, float]) -> None:
    """Reciprocal ranks by text: overall, and within the file."""
    ordered = sorted(chunks, key=lambda chunk: (-spoken[chunk.key], chunk.key))
    within: dict[int, int] = {}
    for rank, chunk in enumerate(ordered):
        place = within[chunk.number] = within.get(chunk.number, -1) + 1
        table[chunk.key]["rank_overall"] = 1 / (1 + rank)
        table[chunk.key]["rank_within"] = 1 / (1 + place)


def _add_named_calls(table: dict[Key, Features], chunks: Sequence[Chunk], evidence: Evidence) -> None:
    """One step along calls from functions that the issue names outright, and back to them."""
    by_name: dict[str, list[Chunk]] = {}
    for chunk in chunks:
        by_name.setdefault(chunk.simple, []).append(chunk)
    named = {
        chunk.key: max(
            table[chunk.key].get("place", 0.0), table[chunk.key]["used"], table[chunk.key].get("frame_line", 0.0)
        )
        for chunk in chunks
    }
    outright = {chunk.simple for chunk in chunks if named[chunk.key] >= NAMED}
    for chunk in chunks:
        mine = named[chunk.key]
        for name in chunk.words.keys() & (by_name.keys() if mine >= NAMED else outright):
            targets = by_name[name]
            close = [t for t in targets if t.number == chunk.number] if len(targets) > 3 else targets
            for target in close if len(close) <= 3 else ():
                if target.key == chunk.key:
                    continue
                if mine >= NAMED:
                    callee = table[target.key]
                    callee["named_calls"] = max(callee.get("named_calls", 0.0), mine / len(close))
                if named[target.key] >= NAMED:
                    caller = table[chunk.key]
                    caller["calls_named"] = max(caller.get("calls_named", 0.0), named[target.key] / len(close))
