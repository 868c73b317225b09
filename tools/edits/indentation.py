"""Writing new lines with the indentation of the place they go to."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from functools import reduce
from math import gcd

from tools.edits.matching import leading, width


class Reindenter:
    """Translates indentation as an edit writes it into indentation as the file writes it.

    Learned from lines that are in both; what lies between or beyond the levels seen is built from the nearest one
    and the unit of the file.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]], others: Sequence[str] = ()) -> None:
        """Learns the levels.

        Args:
            pairs: (line of the edit, the same line in the file).
            others: more lines of the edit, which tell the size of its levels.
        """
        pairs = [(ours, theirs) for ours, theirs in pairs if ours.strip()]
        self._levels = {leading(ours): leading(theirs) for ours, theirs in pairs}
        ours = [text for text, _ in pairs] + [text for text in others if text.strip()]
        self._step = _unit(ours)
        self._unit = _file_unit([theirs for _, theirs in pairs], self._levels, self._step)

    def __call__(self, text: str) -> str:
        """The line as the file would indent it."""
        if not text.strip() or not self._levels:
            return text
        indent = leading(text)
        return self._translate(indent) + text[len(indent) :]

    def _translate(self, indent: str) -> str:
        if indent in self._levels:
            return self._levels[indent]
        columns = len(indent.expandtabs(8))
        shallower = [level for level in self._levels if len(level.expandtabs(8)) < columns]
        if shallower:
            base = max(shallower, key=lambda level: len(level.expandtabs(8)))
            rest = columns - len(base.expandtabs(8))
            return self._levels[base] + self._unit * (rest // self._step) + " " * (rest % self._step)
        base = min(self._levels, key=lambda level: len(level.expandtabs(8)))
        levels = (len(base.expandtabs(8)) - columns) // self._step
        target = self._levels[base]
        return target[: max(0, len(target) - levels * len(self._unit))]


def _unit(texts: Sequence[str]) -> int:
    """Columns of one level: what all differences between levels are multiples of."""
    widths = sorted({width(text) for text in texts})
    step = reduce(gcd, (b - a for a, b in itertools.pairwise(widths)), 0)
    return step if step > 1 else 4


def _file_unit(texts: Sequence[str], levels: dict[str, str], step: int) -> str:
    """What one level is in the file, from how its levels grow against those of the edit."""
    if any("\t" in leading(text) for text in texts):
        return "\t"
    pairs = sorted((len(ours.expandtabs(8)), len(theirs)) for ours, theirs in levels.items())
    for (ours_a, theirs_a), (ours_b, theirs_b) in itertools.pairwise(pairs):
        if ours_b > ours_a and theirs_b > theirs_a:
            return " " * max(1, (theirs_b - theirs_a) * step // (ours_b - ours_a))
    return " " * step
