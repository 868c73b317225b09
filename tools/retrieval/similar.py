"""Functions that resemble a query, by BM25 over normalised code, and usages of what the query calls.

AceCoder (Li et al., 2023) puts retrieved examples before the requirement; ReCo (Li et al., 2024) makes both sides
alike: the query is a sketch of code that a model writes, and the code is normalised (no comments, no docstrings,
identifiers split into their parts), so that style does not stand between them.
"""

from __future__ import annotations

import ast
import math
import re
import textwrap
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from tools.localization.index import Index, Place
from tools.localization.lexis import terms_of, words
from tools.localization.tags import Definition
from tools.syntax import parse_python

K1, B = 1.2, 0.75
CANDIDATE_FILES = 80
NAME_WEIGHT = 2
MAX_LINES = 60
MAX_USAGES = 6
FEW = 3
"""Definitions of one name up to which the first is shown; of more, any could be meant."""
MAX_PLACES = 40
COMMON = 0.2
"""A name used in more than this share of the files is nobody's business."""
CALL = re.compile(r"(?<![\w.])(?:\w+\.)*(\w+)\s*\(")
CALLABLE = frozenset({"function", "method"})


@dataclass(frozen=True)
class Example:
    """A function of the repository.

    Attributes:
        path: its file.
        name: qualified.
        line: where it begins, 1-based.
        code: normalised source.
        score: of BM25; 0 for what is not there for its likeness.
        why: "similar", "called by the query", or what it is a usage of.
    """

    path: str
    name: str
    line: int
    code: str
    score: float
    why: str

    @property
    def text(self) -> str:
        """For a prompt."""
        return f"# {self.path}:{self.line} {self.name} ({self.why})\n{self.code}"


def retrieve(
    index: Index, query: str, *, limit: int = 5, tests: bool = False, known: Collection[tuple[str, str]] = ()
) -> list[Example]:
    """The functions most like `query`, best first, then definitions and usages of what it calls.

    Args:
        index: of the repository at the base.
        query: words, or better a sketch of the code to write.
        limit: of similar functions.
        tests: whether test files count.
        known: (path, qualified name) of functions that are shown already, and are no examples.
    """
    asked = Counter(term for word in words(query) for term in terms_of(word))
    numbers = _files(index, asked, tests=tests)
    found = [each for each in _functions(index, numbers) if (index.files[each[0]].path, each[1].name) not in known]
    scores = _bm25(asked, [terms for _, _, terms in found])
    ranked = sorted(range(len(found)), key=lambda each: (-scores[each], found[each][0], found[each][1].start))
    similar = [
        Example(
            index.files[number].path,
            definition.name,
            definition.start,
            _code(index, number, definition),
            score,
            "similar",
        )
        for number, definition, score in ((*found[each][:2], scores[each]) for each in ranked[:limit])
        if score > 0
    ]
    return similar + _usages(index, query, {*known, *((each.path, each.name) for each in similar)})


def _files(index: Index, asked: Counter[str], *, tests: bool) -> list[int]:
    """The files that share the rarest terms with the query."""
    scores: Counter[int] = Counter()
    for term in asked:
        numbers = index.holders(term)
        weight = math.log(1 + len(index.files) / (1 + len(numbers)))
        for number in numbers:
            scores[number] += weight  # type: ignore[assignment]
    wanted = [number for number in scores if tests or not index.files[number].test]
    return sorted(wanted, key=lambda number: (-scores[number], number))[:CANDIDATE_FILES]


def _functions(index: Index, numbers: list[int]) -> list[tuple[int, Definition, Counter[str]]]:
    tags, texts = index.tags(numbers), index.read(numbers)
    found = []
    for number in numbers:
        lines = texts.get(number, "").split("\n")
        for definition in tags[number].definitions:
            if definition.kind in CALLABLE and definition.end - definition.start >= 1:
                code = normalised("\n".join(lines[definition.start - 1 : definition.end]))
                terms = Counter(term for word in words(code) for term in terms_of(word))
                for term in terms_of(definition.simple):
                    terms[term] += NAME_WEIGHT
                found.append((number, definition, terms))
    return found


def _bm25(asked: Counter[str], documents: list[Counter[str]]) -> list[float]:
    lengths = [document.total() for document in documents]
    average = sum(lengths) / len(lengths) if lengths else 1.0
    frequency = {term: sum(term in document for document in documents) for term in asked}
    scores = []
    for document, length in zip(documents, lengths, strict=True):
        score = 0.0
        for term, count in asked.items():
            here = document.get(term, 0)
            if here:
                rarity = math.log(1 + (len(documents) - frequency[term] + 0.5) / (frequency[term] + 0.5))
                share = here * (K1 + 1) / (here + K1 * (1 - B + B * length / average))
                score += rarity * share * min(count, 3)
        scores.append(score)
    return scores


def _usages(index: Index, query: str, known: set[tuple[str, str]]) -> list[Example]:
    """For what the query calls, as far as the repository defines it: the definition, and one function that uses it."""
    found: list[Example] = []
    for name in dict.fromkeys(CALL.findall(query)):
        defined = [place for place in index.find_definition(name) if not index.by_path[place.path].test]
        if len(name) < 3 or not defined:
            continue
        places = index.find_references(name)
        if len({path for path, _, _ in places}) > max(10, COMMON * len(index.files)):
            continue
        for example in (_definition(index, defined), _usage(index, name, places[:MAX_PLACES])):
            if example is not None and (example.path, example.name) not in known and len(found) < MAX_USAGES:
                found.append(example)
                known.add((example.path, example.name))
    return found


def _definition(index: Index, places: list[Place]) -> Example | None:
    chosen = places[0].definition
    if len(places) > FEW or chosen.kind not in CALLABLE:
        return None
    path = places[0].path
    code = _code(index, index.by_path[path].number, chosen)
    return Example(path, chosen.name, chosen.start, code, 0.0, "called by the query")


def _usage(index: Index, name: str, places: list[tuple[str, int, str]]) -> Example | None:
    for path, line, _ in places:
        file = index.by_path[path]
        if file.test:
            continue
        definitions = index.tags([file.number])[file.number].definitions
        around = [each for each in definitions if each.kind in CALLABLE and each.start < line <= each.end]
        if around and around[-1].simple != name:
            chosen = around[-1]
            return Example(path, chosen.name, chosen.start, _code(index, file.number, chosen), 0.0, f"uses {name}")
    return None


def _code(index: Index, number: int, definition: Definition) -> str:
    lines = index.read([number])[number].split("\n")[definition.start - 1 : definition.end]
    return "\n".join(normalised("\n".join(lines)).split("\n")[:MAX_LINES])


def normalised(source: str) -> str:
    """A function's source without comments and docstrings, in one layout; as it is when it is not Python."""
    text = textwrap.dedent(source)
    try:
        tree = parse_python(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return text
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = node.body[0]
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)
