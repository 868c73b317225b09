"""What a failure says about its repair."""

from itertools import islice

import pytest

from tools.mechanical import apply, propose
from tools.mechanical.cures import cures
from tools.mechanical.templates import TEMPLATES

EXAMPLES = {
    "KeyError: 'x'": "soft_lookup",
    "TypeError: 'NoneType' object is not iterable": "fallback",
    "AttributeError: 'NoneType' object has no attribute 'x'": "none_test",
    "TypeError: f() got an unexpected keyword argument 'x'": "forward_keyword",
    'TypeError: can only concatenate tuple (not "list") to tuple': "convert",
    "TypeError: not all arguments converted during string formatting": "format_tuple",
    "UnboundLocalError: cannot access local variable 'x'": "initialise",
    "IndexError: list index out of range": "boundary",
    "UnicodeDecodeError: 'utf-8' codec": "except_type",
}


@pytest.mark.parametrize(("exception", "template"), EXAMPLES.items())
def test_each_exception_has_its_cures(exception: str, template: str) -> None:
    assert template in cures([exception])
    assert cures([exception]).keys() <= TEMPLATES.keys()


def test_an_assertion_says_nothing() -> None:
    assert cures(["AssertionError: assert 1 == 2", ""]) == {}


def test_a_lookup_that_fails_is_made_soft_first() -> None:
    source = b"def f(table, key):\n    row = table[key]\n    return row\n"
    first = islice(propose({"m.py": source}, {"m.py": {2: 1.0}}, exceptions=["KeyError: 'a'"]), 3)
    assert any(b"table.get(key" in apply(source, mutation) for mutation in first)
