"""BM25F over the fields of a file (Robertson, Zaragoza, Taylor: BM25 extension to multiple weighted fields, 2004).

`tf(t, d) = sum over fields f of w_f * count / (1 - b_f + b_f * length_f / mean length_f)`,
`score(q, d) = sum over terms of q(t) * idf(t) * tf / (k1 + tf)`, `idf = ln(1 + (N - n + 0.5) / (n + 0.5))`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from tools.localization.index import Index
from tools.localization.lexis import path_terms
from tools.localization.query import Query
from tools.localization.segment import COUNT_MASK, FIELDS

Scores = dict[int, float]


@dataclass(frozen=True)
class FieldWeights:
    """Weights and length normalisations of the fields name, code, comment, string and path."""

    k1: float = 1.6
    weights: tuple[float, float, float, float, float] = (3.0, 1.0, 1.2, 0.9, 4.0)
    b: tuple[float, float, float, float] = (0.5, 0.7, 0.7, 0.6)


@dataclass(frozen=True)
class LexicalScores:
    """Scores by file number: per part of the query over all fields, and per field over the whole query."""

    by_part: tuple[Scores, ...]
    by_field: dict[str, Scores]
    idf: dict[str, float]


class Bm25f:
    """The scorer of one index; terms of paths are counted here, all else comes from the postings."""

    def __init__(self, index: Index, weights: FieldWeights) -> None:
        self.index, self.weights = index, weights
        lengths = [file.stored.lengths for file in index.files]
        total = max(1, len(lengths))
        self._norms = []
        for number in range(len(FIELDS)):
            mean = sum(length[number] for length in lengths) / total or 1.0
            b, weight = weights.b[number], weights.weights[number]
            self._norms.append([weight / (1 - b + b * length[number] / mean) for length in lengths])
        self._paths: dict[str, list[tuple[int, int]]] = {}
        for file in index.files:
            for term, count in Counter(path_terms(file.path)).items():
                self._paths.setdefault(term, []).append((file.number, count))

    def score(self, query: Query) -> LexicalScores:
        """Scores every file that shares a term with the query."""
        parts: tuple[Scores, ...] = tuple({} for _ in query.fields)
        fields: dict[str, Scores] = {name: {} for name in (*FIELDS, "path")}
        idfs: dict[str, float] = {}
        total = len(self.index.files)
        for term in query.terms:
            matched, per_field = self._match(term)
            idf = math.log(1 + (total - len(matched) + 0.5) / (len(matched) + 0.5))
            idfs[term] = idf
            weights = [
                (scores, weight * idf)
                for scores, field in zip(parts, query.fields, strict=True)
                if (weight := field.get(term, 0.0))
            ]
            k1 = self.weights.k1
            for number, frequency in matched.items():
                saturated = frequency / (k1 + frequency)
                for scores, weight in weights:
                    scores[number] = scores.get(number, 0.0) + weight * saturated
            strongest = max(weight for _, weight in weights)
            for name, frequencies in per_field:
                scores = fields[name]
                for number, frequency in frequencies.items():
                    scores[number] = scores.get(number, 0.0) + strongest * frequency / (k1 + frequency)
        return LexicalScores(parts, fields, idfs)

    def _match(self, term: str) -> tuple[Scores, list[tuple[str, Scores]]]:
        """The weighted frequency of `term` per file, over all fields and per field."""
        matched: Scores = {}
        per_field: list[Scores] = []
        for field, norm in zip(self.index.counts(term), self._norms, strict=True):
            frequencies = {
                number: (count if count < COUNT_MASK else COUNT_MASK) * norm[number] for number, count in field.items()
            }
            for number, frequency in frequencies.items():
                matched[number] = matched.get(number, 0.0) + frequency
            per_field.append(frequencies)
        path: Scores = {}
        for number, count in self._paths.get(term, ()):
            path[number] = self.weights.weights[4] * count
            matched[number] = matched.get(number, 0.0) + path[number]
        return matched, [*zip(FIELDS, per_field, strict=True), ("path", path)]


def normalised(scores: Mapping[int, float]) -> Scores:
    """Divided by the largest, so that the best is 1."""
    top = max(scores.values(), default=0.0)
    return {number: score / top for number, score in scores.items()} if top > 0 else {}
