"""Putting the new lines in place of the old ones, touching only the lines that differ."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from tools.edits.indentation import Reindenter
from tools.edits.matching import Match, leading
from tools.text import line_changes

Change = tuple[int, int, list[str]]


class Conflict(Exception):
    """The file lacks a line the edit changes, or has one in between that the edit does not know of."""


def changes(lines: Sequence[str], match: Match, before: Sequence[str], after: Sequence[str]) -> list[Change]:
    """The ranges of the file to replace so that what `before` turns into `after` happens at `match`.

    Lines that the edit keeps stay as the file has them, also where the quote was not quite right: a three-way merge
    with the quote as common ancestor.

    Args:
        lines: of the file.
        match: where `before` is.
        before: the quoted lines; as many as `match.partners`.
        after: the lines meant to be there.

    Returns:
        (first, behind, new lines), sorted, not overlapping; empty when nothing changes.

    Raises:
        Conflict: the edit would change a line the file does not have, or delete one it did not quote.
    """
    reindent = _reindenter(lines, match, before, after)
    found: list[Change] = []
    for i1, i2, texts in line_changes(before, after):
        if any(match.partners[index] is None and before[index].strip() for index in range(i1, i2)):
            raise Conflict
        first, behind = _range(match, i1, i2)
        new = [reindent(text) for text in texts]
        if list(lines[first:behind]) != new:
            found.append((first, behind, new))
    return found


def _range(match: Match, i1: int, i2: int) -> tuple[int, int]:
    known = [partner for partner in match.partners[i1:i2] if partner is not None]
    if known:
        for line, following in itertools.pairwise(known):
            if following != line + 1:
                raise Conflict
        return known[0], known[-1] + 1
    above = [partner for partner in match.partners[:i1] if partner is not None]
    below = [partner for partner in match.partners[i2:] if partner is not None]
    place = above[-1] + 1 if above else below[0]
    return place, place


def _reindenter(
    lines: Sequence[str], match: Match, before: Sequence[str], after: Sequence[str]
) -> Callable[[str], str]:
    pairs = [
        (quoted, lines[partner])
        for quoted, partner in zip(before, match.partners, strict=True)
        if partner is not None and quoted.strip()
    ]
    if all(leading(quoted) == leading(theirs) for quoted, theirs in pairs):
        return str
    return Reindenter(pairs, after)
