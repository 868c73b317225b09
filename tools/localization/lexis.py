"""Terms: how identifiers, comments and strings become what the lexical index counts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

# Possessive throughout: no pattern can match in two ways, and the engine need not remember where it could go back to.
_STRING = r'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"|\'[^\'\\\n]*+(?:\\.[^\'\\\n]*+)*+\''
_C_COMMENT = r"/\*[^*]*+\*++(?:[^/*][^*]*+\*++)*+/"
_STYLES = {
    "python": (
        r'#[^\n]*+|"""[^"\\]*+(?:(?:\\.|"(?!""))[^"\\]*+)*+"""'
        rf"|\'\'\'[^\'\\]*+(?:(?:\\.|\'(?!\'\'))[^\'\\]*+)*+\'\'\'|{_STRING}"
    ),
    "c": rf"//[^\n]*+|{_C_COMMENT}|{_STRING}|`[^`\\]*+(?:\\.[^`\\]*+)*+`",
    "php": rf"(?://|#(?!\[))[^\n]*+|{_C_COMMENT}|{_STRING}",
    "ruby": rf"#(?!\{{)[^\n]*+|^=begin.*?^=end|{_STRING}",
    "plain": rf"//[^\n]*+|#[^\n]*+|--[^\n]*+|{_C_COMMENT}|{_STRING}",
}
_SPLITTERS = {style: re.compile(f"({pattern})", re.S | re.M) for style, pattern in _STYLES.items()}
_COMMENT_STARTS = ("#", "/*", "//", '"""', "'''", "--", "=begin")

WORD = re.compile(r"[^\W\d]\w+")
_ASCII_WORD = re.compile(r"[A-Za-z_]\w+", re.A)
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W_A-Za-z0-9]+")
_MAX_WORD = 80
_Value = TypeVar("_Value")


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


KEYWORDS = _set(
    "self def return import from if else elif for in not is and or none true false class pass raise try "
    "except with as lambda yield this function const let var new null void public private static int bool "
    "string end func fn type struct use pub mut impl include define namespace using override final "
    "extends implements package undefined async await"
)
STOPWORDS = _set(
    "a an the and or but if of at by for with about against between into through during before after "
    "above below to from up down in out on off over under again further then once here there when where "
    "why how all any both each few more most other some such no nor not only own same so than too very "
    "can will just should now is are was were be been being have has had having do does did doing would "
    "could i me my we our you your he him his she her it its they them their what which who whom this "
    "that these those am as also however instead like using use used uses get gets got one two way want "
    "need seems see code example following result expected actual behavior behaviour description bug "
    "issue problem version reproduce steps output error errors please thanks hi hello work works working "
    "make makes think still even because since may might must e.g i.e etc"
)


def split_source(text: str, style: str) -> list[str]:
    """Splits source into pieces, code at even places, comments and strings at odd ones; one pass in C."""
    return _SPLITTERS[style].split(text)


def text_fields(pieces: Sequence[str]) -> tuple[str, str, str]:
    """The code of the pieces of a source, its comments with docstrings, and its other strings."""
    literals = pieces[1::2]
    comments = [piece for piece in literals if piece.startswith(_COMMENT_STARTS)]
    strings = [piece for piece in literals if not piece.startswith(_COMMENT_STARTS)]
    return " ".join(pieces[0::2]), "\n".join(comments), "\n".join(strings)


def words(text: str) -> list[str]:
    """The words of `text` that have at least two characters and start with a letter or underscore."""
    return (_ASCII_WORD if text.isascii() else WORD).findall(text)


_SEPARATED = bytes(code if chr(code).isalnum() or chr(code) == "_" else ord(" ") for code in range(128)).ljust(256)


def tokens(text: str) -> list[str]:
    """Runs of letters, digits and underscores, cheaper than `words`: `token_word` says which of them are words."""
    return text.encode().translate(_SEPARATED).decode().split() if text.isascii() else WORD.findall(text)


def token_word(token: str) -> str:
    """The word in a token, without leading digits; empty when there is none."""
    word = token.lstrip("0123456789")
    return word if len(word) > 1 else ""


def count_words(text: str) -> Counter[str]:
    """How often each of `words` is in `text`, in less time."""
    counts = Counter(tokens(text))
    for token in [token for token in counts if token[0] <= "9" or len(token) == 1]:
        count = counts.pop(token)
        if word := token_word(token):
            counts[word] += count
    return counts


def split_word(word: str) -> tuple[str, ...]:
    """The terms of one identifier or word: its stemmed parts, and the whole in lower case when it is a compound.

    `get_QuerySets` -> `get`, `query`, `set`, `get_querysets`.
    """
    if len(word) > _MAX_WORD:
        return ()
    lower = word.lower()
    if lower in KEYWORDS:
        return ()
    if len(word) > 1 and word == lower and word.isascii() and word.isalpha():
        return (stem(word),)
    parts = _PARTS.findall(word)
    if len(parts) <= 1:
        return (stem(lower.strip("_")),) if len(lower.strip("_")) > 1 else ()
    return (*filter(None, map(_PARTS_TERMS.__getitem__, parts)), stem(lower.strip("_")))


def _part_term(part: str) -> str:
    """The term of one part of a compound; empty for a letter, a number and a keyword."""
    term = "" if len(part) < 2 or part.isdigit() else stem(part.lower())
    return "" if term in KEYWORDS else term


def stem(word: str) -> str:
    """A light stem: plurals and the commonest verb endings; `words` of four letters and more."""
    if len(word) < 4 or not word.isascii():
        return word
    for ending, least, replacement in _ENDINGS.get(word[-1], ()):
        if word.endswith(ending) and len(word) >= least:
            return word[: -len(ending)] + replacement
    return word


_ENDINGS = {
    "s": (
        ("sses", 6, "ss"),
        ("ies", 5, "y"),
        ("ss", 4, "ss"),
        ("us", 4, "us"),
        ("is", 4, "is"),
        ("es", 6, "e"),
        ("s", 4, ""),
    ),
    "g": (("ing", 7, ""),),
    "n": (("ation", 8, "at"),),
    "d": (("ed", 6, ""),),
    "e": (("e", 6, ""),),
}


class _Memory(dict[str, _Value]):
    """What a function says of words, remembered; forgets everything when full, so that memory stays bounded."""

    def __init__(self, function: Callable[[str], _Value]) -> None:
        self._function = function

    def __missing__(self, word: str) -> _Value:
        if len(self) >= _MAX_REMEMBERED:
            self.clear()
        found = self[word] = self._function(word)
        return found


_MAX_REMEMBERED = 150_000
_PARTS_TERMS = _Memory(_part_term)
TERMS = _Memory(split_word)


def terms_of(word: str) -> tuple[str, ...]:
    """As `split_word`, remembered."""
    return TERMS[word]


def path_terms(path: str) -> list[str]:
    """The terms of a path, of directories and of the file's name without its extension."""
    stemmed = path.rpartition(".")[0] or path
    return [term for word in re.findall(r"\w+", stemmed) for term in terms_of(word)]
