"""Postings as they are stored: terms in order, cut into blocks of some, so that a segment is few rows.

A block is the length of its terms in bytes (4), the terms joined by newlines, and in 32-bit integers of the machine
how many postings each term has and then the postings.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, chain

BLOCK_TERMS = 128


class BrokenBlock(ValueError):
    """Stored bytes are no block."""


def pack(postings: Mapping[str, Sequence[array[int]]]) -> Iterator[tuple[str, bytes]]:
    """The blocks of a segment, each with its first term; the postings of a term come in parts."""
    terms = sorted(postings)
    for start in range(0, len(terms), BLOCK_TERMS):
        some = terms[start : start + BLOCK_TERMS]
        found = [postings[term] for term in some]
        head = "\n".join(some).encode()
        lengths = array("I", [sum(map(len, parts)) for parts in found])
        yield some[0], b"".join((len(head).to_bytes(4, "little"), head, lengths, *chain.from_iterable(found)))


class Block:
    """A block read back."""

    def __init__(self, data: bytes) -> None:
        """Reads `data`; BrokenBlock when it is not what `pack` made."""
        end = 4 + int.from_bytes(data[:4], "little")
        numbers = array("I")
        try:
            terms = data[4:end].decode().split("\n")
            numbers.frombytes(data[end:])
        except ValueError as error:
            raise BrokenBlock(str(error)) from error
        ends = list(accumulate(numbers[: len(terms)], initial=len(terms)))
        if ends[-1] != len(numbers) or len(ends) != len(terms) + 1:
            raise BrokenBlock("a block of postings has another length than it says")
        self._numbers, self._ends = numbers, ends
        self._positions = {term: position for position, term in enumerate(terms)}

    def postings(self, term: str) -> array[int]:
        """The postings of `term`, empty when it is not here."""
        position = self._positions.get(term)
        return self._numbers[self._ends[position] : self._ends[position + 1]] if position is not None else array("I")
