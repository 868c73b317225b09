"""All single edits of the suspicious statements, best first, made only when asked for."""

from __future__ import annotations

import ast
import heapq
import warnings
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from tools.mechanical.cures import LARGEST_BOOST, cures
from tools.mechanical.mutation import Mutation, apply
from tools.mechanical.priors import DEFAULT_PRIOR, PRIOR, RANK_LAST
from tools.mechanical.site import Draft, Site
from tools.mechanical.source import Source, header_nodes
from tools.mechanical.templates import TEMPLATES
from tools.syntax import parse_python

# What is executed at import is on no test's lines: a definition that a suspicious line names gets this share.
SHARE_OF_DEFINITIONS = 0.3
SHARE_OF_HEADERS = 0.5
# Test frameworks call it to show values after the failure.
SHARE_OF_REPR = 0.1

Suspicious = Mapping[str, Mapping[int, float]]


def propose(
    sources: Mapping[str, bytes],
    suspicious: Suspicious,
    *,
    exceptions: Collection[str] = (),
    limit: int | None = None,
) -> Iterator[Mutation]:
    """The edits of suspicious statements by descending score, each leading to a different program.

    A statement is as suspicious as the worst of its own lines. Every edit parses and changes the syntax tree. Files
    that are not Python, or that this interpreter cannot read, have none. The order depends on the arguments alone.

    Args:
        sources: path -> content of the files that may be edited.
        suspicious: path -> 1-based line -> suspiciousness, in (0, 1].
        exceptions: "Type: text" of what ended the failing tests; templates that cure such failures come earlier.
        limit: the most edits to propose.
    """
    boosts = cures(exceptions)
    queue: list[_Entry] = []
    for path in sorted(suspicious.keys() & sources.keys()):
        source = parse(path, sources[path])
        if source is not None:
            for statement, score in _statements(source, suspicious[path]):
                heapq.heappush(queue, _Entry(-score * _BEST, (path, *source.span(statement)), source, statement, score))
    seen: set[tuple[str, int, str]] = set()
    count = 0
    while queue and (limit is None or count < limit):
        entry = heapq.heappop(queue)
        if entry.mutation is None:
            for mutation in drafts(entry.source, entry.statement, entry.score, boosts):
                key = (mutation.path, mutation.start, mutation.end, mutation.template, mutation.replacement)
                heapq.heappush(
                    queue, _Entry(-mutation.score, key, entry.source, entry.statement, entry.score, mutation)
                )
            continue
        result = signature(entry.source, entry.statement, entry.mutation)
        if result is not None and result not in seen:
            seen.add(result)
            count += 1
            yield entry.mutation


def parse(path: str, content: bytes) -> Source | None:
    """The file as templates see it; None when it is not Python that this interpreter reads."""
    if not path.endswith(".py"):
        return None
    try:
        return Source(path, content)
    except (SyntaxError, ValueError, RecursionError):
        return None


def drafts(
    source: Source, statement: ast.stmt, score: float, boosts: Mapping[str, float] | None = None
) -> Iterator[Mutation]:
    """The edits of one statement, unordered and unchecked; `score` is the statement's suspiciousness."""
    site = Site(source, statement)
    for name, template in TEMPLATES.items():
        prior = min(1.0, PRIOR.get(name, DEFAULT_PRIOR) * RANK_LAST.get(name, 1.0) * (boosts or {}).get(name, 1.0))
        for draft in template(site):
            weighted = prior * draft.weight
            start, end, text = _trim(source.content, draft)
            line = statement.lineno
            yield Mutation(source.path, start, end, text, name, line, weighted, score * weighted)


def signature(source: Source, statement: ast.stmt, mutation: Mutation) -> tuple[str, int, str] | None:
    """Names the program that an edit leads to; None when it does not parse or is the program that was there."""
    start, end = _unit(source, statement, mutation)
    before = source.content[start:end]
    inner = replace(mutation, start=mutation.start - start, end=mutation.end - start)
    old, new = _dump(before), _dump(apply(before, inner))
    return None if new is None or new == old else (source.path, start, new)


@dataclass(order=True)
class _Entry:
    rank: float
    key: tuple[object, ...]
    source: Source = field(compare=False)
    statement: ast.stmt = field(compare=False)
    score: float = field(compare=False)
    mutation: Mutation | None = field(default=None, compare=False)


_BEST = min(1.0, LARGEST_BOOST * max([DEFAULT_PRIOR, *PRIOR.values()]))


def _statements(source: Source, lines: Mapping[int, float]) -> Iterator[tuple[ast.stmt, float]]:
    scores: dict[ast.stmt, float] = {}
    for statement in source.statements:
        score = max((lines.get(line, 0.0) for line in _own_lines(statement)), default=0.0)
        if score > 0:
            function = source.function(statement)
            scores[statement] = score * (SHARE_OF_REPR if function and function.name == "__repr__" else 1.0)
    for statement, score in list(scores.items()):
        function = source.function(statement)
        if function is not None:
            scores[function] = max(scores.get(function, 0.0), score * SHARE_OF_HEADERS)
        for node in header_nodes(statement):
            name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
            definition = source.definitions.get(name)
            if isinstance(definition, ast.Assign | ast.AnnAssign):
                scores[definition] = max(scores.get(definition, 0.0), score * SHARE_OF_DEFINITIONS)
    return iter(scores.items())


def _own_lines(statement: ast.stmt) -> range:
    """The lines of a statement before the first statement inside it."""
    last = statement.end_lineno or statement.lineno
    body = getattr(statement, "body", None)
    if isinstance(body, list) and body and isinstance(body[0], ast.stmt):
        last = max(statement.lineno, body[0].lineno - 1)
    return range(statement.lineno, last + 1)


def _trim(content: bytes, draft: Draft) -> tuple[int, int, bytes]:
    """The bytes that really change: a draft without what it has in common with the file at both ends."""
    start, end, text = draft.start, draft.end, draft.text.encode()
    while start < end and text and content[start] == text[0]:
        start, text = start + 1, text[1:]
    while start < end and text and content[end - 1] == text[-1]:
        end, text = end - 1, text[:-1]
    return start, end, text


def _unit(source: Source, statement: ast.stmt, mutation: Mutation) -> tuple[int, int]:
    """The lines around an edit that parse by themselves, as bytes: a function, a top statement, or else the file."""
    around = statement
    for each in source.ancestors(statement):
        if isinstance(each, ast.Module) or (isinstance(each, ast.ClassDef) and source.function(each) is None):
            break
        if isinstance(each, ast.stmt):
            around = each
    first, last = _first_line(around), around.end_lineno or around.lineno
    start, end = source.line_start(first), source.line_start(last + 1)
    indentation = source.content[start : source.offset(around.lineno, around.col_offset)]
    alone = first != around.lineno or not indentation.strip()
    return (start, end) if alone and start <= mutation.start <= mutation.end <= end else (0, len(source.content))


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(each.lineno for each in decorators)])


@lru_cache(maxsize=1024)
def _dump(block: bytes) -> str | None:
    text = block.decode("utf-8").removeprefix("\ufeff")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.dump(parse_python(f"if 1:\n{text}" if text[:1] in (" ", "\t") else text))
        except (SyntaxError, ValueError, RecursionError):
            return None
