"""A segment: the inverted index of a batch of blobs, built once and never changed.

A posting is one 64-bit integer: the ordinal of the document in its segment (24 bits) and four saturating counts of
10 bits, one per field. Definitions are posted under `=name`, with the counts saying how often a file defines it.
"""

from __future__ import annotations

import zlib
from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tools.localization.languages import BY_NAME
from tools.localization.lexis import count_terms, split_source, terms_of, words
from tools.localization.tags import Tags, extract, is_generated

EXTRACTOR = 1
FIELDS = ("name", "code", "comment", "string")
COUNT_BITS = 10
COUNT_MASK = (1 << COUNT_BITS) - 1
ORDINAL_SHIFT = COUNT_BITS * len(FIELDS)
MAX_LEXICAL = 600_000


@dataclass(frozen=True)
class Document:
    """What is kept of one blob: its field lengths in terms and its packed tags."""

    blob: str
    language: str
    lengths: tuple[int, int, int, int]
    tags: bytes


@dataclass
class Segment:
    """Documents in order and, per term, their postings."""

    documents: list[Document] = field(default_factory=list)
    postings: dict[str, array[int]] = field(default_factory=dict)

    def add(self, blob: str, language: str, source: bytes) -> None:
        """Indexes one blob; whatever its bytes, it becomes a document."""
        ordinal = len(self.documents) << ORDINAL_SHIFT
        tags = extract(source, language)
        counts = field_counts(source, language, tags)
        packed: dict[str, int] = {}
        for number, counted in enumerate(counts):
            shift = number * COUNT_BITS
            for term, count in counted.items():
                packed[term] = packed.get(term, ordinal) | min(count, COUNT_MASK) << shift
        for name, count in Counter(definition.simple for definition in tags.definitions).items():
            packed["=" + name] = ordinal | min(count, COUNT_MASK)
        postings = self.postings
        for term, value in packed.items():
            found = postings.get(term)
            if found is None:
                postings[term] = array("Q", (value,))
            else:
                found.append(value)
        lengths = tuple(sum(counted.values()) for counted in counts)
        assert len(lengths) == 4
        self.documents.append(Document(blob, language, lengths, zlib.compress(tags.packed().encode(), 1)))


def field_counts(source: bytes, language: str, tags: Tags) -> tuple[Counter[str], ...]:
    """Term counts of the four fields: defined names, code, comments and docstrings, strings."""
    if b"\0" in source[:8000]:
        return Counter(), Counter(), Counter(), Counter()
    if is_generated(source):
        return Counter(), _counted(source[:MAX_LEXICAL].decode("utf-8", "replace")), Counter(), Counter()
    code, comments, strings = split_source(source.decode("utf-8", "replace"), BY_NAME[language].style)
    names: Counter[str] = Counter()
    for definition in tags.definitions:
        names.update(terms_of(definition.simple))
    return names, _counted(code), _counted(comments), _counted(strings)


def _counted(text: str) -> Counter[str]:
    return count_terms(Counter(words(text)).items())


def build(blobs: Iterable[tuple[str, str, bytes]]) -> Segment:
    """A segment of `(blob id, language, source)`."""
    segment = Segment()
    for blob, language, source in blobs:
        segment.add(blob, language, source)
    return segment
