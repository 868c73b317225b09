"""What `propose` promises, held against real modules of the standard library."""

import ast
import bisect
import configparser
import csv
import difflib
import fractions
import heapq
import shlex
import string
import textwrap
from itertools import accumulate, pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.mechanical import Mutation, apply, propose
from tools.mechanical.source import Source


def functions(content: str) -> list[bytes]:
    """The sources of the functions and methods of a module, each as a file of its own."""
    found = [node for node in ast.walk(ast.parse(content)) if isinstance(node, ast.FunctionDef)]
    lines = content.split("\n")
    segments = [textwrap.dedent("\n".join(lines[node.lineno - 1 : node.end_lineno])) for node in found]
    return [segment.encode() + b"\n" for segment in segments if parses(segment)]


def parses(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


MODULES = (bisect, configparser, csv, difflib, fractions, heapq, shlex, string, textwrap)
FUNCTIONS = [source for module in MODULES for source in functions(Path(str(module.__file__)).read_text())]


@st.composite
def suspicious_functions(draw: st.DrawFn) -> tuple[bytes, dict[int, float]]:
    source = draw(st.sampled_from(FUNCTIONS))
    count = source.count(b"\n")
    scores = draw(st.lists(st.floats(0.05, 1), min_size=count, max_size=count))
    return source, dict(enumerate(scores, start=1))


def proposals(source: bytes, lines: dict[int, float], limit: int | None = None) -> list[Mutation]:
    return list(propose({"m.py": source}, {"m.py": lines}, limit=limit))


@settings(max_examples=80, deadline=None)
@given(suspicious_functions())
def test_every_edit_gives_another_program_that_parses(case: tuple[bytes, dict[int, float]]) -> None:
    source, lines = case
    seen = {ast.dump(ast.parse(source))}
    for mutation in proposals(source, lines, limit=60):
        after = ast.dump(ast.parse(apply(source, mutation)))
        assert after not in seen, "the program that was there, or that an earlier edit leads to"
        seen.add(after)


@settings(max_examples=20, deadline=None)
@given(suspicious_functions())
def test_scores_descend_and_ranges_are_minimal(case: tuple[bytes, dict[int, float]]) -> None:
    source, lines = case
    found = proposals(source, lines, limit=150)
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)
    for mutation in found:
        old = source[mutation.start : mutation.end]
        assert 0 <= mutation.start <= mutation.end <= len(source)
        assert 0 < mutation.prior <= 1
        assert old != mutation.replacement
        assert not old or not mutation.replacement or old[:1] != mutation.replacement[:1], "begins with what stays"
        assert not old or not mutation.replacement or old[-1:] != mutation.replacement[-1:], "ends with what stays"


@settings(max_examples=15, deadline=None)
@given(suspicious_functions(), st.randoms())
def test_the_order_depends_on_the_arguments_alone(case: tuple[bytes, dict[int, float]], random: Random) -> None:
    source, lines = case
    shuffled = list(lines.items())
    random.shuffle(shuffled)
    assert proposals(source, lines, limit=100) == proposals(source, dict(shuffled), limit=100)


def test_an_edit_of_a_crlf_file_with_a_byte_order_mark_keeps_the_rest() -> None:
    source = b"\xef\xbb\xbfdef f(a, b):\r\n    # \xc3\xa4\r\n    return '\xc3\xa4' if a < b else None\r\n"
    edits = {apply(source, each) for each in propose({"m.py": source}, {"m.py": {3: 1.0}})}
    assert source.replace(b"<", b"<=") in edits
    for edited in edits:
        ast.parse(edited)
        assert edited.startswith(b"\xef\xbb\xbfdef f(a, b")


def test_an_edit_of_a_file_in_another_encoding_keeps_it() -> None:
    text = "# -*- coding: cp1252 -*-\ndef f(a, b):\n    # caf\u00e9\n    return '\u20ac' if a < b else None\n"
    source = text.encode("cp1252")
    module = Source("m.py", source)
    edits = {module.edited(each) for each in propose({"m.py": source}, {"m.py": {4: 1.0}})}
    assert source.replace(b"<", b"<=") in edits
    foreign = Mutation("m.py", len(module.content), len(module.content), "\u0416 = 1\n".encode(), "t", 4, 1.0, 1.0)
    assert module.edited(foreign) is None


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("a.py", b"def f(:\n"),
        ("a.py", b"\xff\xfe = 1\n"),
        ("a.py", b"# coding: rot13\nx = 1 < 2\n"),
        ("a.py", b"# coding: iso2022_jp\nx = '\x1b(B' < 2\n"),
        ("a.py", b"# coding: nonsense\nx = 1\n"),
        ("a.py", b"x = 1\0\n"),
        ("a.js", b"let x = 1 < 2\n"),
    ],
)
def test_what_is_not_readable_python_has_no_edits(path: str, content: bytes) -> None:
    assert list(propose({path: content}, {path: {1: 1.0, 2: 1.0}})) == []


def test_lines_that_nobody_suspects_are_left_alone() -> None:
    source = Path(heapq.__file__).read_bytes()
    function = next(node for node in ast.walk(ast.parse(source)) if getattr(node, "name", "") == "heappop")
    assert isinstance(function, ast.FunctionDef)
    starts = [0, *accumulate(len(line) for line in source.splitlines(keepends=True))]
    start, end = starts[function.lineno - 1], starts[function.end_lineno or 0]
    found = proposals(source, dict.fromkeys(range(function.lineno, (function.end_lineno or 0) + 1), 1.0), limit=300)
    assert found
    assert all(start <= mutation.start <= mutation.end <= end for mutation in found)


def test_the_likelier_statement_comes_first() -> None:
    source = b"def f(a, b):\n    c = a < b\n    d = a > b\n    return c, d\n"
    first = next(propose({"m.py": source}, {"m.py": {2: 0.1, 3: 0.9}}))
    assert first.line == 3


@given(st.binary(max_size=40), st.lists(st.tuples(st.integers(-2, 45), st.integers(-2, 45), st.binary(max_size=4))))
def test_apply_replaces_disjoint_ranges_or_refuses(source: bytes, ranges: list[tuple[int, int, bytes]]) -> None:
    edits = [Mutation("m", start, end, text, "t", 1, 1.0, 1.0) for start, end, text in ranges]
    ordered = sorted(ranges, key=lambda each: each[:2])
    inside = all(0 <= start <= end <= len(source) for start, end, _ in ranges)
    disjoint = all(left[1] <= right[0] for left, right in pairwise(ordered))
    if not (inside and disjoint):
        with pytest.raises(ValueError, match="overlap"):
            apply(source, *edits)
        return
    pieces, position = [], 0
    for start, end, text in ordered:
        pieces += [source[position:start], text]
        position = end
    assert apply(source, *edits) == b"".join([*pieces, source[position:]])
