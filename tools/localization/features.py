"""All signals of a file as named numbers in [0, 1]: first the cheap ones of every file, then a second look at the best.

Nothing here decides; `fusion` weighs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tools.issues import Issue
from tools.localization.bm25f import Bm25f, LexicalScores, normalised
from tools.localization.calls import call_flow
from tools.localization.chunks import FileText, fragments, literal_matches, read_chunks, score_chunks, spelled_codes
from tools.localization.entities import Evidence, gather
from tools.localization.hierarchy import Hierarchy
from tools.localization.history import History, HistoryScores
from tools.localization.index import Index
from tools.localization.modules import Modules
from tools.localization.neighbours import Edges, file_edges, pagerank, received, reversed_edges
from tools.localization.paths import is_aside
from tools.localization.query import QUERY_FIELDS, Query

Features = dict[str, float]
Table = dict[int, Features]
TESTS_READ = 20


@dataclass
class FirstLook:
    """The cheap signals of every file that has any, and what they came from."""

    table: Table
    lexical: LexicalScores
    evidence: Evidence
    history: HistoryScores | None
    details: dict[tuple[str, int], str] = field(default_factory=dict)


@dataclass
class SecondLook:
    """The signals that need the text: chunks, literals, pasted lines, neighbours."""

    table: Table
    files: list[FileText]
    edges: Edges
    holders: dict[str, list[int]]


@dataclass(frozen=True)
class Sources:
    """What a commit offers to look at."""

    index: Index
    modules: Modules
    hierarchy: Hierarchy
    scorer: Bm25f
    history: History | None


def first_look(
    issue: Issue, query: Query, sources: Sources, coverage: Mapping[str, Mapping[int, float]] | None = None
) -> FirstLook:
    """Scores every candidate file."""
    index, modules, history = sources.index, sources.modules, sources.history
    lexical = sources.scorer.score(query)
    evidence = gather(issue, index, modules, sources.hierarchy)
    past = history.score(query) if history else None
    candidates = {file.number for file in index.files if not file.test} or {file.number for file in index.files}
    look = FirstLook({}, lexical, evidence, past)
    for part, weights, scores in zip(QUERY_FIELDS, query.fields, lexical.by_part, strict=True):
        found = _among(scores, candidates)
        _put(look.table, f"text_{part}", normalised(found))
        ideal = sum(weight * lexical.idf[term] for term, weight in weights.items())
        _put(look.table, f"cover_{part}", {number: score / ideal for number, score in found.items()})
    for name, scores in lexical.by_field.items():
        _put(look.table, f"field_{name}", normalised(_among(scores, candidates)))
    for signal, scores in evidence.scores.items():
        _put(look.table, signal, {number: math.tanh(score) for number, score in _among(scores, candidates).items()})
    tests = _through_tests(index, modules, _similar_tests(index, lexical))
    _put(look.table, "tests", normalised(_among(tests, candidates)))
    if past:
        _put(look.table, "history", normalised(_among(_numbered(index, past.similar), candidates)))
        churn = {number: math.log1p(score) for number, score in _numbered(index, past.churn).items()}
        _put(look.table, "churn", normalised(_among(churn, candidates)), only_known=True)
        fixes = {number: math.log1p(score) for number, score in _numbered(index, past.fixes).items()}
        _put(look.table, "fixes", normalised(_among(fixes, candidates)), only_known=True)
    if coverage:
        spectrum = {path: max(lines.values(), default=0.0) for path, lines in coverage.items()}
        _put(look.table, "coverage", normalised(_among(_numbered(index, spectrum), candidates)))
    _priors(look.table, index)
    look.details = dict(evidence.details)
    return look


def _priors(table: Table, index: Index) -> None:
    for number, features in table.items():
        file = index.files[number]
        name = file.path.rpartition("/")[2]
        features["package_file"] = float(name.startswith("__init__.") or name.startswith("index."))
        features["size"] = min(1.0, math.log1p(sum(file.stored.lengths)) / 10)
        features["depth"] = min(1.0, file.path.count("/") / 8)
        features["no_grammar"] = float(file.language == "other")
        features["side_folder"] = float(is_aside(file.path))


def second_look(
    issue: Issue, query: Query, sources: Sources, first: FirstLook, ranked: Sequence[tuple[int, float]]
) -> SecondLook:
    """Reads the best files of the first look; `ranked` are file numbers with scores, best first."""
    index, modules = sources.index, sources.modules
    numbers = [number for number, _ in ranked]
    files = read_chunks(index, numbers, query, issue)
    score_chunks(files, query, first.lexical.idf, QUERY_FIELDS)
    table: Table = {number: {} for number in numbers}
    for part in QUERY_FIELDS:
        best = {file.number: max((chunk.scores[part] for chunk in file.chunks), default=0.0) for file in files}
        _put(table, f"chunk_{part}", normalised(best))
    total = {
        file.number: sum(sorted((sum(c.scores.values()) for c in file.chunks), reverse=True)[:3]) for file in files
    }
    _put(table, "chunk_three", normalised(total))
    literal, holders = literal_matches(files, fragments(issue), len(files))
    _put(table, "literal", normalised(literal))
    _put(table, "literal_any", {number: math.tanh(score / 3) for number, score in literal.items()})
    _put(table, "error_literal", spelled_codes(files, issue.error_codes))
    _put(table, "pasted", {file.number: math.tanh(len(file.quoted_lines) / 3) for file in files if file.quoted_lines})
    called, calling = call_flow(files, first.evidence.places | first.evidence.used)
    _put(table, "called", called)
    _put(table, "calling", calling)
    edges = file_edges(files, index, modules)
    top = max((score for _, score in ranked), default=0.0)
    seeds = {number: math.exp(score - top) for number, score in ranked}
    for name, graph in (("used", edges), ("users", reversed_edges(edges))):
        rank = pagerank(graph, seeds)
        _put(table, f"rank_{name}", normalised(rank))
        _put(table, f"flow_{name}", normalised(received(graph, rank)))
    return SecondLook(table, files, edges, holders)


def _put(table: Table, name: str, scores: Mapping[int, float], *, only_known: bool = False) -> None:
    for number, score in scores.items():
        if score and (not only_known or number in table):
            table.setdefault(number, {})[name] = score


def _among(scores: Mapping[int, float], candidates: set[int]) -> dict[int, float]:
    return {number: score for number, score in scores.items() if number in candidates}


def _numbered(index: Index, scores: Mapping[str, float]) -> dict[int, float]:
    return {index.by_path[path].number: score for path, score in scores.items() if path in index.by_path}


def _similar_tests(index: Index, lexical: LexicalScores) -> dict[int, float]:
    """The test files most like the issue, best first."""
    scored: dict[int, float] = {}
    for scores in lexical.by_part:
        for number, score in normalised(scores).items():
            if index.files[number].test:
                scored[number] = scored.get(number, 0.0) + score
    best = sorted(scored, key=lambda number: (-scored[number], number))[:TESTS_READ]
    return {number: scored[number] for number in best}


def _through_tests(index: Index, modules: Modules, scored: Mapping[int, float]) -> dict[int, float]:
    """Files that the tests most like the issue import or are named after."""
    tags = index.tags(list(scored))
    found: dict[int, float] = {}
    for number in scored:
        targets = {target for item in tags[number].imports[:80] for target in modules.imported(number, item)[:2]}
        for target in sorted(targets):
            found[target] = found.get(target, 0.0) + scored[number] / math.sqrt(1 + len(targets))
        stem = index.files[number].path.rpartition("/")[2].partition(".")[0].removeprefix("test_").removesuffix("_test")
        homes = modules.module(stem)
        for home in homes if len(homes) <= 3 else ():
            found[home] = found.get(home, 0.0) + scored[number] / len(homes)
    return found
