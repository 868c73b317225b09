"""From the text of an issue to its parts."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator
from typing import TypeVar

from tools.issues.frames import find_errors, find_frames
from tools.issues.model import Issue, Segment
from tools.issues.places import EXTENSIONS, LINK, PATH, URL, find_places
from tools.issues.segments import segment_body, strip_prompts, without_markup

MAX_TEXT = 400_000
Item = TypeVar("Item", bound=Hashable)

_PATH = re.compile(PATH)
_DOTTED = re.compile(r"(?<![\w.@/])([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)")
_INLINE = re.compile(r"(?<!`)(`{1,2})(?!`)([^`\n]{1,300})\1(?!`)")
_QUOTED = re.compile(r"(?<!\w)[\"“”‘’']([^\"“”‘’'\n]{2,200})[\"“”‘’'](?!\w)")
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
_CODE_WORD = re.compile(
    r"(?<![\w.])(_*[A-Za-z]\w*?(?:_\w+|[a-z0-9][A-Z]\w*)|__\w+__|[A-Z]{2,}[a-z]\w+|[A-Za-z_]\w*(?=\())(?!\w)"
)
_ERROR_CODE = re.compile(r"(?<![\w-])((?:[a-z_]+\.)?[A-Z]{1,5}-?\d{3,5}|[a-z_]+\.[EWCIDF]\d{3})(?![\w-])")
_IMPORT_FROM = re.compile(r"^\s*from\s+([\w.]+)\s+import\s+\(?([^)#\n]+)", re.M)
_IMPORT = re.compile(r"^\s*import\s+([\w.]+(?:\s+as\s+\w+)?(?:\s*,\s*[\w.]+(?:\s+as\s+\w+)?)*)", re.M)
_DEFINED = re.compile(
    r"^\s*(?:(?:async\s+)?def|class|function|func|fn|struct|interface|type|enum)\s+([A-Za-z_]\w*)"
    r"|^\s*(?:(?:const|let|var)\s+)?([A-Za-z_]\w*)(?:\s*,\s*[A-Za-z_]\w*)*\s*=(?!=)",
    re.M,
)
_TITLE_MARKUP = re.compile(r"^[#=\s*>-]+|[#=*\s]+$")


def parse_issue(text: str) -> Issue:
    """Takes the text of an issue apart; never fails, whatever the text.

    Args:
        text: title on the first line, body after it. Cut at 400,000 characters.

    Returns:
        The parts; everything is empty for an empty text.
    """
    text = text[:MAX_TEXT].replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    clean = without_markup(text)
    lines = clean.split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    title = _TITLE_MARKUP.sub("", lines[first]) if lines else ""
    body = "\n".join(lines[first + 1 :])
    segments = tuple(segment_body(body, first + 2))
    prose = title + "\n" + _joined(segments, "prose")
    code = strip_prompts(_joined(segments, "code"))
    told = "\n".join((prose, code, _joined(segments, "output"), _joined(segments, "traceback")))
    inline = [match[2].strip() for match in _INLINE.finditer(prose)]
    quoted = [match[1].strip() for match in _QUOTED.finditer(_INLINE.sub(" ", prose))]
    frames = tuple(find_frames(clean))
    framed = {(frame.path, frame.line) for frame in frames}
    defined = frozenset(name for match in _DEFINED.finditer(code) for name in match.groups() if name)
    return Issue(
        text=text,
        title=title,
        body=body,
        segments=segments,
        frames=frames,
        places=_unique(place for place in find_places(prose) if (place.path, place.first) not in framed),
        paths=_unique([*(frame.path for frame in frames), *_paths(told)]),
        dotted_names=_unique(_dotted(URL.sub(" ", told))),
        said_names=_unique(_dotted(URL.sub(" ", prose))),
        imports=_unique(_imports(code + "\n" + prose)),
        code_names=_unique(name for piece in (*inline, *quoted) for name in _names(piece)),
        identifiers=_unique(match[1] for match in _CODE_WORD.finditer(URL.sub(" ", prose))),
        error_messages=tuple(find_errors(clean, prose)),
        error_codes=_unique(match[1] for match in _ERROR_CODE.finditer(URL.sub(" ", told))),
        defined_names=defined,
        quotations=_unique(piece for piece in (*inline, *quoted) if " " in piece),
    )


def _joined(segments: Iterable[Segment], kind: str) -> str:
    return "\n".join(segment.text for segment in segments if segment.kind == kind)


def _unique(items: Iterable[Item]) -> tuple[Item, ...]:
    return tuple(dict.fromkeys(items))


def _paths(text: str) -> Iterator[str]:
    for match in LINK.finditer(text):
        yield match[1]
    for match in _PATH.finditer(URL.sub(" ", text)):
        yield match[1].replace("\\", "/")


def _dotted(text: str) -> Iterator[str]:
    for match in _DOTTED.finditer(text):
        name = match[1]
        if name.rpartition(".")[2].lower() not in _NOT_NAMES and name.partition(".")[0] not in {"e", "i"}:
            yield name


_NOT_NAMES = frozenset(EXTENSIONS.split("|")) - {"r", "c", "h"} | {"com", "org", "net", "io"}


def _imports(code: str) -> Iterator[tuple[str, str]]:
    for match in _IMPORT_FROM.finditer(code):
        for part in match[2].split(","):
            name = part.strip().split(" ")[0]
            if _IDENTIFIER.fullmatch(name):
                yield match[1], name
    for match in _IMPORT.finditer(code):
        for part in match[1].split(","):
            yield part.strip().split(" ")[0], ""


def _names(piece: str) -> Iterator[str]:
    """Identifiers of an inline code span or a quotation short enough to be a name or a call."""
    if len(piece.split()) <= 6:
        for match in _IDENTIFIER.finditer(piece):
            if len(match[0]) > 1:
                yield match[0]
