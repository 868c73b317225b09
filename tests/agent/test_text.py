"""Untrusted text on a terminal."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from agent.cli.text import counted, one_line, safe


@given(st.text())
def test_nothing_a_terminal_would_obey_remains(text: str) -> None:
    left = {unicodedata.category(character) for character in safe(text) if character not in "\n\t"}
    assert not left & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(st.text(), st.integers(2, 200))
def test_one_line_is_one_line_of_the_length(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert "\n" not in line


def test_escapes_and_bidirectional_tricks_are_shown() -> None:
    assert safe("a\x1b[31mb\u202ec") == "a\\x1b[31mb\\u202ec"


def test_one_is_no_plural() -> None:
    assert [counted(number, "node") for number in (0, 1, 2)] == ["0 nodes", "1 node", "2 nodes"]
