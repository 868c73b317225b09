"""Written tests that are the same test are known for it, and no others are."""

from __future__ import annotations

import textwrap

import pytest

from tools.testing.twins import form_of, test_forms

FIRST = b"""
from decimal import Decimal
import pytest
from shop import total, other

LIMIT = 3


def test_sum_is_exact():
    parts = [Decimal(1), Decimal(2)]
    assert total(parts) == LIMIT
"""
SECOND = b'''
"""Another side of the issue."""
import pytest, shop
from shop import total
from decimal import Decimal

LIMIT = 3

def test_that_nothing_is_lost():
    """It adds up."""
    values = [Decimal(1), Decimal(2)]  # two of them
    assert total(values) == LIMIT

def test_empty(): assert total([]) == 0
'''


def forms(source: bytes, path: str = "test_x.py") -> dict[str, str]:
    return test_forms(path, textwrap.dedent(source.decode()).encode())


def test_names_layout_comments_and_unused_imports_do_not_count() -> None:
    first, second = forms(FIRST), forms(SECOND)
    assert first["test_sum_is_exact"] == second["test_that_nothing_is_lost"]
    assert first["test_sum_is_exact"] != second["test_empty"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"LIMIT = 3", b"LIMIT = 4"),
        (b"from shop import total, other", b"from store import total"),
        (b"Decimal(2)]", b"Decimal(5)]"),
        (b"== LIMIT", b"is LIMIT"),
        (b"def test_sum", b"@pytest.mark.parametrize('n', [1])\ndef test_sum"),
    ],
)
def test_another_value_source_or_check_is_another_test(old: bytes, new: bytes) -> None:
    assert old in FIRST
    (before,), (after,) = forms(FIRST).values(), forms(FIRST.replace(old, new)).values()
    assert before != after


CLASS = b"""
import unittest
from shop import total

class %s(unittest.TestCase):
    def setUp(self):
        self.parts = [%s]

    def test_%s(self):
        self.assertEqual(total(self.parts), 3)

    def test_more(self):
        self.assertEqual(total([]), 0)
"""


def test_tests_of_classes_are_compared_with_what_their_class_prepares() -> None:
    one, two, three = (
        forms(CLASS % each) for each in ((b"A", b"1, 2", b"a"), (b"B", b"1, 2", b"b"), (b"A", b"3", b"a"))
    )
    assert one["A.test_a"] == two["B.test_b"] != three["A.test_a"]
    assert one["A.test_more"] != one["A.test_a"]


@pytest.mark.parametrize(
    ("test", "name"),
    [
        ("tests/test_x.py::A::test_a", "A.test_a"),
        ("tests/test_x.py::A::test_more[1-a.b]", "A.test_more"),
        ("tests.test_x.A.test_a", "A.test_a"),
        ("tests/test_x.py::B::test_a", ""),
    ],
)
def test_a_test_is_found_by_the_id_of_any_runner(test: str, name: str) -> None:
    known = forms(CLASS % (b"A", b"1, 2", b"a"))
    assert form_of(test, known) == known.get(name, "")


def test_files_that_cannot_be_taken_apart_are_compared_as_a_whole() -> None:
    script = b"it('adds', () => {\n  expect(total([1])).toBe(1)\n})\n"
    assert forms(script, "x.test.js") == forms(script.replace(b"\n", b"\n\n"), "x.test.js")
    assert forms(script, "x.test.js") != forms(script.replace(b"(1)", b"(2)"), "x.test.js")
    assert forms(b"def test_x(:\n") == {"": "def test_x(:"}
    assert form_of("x.test.js::adds", forms(script, "x.test.js"))
