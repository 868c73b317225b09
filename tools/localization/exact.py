"""Names of an issue letter for letter in functions: to terms, which are stems in lower case, `__all__` is `all`."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Sequence

from tools.issues import Issue
from tools.localization.chunks import Chunk

Key = tuple[int, str, int]
_NAME = re.compile(r"[^\W\d]\w+")
MAX_NAMES = 200
SHORTEST = 3  # of the names in code: shorter ones are the reporter's variables


def exact_scores(chunks: Sequence[Chunk], issue: Issue) -> dict[str, dict[Key, float]]:
    """`exact_title`, by the names that the title says, and `exact_code`, by those in snippets; the best is 1."""
    said = {*issue.code_names, *issue.identifiers} | {part for name in issue.said_names for part in name.split(".")}
    title = set(_NAME.findall(issue.title)) & said
    code = {name for name in _NAME.findall(issue.field("code")) if len(name) >= SHORTEST}
    return {
        "exact_title": _held(chunks, title - issue.defined_names),
        "exact_code": _held(chunks, code - issue.defined_names),
    }


def _held(chunks: Sequence[Chunk], names: Collection[str]) -> dict[Key, float]:
    """Sums of `idf * count / (count + 1)`, divided by the largest."""
    wanted = frozenset(sorted(names)[:MAX_NAMES])
    held = [(chunk, sorted(chunk.words.keys() & wanted)) for chunk in chunks]
    frequency = Counter(name for _, found in held for name in found)
    rarity = {name: math.log(1 + (len(chunks) - count + 0.5) / (count + 0.5)) for name, count in frequency.items()}
    scores = {
        chunk.key: math.fsum(rarity[name] * chunk.words[name] / (chunk.words[name] + 1) for name in found)
        for chunk, found in held
        if found
    }
    top = max(scores.values(), default=1.0)
    return {key: score / top for key, score in scores.items()}
