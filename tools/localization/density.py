"""How much of an issue a function holds, as a whole and in one place; a term counts once, whatever part it is of."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from tools.localization.chunks import K1, B, Chunk
from tools.localization.lexis import words
from tools.localization.query import Query

WINDOW = 10
LOOKED_INTO = 60
_PARTS = {"title": 1.0, "names": 0.7, "prose": 0.5, "code": 0.3, "output": 0.3, "trace": 0.3}

Key = tuple[int, str, int]


def whole_scores(
    chunks: Sequence[Chunk], query: Query, holding: Mapping[str, Sequence[str]]
) -> tuple[dict[Key, float], dict[Key, float]]:
    """BM25 of the whole issue, and the most that `WINDOW` words in a row hold of it; the best of each is 1.

    A term weighs as much as the part of the issue that says it most to the point, and by how few of `chunks` hold it.
    `holding` are words with the terms of the query in them. Only the best `LOOKED_INTO` by the first measure have the
    second.
    """
    held = Counter(term for chunk in chunks for term in chunk.terms)
    rarity = {term: math.log(1 + (len(chunks) - count + 0.5) / (count + 0.5)) for term, count in held.items()}
    weights = {term: weight * rarity[term] for term, weight in query.strengths(_PARTS).items() if term in rarity}
    lengths = [chunk.words.total() for chunk in chunks]
    mean = sum(lengths) / max(1, len(chunks)) or 1.0
    whole: dict[Key, float] = {}
    for chunk, length in zip(chunks, lengths, strict=True):
        norm = K1 * (1 - B + B * length / mean)
        whole[chunk.key] = math.fsum([weights[term] * count / (norm + count) for term, count in chunk.terms.items()])
    best = sorted(chunks, key=lambda chunk: (-whole[chunk.key], chunk.key))[:LOOKED_INTO]
    return _scaled(whole), _scaled({chunk.key: densest(words(chunk.text), holding, weights) for chunk in best})


def densest(spoken: Sequence[str], holding: Mapping[str, Sequence[str]], weights: Mapping[str, float]) -> float:
    """The largest sum of the weights of distinct terms in `WINDOW` consecutive words; `holding` has those of words."""
    hits = [
        (place, term)
        for place, word in enumerate(spoken)
        if word in holding
        for term in holding[word]
        if term in weights
    ]
    most = total = 0.0
    inside = dict.fromkeys(weights, 0)
    oldest = 0
    for place, term in hits:
        if not inside[term]:
            total += weights[term]
        inside[term] += 1
        while place - hits[oldest][0] >= WINDOW:
            left = hits[oldest][1]
            inside[left] -= 1
            if not inside[left]:
                total -= weights[left]
            oldest += 1
        most = max(most, total)
    return most


def _scaled(scores: dict[Key, float]) -> dict[Key, float]:
    top = max(scores.values(), default=0.0)
    return {key: score / top for key, score in scores.items()} if top > 0 else {}
