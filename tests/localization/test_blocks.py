import sqlite3
from array import array
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.localization.blocks import BLOCK_TERMS, Block, BrokenBlock, pack
from tools.localization.cache import Cache
from tools.localization.lexis import count_words, token_word, tokens, words
from tools.localization.segment import Segment, parse

POSTINGS = {f"term{number}": array("I", range(number % 5)) for number in range(3 * BLOCK_TERMS)}
PARTS = {term: [postings[:2], postings[2:]] for term, postings in POSTINGS.items()}


def test_blocks_return_what_was_packed() -> None:
    blocks = [(first, Block(data)) for first, data in pack(PARTS)]
    assert [first for first, _ in blocks] == sorted(POSTINGS)[::BLOCK_TERMS]
    found = {term: block.postings(term) for _, block in blocks for term in POSTINGS if block.postings(term)}
    assert found == {term: postings for term, postings in POSTINGS.items() if postings}
    assert not blocks[0][1].postings("absent")


@pytest.mark.parametrize("broken", [b"", b"\x01", b"\xff" * 40, next(data for _, data in pack(PARTS))[:-4]])
def test_a_broken_block_is_told_from_one(broken: bytes) -> None:
    with pytest.raises(BrokenBlock):
        Block(broken)


def test_a_broken_block_in_the_cache_is_an_error_of_the_database(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    segment = Segment()
    segment.add(parse("0" * 40, "python", b"def handle(): pass\n"))
    cache.write(segment)
    assert [list(found) for _, found in cache.postings("=handle", [1])] == [[1]]
    assert cache.path
    with sqlite3.connect(cache.path) as connection:
        connection.execute("UPDATE blocks SET data = substr(data, 1, length(data) - 1)")
    with pytest.raises(sqlite3.DatabaseError):
        list(Cache(tmp_path).postings("=handle", [1]))


def test_counts_saturate_and_lengths_do_not() -> None:
    segment = Segment()
    segment.add(parse("0" * 40, "python", b"value = 1\n" * 5000))
    assert segment.documents[0].lengths == (5000, 5000, 0, 0)
    assert [list(part) for part in segment.postings()["value"]] == [[4095], [1 << 12 | 4095]]


@given(st.text(alphabet="aZ_09 .é#\n", max_size=40))
def test_tokens_hold_the_words(text: str) -> None:
    assert [word for token in tokens(text) if (word := token_word(token))] == words(text)
    assert count_words(text) == Counter(words(text))
