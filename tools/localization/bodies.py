"""Python source without the bodies of its functions: no tag is in them, and they are most of what a parser reads.

A body becomes one `0` on its last line, indented as its first, and empty lines before it: every node outside keeps its
lines. Where a body's end is not certain from indentation and brackets, it stays.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_NESTED = r"[^()]*+(?:\([^()]*+(?:\([^()]*+\)[^()]*+)*+\)[^()]*+)*+"
_FUNCTION = re.compile(
    rf"^( *+)(?:async ++)?def ++\w++ *+(?:\[[^\[\]]*+\])?+ *+\({_NESTED}\)[^:\n]*+: *+\n(?: *+\n)*+"
    r"(\1 ++)(?=[^ \n])[^\n]*+(?:\n(?:\2[^\n]*+| *+(?=\n)))*+(?!\n\1 )",
    re.M,
)
_BRACKETS = (("(", ")"), ("[", "]"), ("{", "}"))


def without_bodies(text: str, pieces: Sequence[str]) -> str:
    """`text` with the bodies of functions cut out; as it is when it has tabs or other unusual space in its code.

    Args:
        text: Python source.
        pieces: the same, code at even places, comments and strings at odd ones.
    """
    masked = _masked(pieces)
    if "\t" in masked or "\r" in masked or "\f" in masked or "\0" in text:
        return text
    kept: list[str] = []
    at = 0
    for function in _FUNCTION.finditer(masked):
        start = function.start(2)
        body = masked[start : function.end()].rstrip(" \n")
        if body[-1] != "\\" and all(body.count(left) == body.count(right) for left, right in _BRACKETS):
            end = start + len(body)
            kept += (text[at:start], "\n" * text.count("\n", start, end), function[2], "0")
            at = end
    kept.append(text[at:])
    return "".join(kept)


def _masked(pieces: Sequence[str]) -> str:
    """Comments as spaces and strings as underscores, their newlines too: a line of it is no line within a string."""
    masked = list(pieces)
    masked[1::2] = [(" " if literal[0] == "#" else "_") * len(literal) for literal in pieces[1::2]]
    return "".join(masked)
