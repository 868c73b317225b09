"""A segment: the inverted index of a batch of blobs, built once and never changed.

A posting is an integer of 30 bits: the ordinal of the document in its segment (16), the field (2), and how often one
word that has the term stands there (12, saturating). A document may have several postings of a term, one for each word
and field; adding them up is left to the reader, who wants few terms. Definitions are posted under `=name`.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from functools import partial

from tools.localization.bodies import without_bodies
from tools.localization.languages import BY_NAME
from tools.localization.lexis import TERMS, split_source, text_fields, token_word, tokens
from tools.localization.preprocessed import preprocessed
from tools.localization.tags import Tags, extract, is_generated

EXTRACTOR = 9
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
    """One blob with its tags, before its words are counted; in pieces of code at even places and literals at odd."""

    blob: str
    language: str
    tags: Tags
    pieces: list[str]


def parse(blob: str, language: str, source: bytes) -> Parsed:
    """Parses a blob; what is generated is not parsed, and what of it is text counts as code."""
    if is_generated(source):
        binary = b"\0" in source[:8000]
        return Parsed(blob, language, Tags(), [] if binary else [source[:MAX_LEXICAL].decode("utf-8", "replace")])
    text = source.decode("utf-8", "replace")
    pieces = split_source(text, BY_NAME[language].style)
    if language == "python" and "\ufffd" not in text:
        source = without_bodies(text, pieces).encode()
    grammar = language
    if language in {"c", "cpp"}:
        text, grammar = preprocessed(pieces, language)
        source = text.encode()
    return Parsed(blob, language, extract(source, grammar), pieces)


class _Tokens(dict[str, "array[int]"]):
    """Postings by token, made on first use; one array is shared by all tokens that are no words."""

    def __init__(self) -> None:
        super().__init__()
        self.wordless = array("I")

    def __missing__(self, token: str) -> array[int]:
        made = self[token] = array("I") if token_word(token) else self.wordless
        return made


@dataclass
class Segment:
    """Documents in order with the postings of their names and tokens; at most 65,536 documents."""

    documents: list[Document] = field(default_factory=list)
    _names: defaultdict[str, array[int]] = field(default_factory=lambda: defaultdict(partial(array, "I")))
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
        counted = Counter(found)
        posted = [*map(self._tokens.__getitem__, counted)]
        counts = counted.values()
        limited = counts if len(found) < COUNT_MASK else [min(count, COUNT_MASK) for count in counts]
        deque(map(array.append, posted, map(base.__or__, limited)), maxlen=0)  # a loop without a step of Python
        if not self._tokens.wordless:
            return len(found)
        del self._tokens.wordless[:]
        return len(found) - sum(
            count for postings, count in zip(posted, counts, strict=True) if postings is self._tokens.wordless
        )

    def postings(self) -> dict[str, list[array[int]]]:
        """The postings by term, in parts."""
        found: defaultdict[str, list[array[int]]] = defaultdict(list)
        for name, postings in self._names.items():
            found["=" + name].append(postings)
            for term in TERMS[name]:
                found[term].append(postings)
        for token, postings in self._tokens.items():
            if postings:
                for term in TERMS[token if token[0] > "9" else token_word(token)]:
                    found[term].append(postings)
        return found


def field_tokens(parsed: Parsed) -> tuple[list[str], list[str], list[str]]:
    """The tokens of code, of comments and docstrings, and of strings."""
    code, comments, strings = text_fields(parsed.pieces)
    return tokens(code), tokens(comments), tokens(strings)
