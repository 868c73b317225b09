"""A segment: the inverted index of a batch of blobs, built once and never changed.

A posting is one 64-bit integer: the ordinal of the document in its segment (16 bits) and four counts of 12 bits, one
per field, saturating. Definitions are posted under `=name`, with the counts saying how often a file defines it.
"""

from __future__ import annotations

import zlib
from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tools.localization.languages import BY_NAME
from tools.localization.lexis import TERMS, split_source, words
from tools.localization.tags import Tags, extract, is_generated

EXTRACTOR = 2
FIELDS = ("name", "code", "comment", "string")
COUNT_BITS = 12
COUNT_MASK = (1 << COUNT_BITS) - 1
ORDINAL_SHIFT = COUNT_BITS * len(FIELDS)
MAX_DOCUMENTS = 1 << 16
MAX_LEXICAL = 600_000


@dataclass(frozen=True)
class Document:
    """What is kept of one blob: its field lengths in words and its packed tags."""

    blob: str
    language: str
    lengths: tuple[int, int, int, int]
    tags: bytes


class Postings(dict[str, "array[int]"]):
    """Arrays of postings by term, made on first use."""

    def __missing__(self, term: str) -> array[int]:
        made = self[term] = array("Q")
        return made


@dataclass
class Segment:
    """Documents in order and, per term, their postings; at most 65,536 documents."""

    documents: list[Document] = field(default_factory=list)
    postings: Postings = field(default_factory=Postings)

    def add(self, blob: str, language: str, source: bytes) -> None:
        """Indexes one blob; whatever its bytes, it becomes a document."""
        ordinal = len(self.documents) << ORDINAL_SHIFT
        tags = extract(source, language)
        fields = field_words(source, language, tags)
        names = fields[0]
        packed: dict[str, int] = {
            "=" + name: ordinal | min(count, COUNT_MASK) for name, count in Counter(names).items()
        }
        for number, found in enumerate(fields):
            _count(packed, found, ordinal, number * COUNT_BITS)
        postings = self.postings
        for term, value in packed.items():
            postings[term].append(value)
        lengths = (len(fields[0]), len(fields[1]), len(fields[2]), len(fields[3]))
        self.documents.append(Document(blob, language, lengths, zlib.compress(tags.packed().encode(), 1)))


def _count(packed: dict[str, int], found: list[str], ordinal: int, shift: int) -> None:
    """Adds the terms of `found` to the packed counts of a document."""
    get = packed.get
    terms = TERMS
    for word, count in Counter(found).items():
        added = count << shift
        for term in terms[word]:
            packed[term] = get(term, ordinal) + added
    if len(found) > COUNT_MASK // 4:
        _saturate(packed, found, ordinal, shift)


def _saturate(packed: dict[str, int], found: list[str], ordinal: int, shift: int) -> None:
    """Counts again the terms whose count may have run over into the next field."""
    totals: Counter[str] = Counter()
    for word, count in Counter(found).items():
        for term in TERMS[word]:
            totals[term] += count
    for term, total in totals.items():
        if total > COUNT_MASK:
            packed[term] += (COUNT_MASK - total) << shift


def field_words(source: bytes, language: str, tags: Tags) -> tuple[list[str], list[str], list[str], list[str]]:
    """The words of the four fields: defined names, code, comments and docstrings, strings."""
    if b"\0" in source[:8000]:
        return [], [], [], []
    if is_generated(source):
        return [], words(source[:MAX_LEXICAL].decode("utf-8", "replace")), [], []
    code, comments, strings = split_source(source.decode("utf-8", "replace"), BY_NAME[language].style)
    return [definition.simple for definition in tags.definitions], words(code), words(comments), words(strings)


def build(blobs: Iterable[tuple[str, str, bytes]]) -> Segment:
    """A segment of `(blob id, language, source)`."""
    segment = Segment()
    for blob, language, source in blobs:
        segment.add(blob, language, source)
    return segment
