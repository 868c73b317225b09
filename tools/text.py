"""The text of files: as lines that can be edited and written back with every untouched byte as it was."""

from __future__ import annotations

import codecs
import io
import re
import tokenize
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

MAX_FILE_BYTES = 4 * 1024 * 1024
_SNIFF = 8192
# beyond this many lines lines that are everywhere no longer guide the comparison
_EXACT_LINES = 2000
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LINE = re.compile(r"([^\r\n]*)(\r\n|\n|\r|\Z)")
_NEWLINE = re.compile(r"\r\n?")
_PYTHON = (".py", ".pyi", ".pyw")


class BinaryFile(Exception):
    """The content is not text."""


@dataclass(frozen=True)
class Line:
    """One line and what ended it: LF, CRLF, CR, or nothing at the end of the file."""

    text: str
    ending: str


@dataclass(frozen=True)
class SourceText:
    """The lines of a file and how they are written.

    Attributes:
        lines: in order; the last one has an empty ending when the file does not end with a newline.
        encoding: the codec that turns the lines into the bytes, exactly.
        errors: the error handler of the codec.
        bom: the byte order mark in front.
    """

    lines: tuple[Line, ...]
    encoding: str = "utf-8"
    errors: str = "strict"
    bom: bytes = b""

    @classmethod
    def decode(cls, data: bytes, path: str = "") -> SourceText:
        """Reads `data` by its byte order mark, its PEP 263 cookie, as UTF-8, or as what loses nothing.

        Raises:
            BinaryFile: there is a NUL byte in text that is not UTF-16 or UTF-32.
        """
        text, encoding, errors, bom = _decoded(data, path)
        return cls(split_lines(text), encoding, errors, bom)

    def encode(self, path: str = "") -> bytes:
        """The bytes of the file; follows a PEP 263 cookie that the lines themselves changed.

        Raises:
            UnicodeEncodeError: the encoding of the file has no such character.
        """
        text = "".join(line.text + line.ending for line in self.lines)
        cookie = _cookie(text.encode("utf-8", "replace"), path)
        if cookie and not self.bom and codecs.lookup(cookie) != codecs.lookup(self.encoding):
            return text.encode(cookie)
        return self.bom + text.encode(self.encoding, self.errors)

    @property
    def texts(self) -> list[str]:
        """The lines without their endings."""
        return [line.text for line in self.lines]

    @property
    def ending(self) -> str:
        """The line ending most lines have; LF when there is none."""
        counts = Counter(line.ending for line in self.lines if line.ending)
        return max(sorted(counts), key=lambda ending: counts[ending], default="\n")

    def replaced(self, changes: Sequence[tuple[int, int, Sequence[str]]]) -> SourceText:
        """The text with ranges of lines replaced.

        New lines end as the lines they replace, or as their neighbour does; a file without a newline at its end
        stays so.

        Args:
            changes: (first, behind, new lines), 0-based, sorted and not overlapping.
        """
        lines = list(self.lines)
        tail_deleted = any(behind == len(lines) and not texts for _, behind, texts in changes)
        no_newline = bool(lines) and not lines[-1].ending and not tail_deleted
        for first, behind, texts in reversed(changes):
            old = lines[first:behind]
            neighbours = [line.ending for line in lines[max(first - 1, 0) : behind + 1] if line.ending]
            fallback = neighbours[-1] if neighbours else self.ending
            if old and old[-1].ending:
                fallback = old[-1].ending
            lines[first:behind] = [
                Line(text, (old[index].ending if index < len(old) else "") or fallback)
                for index, text in enumerate(texts)
            ]
        dominant = self.ending
        lines = [line if line.ending else Line(line.text, dominant) for line in lines]
        if lines and no_newline:
            lines[-1] = Line(lines[-1].text, "")
        return SourceText(tuple(lines), self.encoding, self.errors, self.bom)


def split_lines(text: str) -> tuple[Line, ...]:
    """Splits at LF, CRLF and CR only, unlike str.splitlines."""
    lines = []
    for match in _LINE.finditer(text):
        if match.start() == len(text):
            break
        lines.append(Line(match[1], match[2]))
    return tuple(lines)


def plain_lines(text: str) -> list[str]:
    """The lines of `text` without endings."""
    return [line.text for line in split_lines(text)]


def line_changes(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int, list[str]]]:
    """The ranges of `old` to replace to get `new`: (first, behind, new lines), 0-based."""
    head = common_head(old, new)
    tail = common_head(old[head:][::-1], new[head:][::-1])
    # what is alike at both ends is most of a file, and the matcher is quadratic
    before, after = old[head : len(old) - tail], new[head : len(new) - tail]
    matcher = SequenceMatcher(None, before, after, autojunk=max(len(before), len(after)) > _EXACT_LINES)
    return [
        (head + i1, head + i2, list(new[head + j1 : head + j2]))
        for tag, i1, i2, j1, j2 in matcher.get_opcodes()
        if tag != "equal"
    ]


def common_head(a: Sequence[str], b: Sequence[str]) -> int:
    """How many lines the two begin with alike."""
    return next((index for index, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def readable(data: bytes, path: str = "") -> str:
    r"""The text of a file for eyes and parsers: LF endings, bytes that are no text as \xNN.

    Raises:
        BinaryFile: the content is not text.
    """
    text, _, errors, _ = _decoded(data, path)
    if "\r" in text:
        text = _NEWLINE.sub("\n", text)
    if errors == "strict":
        return text
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _decoded(data: bytes, path: str) -> tuple[str, str, str, bytes]:
    """(text, encoding, error handler, byte order mark) such that encoding gives the same bytes."""
    bom, candidates = _candidates(data, path)
    body = data[len(bom) :]
    if b"\0" in body[:_SNIFF] and not candidates[0][0].startswith(("utf-16", "utf-32")):
        raise BinaryFile(path)
    for encoding, errors in candidates:
        try:
            text = body.decode(encoding, errors)
            if (encoding, errors) == ("utf-8", "strict") or text.encode(encoding, errors) == body:
                return text, encoding, errors, bom
        except (UnicodeError, LookupError):
            continue
    return body.decode("latin-1"), "latin-1", "strict", bom


def _candidates(data: bytes, path: str) -> tuple[bytes, list[tuple[str, str]]]:
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return bom, [(encoding, "strict"), (encoding, "surrogateescape")]
    found = [("utf-8", "strict")]
    cookie = _cookie(data, path)
    if cookie:
        found.insert(0, (cookie, "strict"))
    # a file with some valid multi-byte characters is UTF-8 with stray bytes; with none it is an 8-bit encoding
    if re.search(rb"[\xc2-\xf4][\x80-\xbf]", data):
        found.append(("utf-8", "surrogateescape"))
    return b"", found


def _cookie(data: bytes, path: str) -> str:
    if not path.endswith(_PYTHON) or b"coding" not in b"".join(data.splitlines(keepends=True)[:2]):
        return ""
    try:
        return tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    except (SyntaxError, UnicodeError):
        return ""
