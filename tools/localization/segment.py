"""A segment: the inverted index of a batch of blobs, built once and never changed.

A posting is an integer of 30 bits: the ordinal of the document in its segment (16), the field (2), and how often one
word that has the term stands there (12, saturating). A document may have several postings of a term, one for each word
and field; adding them up is left to the reader, who wants few terms. Definitions are posted under `=name`.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import partial

from tools.localization.languages import BY_NAME
from tools.localization.lexis import TERMS, split_source, token_word, tokens
from tools.localization.tags import Tags, extract, is_generated

EXTRACTOR = 3
FIELDS = ("name", "code", "comment", "string")
COUNT_BITS = 12
COUNT_MASK = (1 << COUNT_BITS) - 1
FIELD_MASK = 3
ORDINAL_SHIFT = COUNT_BITS + 2
MAX_DOCUMENTS = 1 << 16
MAX_LEXICAL = 600_000


@dataclass(frozen=True)
class Document:
    """What is kept of one blob: its field lengths in words and its packed tags."""

    blob: str
    language: str
    lengths: tuple[int, int, int, int]
    tags: str


@dataclass(frozen=True)
class Parsed:
    """One blob with its tags, before its words are counted."""

    blob: str
    language: str
    source: bytes
    generated: bool
    tags: Tags


def parse(blob: str, language: str, source: bytes) -> Parsed:
    """Parses a blob; what is generated is not parsed."""
    generated = is_generated(source)
    return Parsed(blob, language, source, generated, Tags() if generated else extract(source, language))


def _no_postings() -> defaultdict[str, array[int]]:
    """Postings by term, made on first use."""
    return defaultdict(partial(array, "I"))


class _Tokens(dict[str, "array[int] | None"]):
    """Postings by token, made on first use; None for a token that is no word."""

    def __missing__(self, token: str) -> array[int] | None:
        made = self[token] = array("I") if token_word(token) else None
        return made


@dataclass
class Segment:
    """Documents in order with the postings of their names and tokens; at most 65,536 documents."""

    documents: list[Document] = field(default_factory=list)
    _names: defaultdict[str, array[int]] = field(default_factory=_no_postings)
    _tokens: _Tokens = field(default_factory=_Tokens)

    def add(self, parsed: Parsed) -> None:
        """Indexes one blob; whatever its bytes, it becomes a document."""
        ordinal = len(self.documents) << ORDINAL_SHIFT
        tags = parsed.tags
        names = Counter([definition.simple for definition in tags.definitions])
        for name, count in names.items():
            self._names[name].append(ordinal | min(count, COUNT_MASK))
        code, comments, strings = (
            self._post(found, ordinal | number << COUNT_BITS) for number, found in enumerate(field_tokens(parsed), 1)
        )
        lengths = (len(tags.definitions), code, comments, strings)
        self.documents.append(Document(parsed.blob, parsed.language, lengths, tags.packed()))

    def _post(self, found: list[str], base: int) -> int:
        """Posts the tokens of one field; returns how many of them are words."""
        length = len(found)
        posted = self._tokens
        for token, count in Counter(found).items():
            postings = posted[token]
            if postings is None:
                length -= count
            else:
                postings.append(base | (count if count < COUNT_MASK else COUNT_MASK))
        return length

    def postings(self) -> dict[str, array[int]]:
        """The postings by term."""
        found = _no_postings()
        for name, postings in self._names.items():
            found["=" + name] = postings
            for term in TERMS[name]:
                found[term].extend(postings)
        for token, posted in self._tokens.items():
            if posted is not None:
                for term in TERMS[token_word(token)]:
                    found[term].extend(posted)
        return found


def field_tokens(parsed: Parsed) -> tuple[list[str], list[str], list[str]]:
    """The tokens of code, of comments and docstrings, and of strings."""
    source = parsed.source
    if parsed.generated:
        binary = b"\0" in source[:8000]
        return [] if binary else tokens(source[:MAX_LEXICAL].decode("utf-8", "replace")), [], []
    code, comments, strings = split_source(source.decode("utf-8", "replace"), BY_NAME[parsed.language].style)
    return tokens(code), tokens(comments), tokens(strings)
