"""The ladder: where in a file are the lines an edit quotes, when it quotes them not quite right."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from tools.edits.model import Rung

FUZZY_THRESHOLD = 85.0
# a second place this close to the best makes the best a guess
FUZZY_MARGIN = 6.0
FUZZY_MIN_CHARS = 24
# longer quotes are not searched for by likeness: it takes too long, and nobody misquotes so much by accident
_FUZZY_MAX_CHARS = 30_000
_FUZZY_MAX_LINES = 400
_FUZZY_SLACK = 2
_FUZZY_STARTS = 400
_FUZZY_COMPARISONS = 1_000_000
# below this two lines are not versions of each other
_LINE_SIMILARITY = 65.0


@dataclass(frozen=True)
class Match:
    """A place of quoted lines in a file.

    Attributes:
        rung: how it was found.
        start: first line of the file, 0-based.
        end: the line behind the last one.
        partners: for each quoted line its line in the file, or None when the file has no such line.
    """

    rung: Rung
    start: int
    end: int
    partners: tuple[int | None, ...]


def find_lines(lines: Sequence[str], wanted: Sequence[str]) -> list[Match]:
    """All places at the first certain rung that has any: exact, trailing space, relative indent.

    One match is the place; several are an ambiguity; none, and the lines are not there as quoted.
    """
    if not any(text.strip() for text in wanted):
        return []
    return _exact(lines, wanted) or _trailing_space(lines, wanted) or _indent(lines, wanted)


def closest(lines: Sequence[str], wanted: Sequence[str]) -> tuple[int, int] | None:
    """The range of lines (0-based, end exclusive) most like the quoted ones; None for an empty file."""
    best = _best_windows([text[:500] for text in lines], [text[:500] for text in wanted[:20]], cutoff=0.0)
    return (best[0][1], best[0][2]) if best else None


def _windows(lines: Sequence[str], wanted: Sequence[str], rung: Rung) -> list[Match]:
    size = len(wanted)
    first = wanted[0]
    wanted = list(wanted)
    return [
        Match(rung, start, start + size, tuple(range(start, start + size)))
        for start in range(len(lines) - size + 1)
        if lines[start] == first and list(lines[start : start + size]) == wanted
    ]


def _exact(lines: Sequence[str], wanted: Sequence[str]) -> list[Match]:
    return _windows(lines, wanted, Rung.EXACT)


def _trailing_space(lines: Sequence[str], wanted: Sequence[str]) -> list[Match]:
    return _windows([text.rstrip() for text in lines], [text.rstrip() for text in wanted], Rung.WHITESPACE)


def _indent(lines: Sequence[str], wanted: Sequence[str]) -> list[Match]:
    found = _windows([text.strip() for text in lines], [text.strip() for text in wanted], Rung.INDENT)
    return [match for match in found if _same_shape(lines[match.start : match.end], wanted)]


def _same_shape(window: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether the two indent alike: deeper, equal and shallower lines are so in both."""
    pairs = sorted({(width(text), width(ours)) for text, ours in zip(window, wanted, strict=True) if text.strip()})
    return all(a[0] < b[0] and a[1] < b[1] for a, b in itertools.pairwise(pairs))


def width(text: str) -> int:
    """Columns of the indentation, tabs to the next multiple of 8."""
    return len(leading(text).expandtabs(8))


def leading(text: str) -> str:
    """The white space in front."""
    return text[: len(text) - len(text.lstrip())]


def find_alike(lines: Sequence[str], wanted: Sequence[str]) -> list[Match]:
    """The places that are like the quoted lines: the best one, and all that are nearly as good."""
    size = len("".join(text.strip() for text in wanted))
    if size < FUZZY_MIN_CHARS or size > _FUZZY_MAX_CHARS or len(wanted) > _FUZZY_MAX_LINES:
        return []
    ranked = _best_windows(lines, wanted, cutoff=FUZZY_THRESHOLD)
    if not ranked:
        return []
    best = ranked[0]
    rivals = [
        other
        for other in ranked[1:]
        if (other[2] <= best[1] or other[1] >= best[2]) and other[0] > best[0] - FUZZY_MARGIN
    ]
    kept = [best]
    for rival in rivals:  # of overlapping windows one stands for the place
        if all(rival[2] <= other[1] or rival[1] >= other[2] for other in kept):
            kept.append(rival)
    matches = [_aligned(lines, wanted, start, end) for _, start, end in sorted(kept, key=lambda item: item[1])]
    return [match for match in matches if match is not None]


