"""What is new in an edit gives way to constants, and nothing else does."""

import pytest

from tools.mechanical import apply
from tools.mechanical.knockouts import knockouts
from tools.mechanical.source import Source

ALONE = {"None\n", "True\n", "False\n"}
CONDITIONS = ("a and b and True", "a and b and False", "True", "False")


def versions(before: str, after: str) -> set[str]:
    found = knockouts(Source("m.py", before.encode()), Source("m.py", after.encode()))
    return {apply(source.content, edit).decode() for source, edit in found}


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        ("if a:\n    g()\n", "if a or b:\n    g()\n", {"if True:\n    g()\n", "if False:\n    g()\n"}),
        ("if a and b: g()\n", "if a and b and c: g()\n", {f"if {each}: g()\n" for each in CONDITIONS}),
        ("g(a)\nh()\n", "if a:\n    g(a)\nh()\n", {"if True:\n    g(a)\nh()\n", "if False:\n    g(a)\nh()\n"}),
        ("g(a[:-1])\n", "g(a[1:])\n", {"g(None)\n", "g(True)\n", "g(False)\n", *ALONE}),
        ("g(a < 1)\n", "g(a <= 1)\n", {"g(None)\n", "g(True)\n", "g(False)\n", *ALONE}),
        ("g(a, 1)\n", "g(a, 2)\n", ALONE),
        ("g(a)\n", "g(a, k=b)\n", {"g(a, k=None)\n", "g(a, k=True)\n", "g(a, k=False)\n", *ALONE}),
        ("g(x)\n", "y = []\ng(x)\n", {"y = None\ng(x)\n", "y = True\ng(x)\n", "y = False\ng(x)\n", *ALONE}),
        ("x = f'{a}'\n", "x = f'{a!r}'\n", {"x = None\n", "x = True\n", "x = False\n"}),
        ("g(a)\n", "a\n", ALONE),
    ],
)
def test_what_is_new_gives_way_to_constants(before: str, after: str, wanted: set[str]) -> None:
    assert versions(before, after) == wanted


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("g(a)\nh()\n", "h()\n"),
        ("def f(a=1):\n    g(a)\n", "def f(a=None):\n    g(a)\n"),
        ("x, y = a\n", "y, x = a\n"),
        ("x = 1\ny = 2\n", "x = a\ny = b\n"),
        ("x = 1\n", "x = 1\n"),
        ("g(a)\n", "# as before\ng(a)\n"),
    ],
)
def test_constants_losses_and_changes_in_several_places_have_none(before: str, after: str) -> None:
    assert versions(before, after) == set()


def test_neither_program_is_among_them() -> None:
    assert versions("if True:\n    g()\n", "if a:\n    g()\n") == {"if False:\n    g()\n"}
