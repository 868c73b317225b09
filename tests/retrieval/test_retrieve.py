"""Retrieval for writing code: like a sketch, not like its comments; definitions and usages of what it calls."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tools.localization import Localizer
from tools.retrieval import retrieve
from tools.retrieval.similar import normalised

FILES = {
    "shop/prices.py": '''
def total_price(items, tax_rate):
    """Sums up."""
    amount = sum(item.price * item.count for item in items)
    return round_cents(amount * (1 + tax_rate))


def round_cents(amount):
    # half up
    return int(amount * 100 + 0.5) / 100
''',
    "shop/report.py": '''
from shop.prices import round_cents


def print_lines(lines, width):
    """A sketch of a total price of items with their tax rate: prices, amounts, counts of each item."""
    for line in lines:
        print(line.ljust(width))


def refund(order, share):
    back = order.paid * share
    return round_cents(back)
''',
    "tests/test_prices.py": "from shop.prices import total_price\n\n\ndef test_total_price_of_items_with_tax_rate():\n"
    "    items = []\n    assert total_price(items, 0.1) == 0\n",
}


@pytest.fixture
def localizer(tmp_path: Path) -> Localizer:
    root = tmp_path / "repo"
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    for command in (
        ["init", "-q"],
        ["add", "-A"],
        ["-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", *command], cwd=root, env=environment, check=True)
    return Localizer(root, cache=tmp_path / "cache", workers=1)


SKETCH = "def net_price(items, tax_rate):\n    return sum(item.price for item in items) / (1 + tax_rate)\n"


def test_code_counts_and_prose_does_not(localizer: Localizer) -> None:
    found = retrieve(localizer.index, SKETCH, limit=1)
    assert [(each.path, each.name, each.why) for each in found] == [("shop/prices.py", "total_price", "similar")]
    assert "Sums up" not in found[0].code
    assert found[0].text.startswith("# shop/prices.py:2 total_price (similar)\ndef total_price(")


def test_tests_are_left_out_unless_asked_for(localizer: Localizer) -> None:
    assert not any(each.path.startswith("tests/") for each in retrieve(localizer.index, SKETCH, limit=9))
    assert any(each.path.startswith("tests/") for each in retrieve(localizer.index, SKETCH, limit=9, tests=True))


def test_what_the_sketch_calls_comes_with_its_definition_and_a_usage(localizer: Localizer) -> None:
    found = retrieve(localizer.index, "value = round_cents(3)", limit=1)
    why = {each.name: each.why for each in found}
    assert why == {"round_cents": "similar", "total_price": "uses round_cents"}
    found = retrieve(localizer.index, f"{SKETCH}\nround_cents(3)", limit=1)
    assert {each.name: each.why for each in found} == {"total_price": "similar", "round_cents": "called by the query"}
    assert len({(each.path, each.name) for each in found}) == len(found)


def test_what_is_shown_already_is_no_example(localizer: Localizer) -> None:
    known = {("shop/prices.py", "total_price")}
    found = retrieve(localizer.index, f"{SKETCH}\nround_cents(3)", limit=1, known=known)
    assert found
    assert "total_price" not in {each.name for each in found}


def test_nothing_alike_gives_nothing(localizer: Localizer) -> None:
    assert retrieve(localizer.index, "zygote quasar", limit=5) == []


def test_what_is_no_python_stays_as_it_is() -> None:
    assert normalised("function f() { return 1 }") == "function f() { return 1 }"
    assert normalised('    def f():\n        """Only words."""\n') == "def f():\n    pass"
