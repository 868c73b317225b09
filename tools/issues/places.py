"""Lines of files that a person points at in words or by a link: `file.py:12`, "near line 12 of file.py", `#L12-L20`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tools.issues.model import Place

EXTENSIONS = (
    "py|pyx|pyi|pxd|js|jsx|mjs|cjs|ts|tsx|go|rs|java|kt|scala|c|h|cc|cpp|cxx|hpp|hh|cs|rb|php|swift|lua|ex|exs|erl|hs|ml|"
    "jl|r|pl|sh|html|css|scss|sql|vue|svelte|toml|cfg|ini|yml|yaml|json|rst|md|txt"
)
PATH = (
    r"(?:(?<![\w@./\\+-])|(?<![\w@])(?=[A-Za-z]:[/\\]))((?:[A-Za-z]:)?(?:[\w.~@+-]{0,255}[/\\]){0,64}"
    rf"[\w.@+-]{{0,255}}[\w+-]\.(?:{EXTENSIONS}))(?![\w/])"
)
"""From where a run of such characters begins and with names no longer than file systems allow, so that the time it
takes grows with the text and not with its square."""
LINK = re.compile(r"https?://\S+?/(?:blob|tree|raw|blame)/[^/\s]+/([\w./+-]+)(?:#L(\d+)(?:C\d+)?(?:-L?(\d+))?)?")
URL = re.compile(r"https?://\S+")

_SPAN = r"(\d{1,6})(?:\s{0,2}(?:-|–|to|through)\s{0,2}L?(\d{1,6}))?(?![\w.]*\w)"
_LINE = r"(?:lines?|ln\.?|l\.|L)\s{0,2}(?:numbers?|no\.?|nr\.?)?\s{0,2}[#:]?\s{0,2}"
_WHERE = "at|on|in|near|around|about|approximately|roughly|from|see|the|its|starting|somewhere|circa|~"
_TO = rf"[,;(\[@#-]?\s{{0,2}}(?:(?:{_WHERE})\s{{1,3}}){{0,4}}[`'\"*(]{{0,2}}{_LINE}"
_OF = r"(?:(?:of|in|from|at|inside|within|the|file|module|script|source|called|named)\s{1,3}){1,4}"
_AFTER = re.compile(rf"{PATH}[`'\"*_)\]]{{0,3}}\s{{0,2}}(?::|{_TO}){_SPAN}", re.I)
_BEFORE = re.compile(
    rf"(?<!\w){_LINE}[`'\"*]{{0,2}}{_SPAN}[`'\"*)]{{0,3}},?\s{{1,3}}{_OF}[`'\"*_(\[]{{0,3}}{PATH}", re.I
)


def find_places(text: str) -> Iterator[Place]:
    """The places in a person's words, in no particular order; a link that names no line is none."""
    for match in LINK.finditer(text):
        if match[2]:
            yield _place(match[1], match[2], match[3])
    bare = URL.sub(" ", text)
    for match in _AFTER.finditer(bare):
        yield _place(match[1], match[2], match[3])
    for match in _BEFORE.finditer(bare):
        yield _place(match[3], match[1], match[2])


def _place(path: str, first: str, last: str | None) -> Place:
    start, end = int(first), int(last or first)
    return Place(path.replace("\\", "/"), start, end if end >= start else start)