def _best_windows(lines: Sequence[str], wanted: Sequence[str], *, cutoff: float) -> list[tuple[float, int, int]]:
    """Windows of about the right size as (likeness 0..100, start, end), best first."""
    stripped = [text.strip() for text in lines]
    target = "\n".join(text.strip() for text in wanted)
    scored = []
    for start in _starts(stripped, [text.strip() for text in wanted]):
        for size in range(max(1, len(wanted) - _FUZZY_SLACK), len(wanted) + _FUZZY_SLACK + 1):
            end = start + size
            if end > len(lines):
                break
            score = fuzz.ratio(target, "\n".join(stripped[start:end]), score_cutoff=cutoff or None)
            if score >= cutoff:
                scored.append((score, start, end))
    return sorted(scored, key=lambda item: (-item[0], item[1], item[2]))


def _starts(lines: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Where it is worth to look: everywhere in a small file, else where rare lines of the quote put it."""
    if len(lines) <= _FUZZY_STARTS:
        return list(range(len(lines)))
    frequency = Counter(lines)
    places: dict[str, list[int]] = {}
    for index, text in enumerate(lines):
        places.setdefault(text, []).append(index)
    altered = sorted({text for text in wanted if text and text not in places}, key=lambda text: (-len(text), text))
    for text in altered[: _FUZZY_COMPARISONS // len(frequency)]:  # an altered line votes through the lines like it
        alike = [line for line in frequency if fuzz.ratio(text, line, score_cutoff=FUZZY_THRESHOLD)]
        places[text] = [index for line in alike for index in places[line]]
    votes: Counter[int] = Counter()
    for offset, text in enumerate(wanted):
        if not text or frequency[text] > _FUZZY_STARTS:
            continue
        for index in places.get(text, ()):
            for slack in range(-_FUZZY_SLACK, _FUZZY_SLACK + 1):
                votes[index - offset + slack] += 2 if slack == 0 else 1
    ranked = sorted((start for start in votes if 0 <= start < len(lines)), key=lambda start: (-votes[start], start))
    return sorted(ranked[:_FUZZY_STARTS])


def _aligned(lines: Sequence[str], wanted: Sequence[str], start: int, end: int) -> Match | None:
    """Pairs quoted lines with lines of the window so that the sum of likenesses is greatest (Needleman-Wunsch)."""
    # the best window can end a line too early, where the quote left one out
    start, end = max(0, start - _FUZZY_SLACK), min(len(lines), end + _FUZZY_SLACK)
    window = [text.strip() for text in lines[start:end]]
    quoted = [text.strip() for text in wanted]
    rows, columns = len(quoted), len(window)
    # blank pairs count a little, so that they pair up but never outweigh a line of code
    like = [[(1.0 if a == b == "" else fuzz.ratio(a, b)) for b in window] for a in quoted]
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            pair = like[i][j] + best[i + 1][j + 1] if _may_pair(quoted[i], window[j], like[i][j]) else -1.0
            best[i][j] = max(pair, best[i + 1][j], best[i][j + 1])
    partners: list[int | None] = [None] * rows
    i = j = 0
    while i < rows and j < columns:
        pair_ok = _may_pair(quoted[i], window[j], like[i][j])
        if pair_ok and best[i][j] == like[i][j] + best[i + 1][j + 1]:
            partners[i] = start + j
            i, j = i + 1, j + 1
        elif best[i][j] == best[i][j + 1]:
            j += 1
        else:
            i += 1
    paired = [partner for partner in partners if partner is not None]
    if not paired:
        return None
    return Match(Rung.FUZZY, paired[0], paired[-1] + 1, tuple(partners))


def _may_pair(a: str, b: str, likeness: float) -> bool:
    return a == b == "" or likeness >= _LINE_SIMILARITY
