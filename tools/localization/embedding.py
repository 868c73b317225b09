"""An optional signal: cosine similarity of the issue and the best candidates, by an embedding model passed in."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from tools.issues import Issue
from tools.localization.features import SecondLook

Embed = Callable[[list[str]], list[list[float]]]
FILES = 30
MAX_CHARACTERS = 6000


def embedding_scores(issue: Issue, second: SecondLook, embed: Embed) -> None:
    """Adds the signal `embedding` to the first files of `second`; one call of `embed` with the issue first.

    A file's text is its path, the names it defines and its head.
    """
    files = second.files[:FILES]
    texts = [_described(file.text, [chunk.definition.name for chunk in file.chunks]) for file in files]
    vectors = embed([issue.text[:MAX_CHARACTERS], *texts])
    similar = [cosine(vectors[0], vector) for vector in vectors[1:]]
    low, high = min(similar, default=0.0), max(similar, default=0.0)
    for file, score in zip(files, similar, strict=True):
        second.table[file.number]["embedding"] = (score - low) / (high - low) if high > low else 0.0


def _described(text: str, names: Sequence[str]) -> str:
    return (" ".join(names)[: MAX_CHARACTERS // 2] + "\n" + text)[:MAX_CHARACTERS]


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    """Cosine similarity; 0 when either is all zeros."""
    product = sum(a * b for a, b in zip(one, other, strict=True))
    size = math.sqrt(sum(a * a for a in one) * sum(b * b for b in other))
    return product / size if size else 0.0
