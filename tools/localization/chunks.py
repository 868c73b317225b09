"""The functions of the best files as documents of their own, and the text of an issue found again in the source."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from tools.issues import Issue
from tools.localization.index import Index
from tools.localization.lexis import TERMS, count_words, terms_of, words
from tools.localization.query import Query
from tools.localization.tags import Definition, Tags

K1 = 1.4
B = 0.6
NAME_WEIGHT = 4.0
OWNER_WEIGHT = 1.5
_CALLABLE = {"function", "method", "macro"}
_OWNING = {"class", "struct", "interface", "trait", "enum", "type", "module"}
MIN_QUOTED = 12
MAX_FRAGMENTS = 60


@dataclass
class Chunk:
    """A function, method or class with the frequencies of the query's terms in it.

    `terms` weigh name terms more; `words` counts all identifiers in the text; the key is made of the number of the
    file, the qualified name and the first line; `simple` is the name without its owner.
    """

    number: int
    definition: Definition
    terms: dict[str, float]
    words: Counter[str]
    text: str
    scores: dict[str, float] = field(default_factory=dict)
    key: tuple[int, str, int] = field(init=False)
    simple: str = field(init=False)

    def __post_init__(self) -> None:
        self.key = self.number, self.definition.name, self.definition.start
        self.simple = self.definition.simple


@dataclass(frozen=True)
class FileText:
    """The second look at a file: its text, chunks, and how much of the issue it holds literally.

    `holding` are the words that hold terms of the query, with those terms: one table for all files of a look.
    """

    number: int
    text: str
    chunks: tuple[Chunk, ...]
    quoted_lines: tuple[int, ...]
    holding: Mapping[str, tuple[str, ...]]


def read_chunks(index: Index, numbers: Sequence[int], query: Query, issue: Issue) -> list[FileText]:
    """Reads files by number and cuts them into chunks."""
    tags = index.tags(numbers)
    texts = index.read(numbers)
    wanted = _Wanted(frozenset(query.terms))
    pasted = _pasted_lines(issue)
    found = []
    for number in numbers:
        if number in texts:
            lines = texts[number].split("\n")
            chunks = _chunks(number, lines, tags[number], wanted)
            found.append(FileText(number, texts[number], tuple(chunks), _quoted(lines, pasted), wanted.holding))
    return found


def _quoted(lines: Sequence[str], pasted: frozenset[str]) -> tuple[int, ...]:
    if pasted.isdisjoint(map(str.strip, lines)):
        return ()
    return tuple(line for line, content in enumerate(lines, 1) if content.strip() in pasted)


class _Wanted:
    """The words seen so far that hold terms of the query, with those terms; most words of a file hold none."""

    def __init__(self, terms: frozenset[str]) -> None:
        self.terms = terms
        self.holding: dict[str, tuple[str, ...]] = {}
        self._seen: set[str] = set()
        self._names: dict[str, tuple[str, ...]] = {}
        self._beginnings = sorted({term[: max(2, len(term) - 1)] for term in terms})

    def learn(self, words: set[str]) -> None:
        """Looks at words not seen before."""
        new = words - self._seen
        self._seen |= new
        terms = self.terms
        for word in self._likely(sorted(new)):
            if not terms.isdisjoint(found := TERMS[word]):
                self.holding[word] = tuple(term for term in found if term in terms)

    def of_name(self, name: str) -> tuple[str, ...]:
        """The terms of the query in a name, each as often as it has it."""
        known = self._names.get(name)
        if known is None:
            found = [term for word in words(name) for term in terms_of(word)]
            known = self._names[name] = tuple(term for term in found if term in self.terms)
        return known

    def _likely(self, words: list[str]) -> set[str]:
        """Those that hold a term, but for its last letter, which stemming may have changed; and what is not ASCII.

        All words are searched as one text, for taking every word apart is a tenth of the time of a query.
        """
        text = "\n".join(words).lower()
        ends = list(accumulate(len(word) + 1 for word in words))
        likely = {word for word in words if not word.isascii()}
        if len(text) + 1 != (ends[-1] if ends else 1):  # lower case of another length
            return set(words)
        for beginning in self._beginnings:
            at = text.find(beginning)
            while at >= 0:
                place = bisect_right(ends, at)
                likely.add(words[place])
                at = text.find(beginning, ends[place])
        return likely


def _chunks(number: int, lines: list[str], tags: Tags, wanted: _Wanted) -> list[Chunk]:
    definitions = list(_cut(tags))
    bodies = ["\n".join(lines[definition.start - 1 : definition.end]) for definition in definitions]
    found = [count_words(body) for body in bodies]
    wanted.learn(set().union(*found))
    return [_chunk(number, *parts, wanted) for parts in zip(definitions, bodies, found, strict=True)]


def _cut(tags: Tags) -> Iterator[Definition]:
    """What is a chunk: functions, and what owns none; of a module not even one somewhere inside."""
    callables = [definition for definition in tags.definitions if definition.kind in _CALLABLE]
    owners = {definition.name.rpartition(".")[0] for definition in callables}
    starts = sorted(definition.start for definition in callables)
    for definition in tags.definitions:
        owning = definition.kind in _OWNING and definition.name not in owners
        if owning and definition.kind == "module":
            owning = bisect_right(starts, definition.end) == bisect_right(starts, definition.start)
        if owning or definition.kind in _CALLABLE:
            yield definition


def _chunk(number: int, definition: Definition, body: str, found: Counter[str], wanted: _Wanted) -> Chunk:
    terms: dict[str, float] = {}
    holding = wanted.holding
    for word in found.keys() & holding.keys():  # in any order: the sums are of halves, and exact
        for term in holding[word]:
            terms[term] = terms.get(term, 0.0) + found[word]
    owner, _, simple = definition.name.rpartition(".")
    for weight, name in ((NAME_WEIGHT, simple), (OWNER_WEIGHT, owner)):
        for term in wanted.of_name(name):
            terms[term] = terms.get(term, 0.0) + weight
    return Chunk(number, definition, terms, found, body)


def score_chunks(files: Sequence[FileText], query: Query, idf: Mapping[str, float], names: Sequence[str]) -> None:
    """Sets `chunk.scores[part]`, BM25 of each part of the query."""
    chunks = [chunk for file in files for chunk in file.chunks]
    lengths = [chunk.words.total() for chunk in chunks]
    mean = sum(lengths) / max(1, len(chunks)) or 1.0
    weights = {
        term: [
            (name, part[term] * idf.get(term, 0.0))
            for name, part in zip(names, query.fields, strict=True)
            if term in part
        ]
        for term in query.terms
    }
    for chunk, length in zip(chunks, lengths, strict=True):
        norm = K1 * (1 - B + B * length / mean)
        scores = chunk.scores = dict.fromkeys(names, 0.0)
        for term in sorted(chunk.terms):
            count = chunk.terms[term]
            saturated = count / (norm + count)
            for name, weight in weights[term]:
                scores[name] += weight * saturated


def _pasted_lines(issue: Issue) -> frozenset[str]:
    lines = {frame.source for frame in issue.frames}
    for segment in issue.segments:
        lines |= {line.strip().removeprefix("E ").strip() for line in segment.text.split("\n")}
    stripped = {re.sub(r"^(?:-+>\s*)?\d+ ", "", line).strip() for line in lines} | {
        line.lstrip("+->").strip() for line in lines
    }
    return frozenset(
        line for line in lines | stripped if len(line) >= MIN_QUOTED and not line.startswith(("import ", "from "))
    )


_HOLE = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`|\{[^}]*\}|<[^>]*>|%[sdr]|\b\d[\d.]*\b|\b0x\w+")


def fragments(issue: Issue) -> list[str]:
    """Runs of three words of messages, quotations and the title, as they would stand in a string literal."""
    texts = [error.message for error in issue.error_messages] + list(issue.quotations) + [issue.title]
    texts += [line for line in issue.field("output").split("\n") if 3 <= len(line.split()) <= 25][:20]
    found: dict[str, None] = {}
    for text in texts:
        for piece in _HOLE.split(text):
            tokens = piece.split()
            for start in range(len(tokens) - 2):
                found[" ".join(tokens[start : start + 3]).strip(".,:;!?()")] = None
    return list(found)[:MAX_FRAGMENTS]


def literal_matches(
    files: Sequence[FileText], wanted: Sequence[str], total: int
) -> tuple[dict[int, float], dict[str, list[int]]]:
    """Per file number, the sum over the fragments it holds of `ln(1 + n / holders)`; and who holds a fragment."""
    holders = {fragment: [file.number for file in files if fragment in file.text] for fragment in wanted}
    holders = {fragment: numbers for fragment, numbers in holders.items() if numbers}
    scores: dict[int, float] = {}
    for numbers in holders.values():
        for number in numbers:
            scores[number] = scores.get(number, 0.0) + math.log(1 + total / len(numbers)) / math.sqrt(len(numbers))
    return scores, holders


def spelled_codes(files: Sequence[FileText], codes: Sequence[str]) -> dict[int, float]:
    """Per file number, the best `1 / files` of a code of an error that it holds as a whole string."""
    scores: dict[int, float] = {}
    for code in codes:
        numbers = [file.number for file in files if f'"{code}"' in file.text or f"'{code}'" in file.text]
        for number in numbers:
            scores[number] = max(scores.get(number, 0.0), 1 / len(numbers))
    return scores
