"""Names that a change makes up."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.checks.hallucinated import check, hallucinated

FILES = {
    "shop/__init__.py": "",
    "shop/prices.py": "RATE = 2\n\n\nclass Price:\n    def __init__(self, cents):\n        self.cents = cents\n\n"
    "    def rounded(self):\n        return self.cents\n\n\ndef parse(text):\n    return Price(int(text))\n",
    "shop/lazy.py": "def __getattr__(name):\n    return name\n",
}
KNOWN = """import os

import numpy as np

from shop import lazy, prices
from shop.lazy import anything
from shop.prices import RATE, Price, parse


def total(rows: list[Price], unknown):
    price = Price(3)
    found = parse("4")
    unknown.whatever()
    np.made_up(lazy.made_up_too, os.path.sep)
    return price.cents + found.rounded() + prices.RATE + price.__class__.__name__.cents
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def said(root: Path, text: str) -> list[str]:
    (root / "shop" / "cart.py").write_text(text)
    return check(root, {"shop/cart.py": range(1, text.count("\n") + 1)})


def test_what_exists_or_cannot_be_known_is_left_alone(root: Path) -> None:
    assert said(root, KNOWN) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("from shop.prices import prase\n", "shop/cart.py:1: the module shop.prices has no prase"),
        ("from .prices import prase\n", "shop/cart.py:1: the module prices has no prase"),
        ("from shop import prices\nx = prices.RATES\n", "shop/cart.py:2: the module prices has no RATES"),
        (
            "from shop.prices import Price\nx = Price(1)\ny = x.to_dollars()\n",
            "shop/cart.py:3: x has no to_dollars, and nothing in the repository has",
        ),
        (
            "class Cart:\n    def sum(self):\n        return self.itmes\n",
            "shop/cart.py:3: self has no itmes, and nothing in the repository has",
        ),
    ],
)
def test_what_nothing_defines_is_told(root: Path, text: str, message: str) -> None:
    assert said(root, text) == [message]


def test_old_lines_are_not_the_changes(root: Path) -> None:
    text = "from shop.prices import prase\nx = 1\n"
    (root / "shop" / "cart.py").write_text(text)
    assert check(root, {"shop/cart.py": [2]}) == []


def test_it_runs_in_a_process_that_does_not_import_the_repository(root: Path) -> None:
    (root / "jedi.py").write_text("raise SystemExit(3)\n")
    (root / "shop" / "cart.py").write_text("from shop.prices import prase\n")
    assert hallucinated(root, {"shop/cart.py": [1]}) == ("shop/cart.py:1: the module shop.prices has no prase",)
    assert hallucinated(root, {"shop/cart.py": [1]}, seconds=0.001) == ()
