"""C and C++ as their grammars can read them: without comments, conditionals, and macros in the place of keywords.

A grammar does not see what the preprocessor does to a text. Where two branches open the same brace, or a macro opens a
namespace, it loses what follows, and often the whole file. Everything that is left keeps its line.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

_DIRECTIVE = re.compile(r"^[ \t]*+#[ \t]*+(if|elif|else|endif)\w*+[^\n\\]*+(?:\\\n?[^\n\\]*+)*+", re.M)
_FILLED = re.compile(r"[^\n]+")
_STRING = re.compile(r'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"|\'[^\'\\\n]*+(?:\\.[^\'\\\n]*+)*+\'')
_MACRO = r"[A-Z][A-Z0-9]*+_[A-Z0-9_]++\b(?:\([^()\n]*+\))?+"
_START = r"(\n[ \t]*+(?:template[ \t]*+<[^;{}\n]*>[ \t]*+)?(?:[a-z]++[ \t]++)*+)"
_ALONE = re.compile(rf"{_START}(?:{_MACRO}[ \t]*+)++(?:(?=template\b)|(?=;?[ \t]*+\n(?![ \t]*+\{{|\w++[ \t]*+\()))")
_BEFORE = {
    "c": re.compile(rf"{_START}(?:{_MACRO}[ \t]++)+(?=[A-Za-z_]\w*+(?![ \t]*+\())"),  # the last may be the type
    "cpp": re.compile(rf"{_START}(?:{_MACRO}[ \t]++)++(?=[A-Za-z_~:(])"),
}
_PARAMETER = re.compile(r"(?<=[<,\n ])[A-Z][A-Z0-9]*+_[A-Z0-9_]++\([^()]*+(?:\([^()]*+\)[^()]*+)*+\)(?=>)")
_CPLUSPLUS = re.compile(
    r"\n[ \t]*+(?:template[ \t]*+<|namespace\b|class[ \t]++\w|using[ \t]++\w|(?:public|private|protected)[ \t]*+:)"
)


def preprocessed(pieces: Sequence[str], language: str) -> tuple[str, str]:
    """The source for a grammar, and which: a header that may be C is often C++.

    Args:
        pieces: of the source, code at even places, comments and strings at odd ones.
        language: `c` or `cpp`, by the name of the file.
    """
    bare = list(pieces)
    bare[1::2] = [" " + "\n" * piece.count("\n") if piece[0] == "/" else piece for piece in pieces[1::2]]
    text = _one_branch("\n" + "".join(bare))
    if _CPLUSPLUS.search(text):
        language = "cpp"
    text = _ALONE.sub(r"\1", _BEFORE[language].sub(r"\1", text))
    if language == "cpp":
        text = _PARAMETER.sub(lambda macro: "int" + "\n" * macro[0].count("\n"), text)
    return text[1:], language


def _one_branch(text: str) -> str:
    """`text` without the directives of conditionals; where a branch is no whole by itself only the first is left."""
    cut: list[tuple[int, int]] = []
    opened: list[list[tuple[int, int]]] = []
    for found in _DIRECTIVE.finditer(text):
        cut.append(found.span())
        if found[1] == "if":
            opened.append([found.span()])
        elif opened:
            opened[-1].append(found.span())
            if found[1] == "endif":
                marks = opened.pop()
                branches = [(left[1], right[0]) for left, right in itertools.pairwise(marks)]
                if len(branches) > 1 and not all(_whole(text[start:end]) for start, end in branches):
                    cut += branches[1:]
    kept: list[str] = []
    at = 0
    for start, end in sorted(cut):
        if end > at:
            kept += (text[at:start], _FILLED.sub("", text[max(start, at) : end]))
            at = end
    kept.append(text[at:])
    return "".join(kept)


def _whole(branch: str) -> bool:
    """Whether a branch holds nothing but directives, declarations and definitions."""
    bare = _STRING.sub("", branch.replace("\\\n", " ")).strip()
    last = bare.rpartition("\n")[2].lstrip()
    even = bare.count("{") == bare.count("}") and bare.count("(") == bare.count(")")
    return even and (not bare or last[0] == "#" or bare[-1] in ";}")
