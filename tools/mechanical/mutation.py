"""One small edit of one file, as a replacement of bytes so that everything around it keeps its form."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """A candidate edit.

    Attributes:
        path: the file, relative to the repository's root.
        start: first byte that is replaced, in the file as UTF-8 (`Source.content`).
        end: the byte after the last one that is replaced.
        replacement: what stands there afterwards.
        template: the name of the repair template that made it.
        line: 1-based line of the statement that it edits.
        prior: how likely a fix has this form, given that the fault is in this statement; in (0, 1].
        score: suspiciousness of the statement times `prior`; proposals come in descending score.
    """

    path: str
    start: int
    end: int
    replacement: bytes
    template: str
    line: int
    prior: float
    score: float

    @property
    def key(self) -> tuple[str, int, int, bytes]:
        """Names the edit; two mutations of one source with equal keys are the same edit."""
        return (self.path, self.start, self.end, self.replacement)


def apply(source: bytes, *mutations: Mutation) -> bytes:
    """`source` with the mutations of its file made; their byte ranges refer to `source`.

    Raises:
        ValueError: two of the ranges overlap, or one lies outside of the source.
    """
    result, limit = source, len(source)
    for mutation in sorted(mutations, key=lambda each: (each.start, each.end), reverse=True):
        if not 0 <= mutation.start <= mutation.end <= limit:
            raise ValueError(f"bytes {mutation.start}-{mutation.end} overlap another edit or lie outside of the file")
        result = result[: mutation.start] + mutation.replacement + result[mutation.end :]
        limit = mutation.start
    return result
