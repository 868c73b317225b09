from collections.abc import Callable
from pathlib import Path

from tools.issues import parse_issue
from tools.localization import Localizer
from tools.localization.entities import Evidence, gather
from tools.localization.hierarchy import Hierarchy
from tools.localization.modules import Modules

Make = Callable[..., Path]
FILES = {
    "shop/__init__.py": "",
    "shop/errors.py": "class PriceError(ValueError):\n    pass\n",
    "shop/till.py": (
        "class Till:\n    def open(self):\n        self.drawer = 1\n\n"
        "    def close_drawer(self):\n        self.drawer == 2\n"
    ),
    "shop/checks.py": "def check(till):\n    return [Error('till is open', id='shop.E041')]\n",
    "shop/other.py": "E041 = 1\n\n\ndef unlike():\n    return E041\n",
    "shop/moved/prices.py": "def price_of_basket(basket):\n    raise PriceError\n",
}
FRAME = '  File "/site-packages/{}", line 3, in {}\n    x()\n'


def evidence(localizer: Localizer, text: str) -> Evidence:
    modules = Modules(localizer.index)
    return gather(parse_issue(text), localizer.index, modules, Hierarchy(localizer.index, modules))


def paths(localizer: Localizer, scores: dict[int, float]) -> set[str]:
    return {localizer.index.files[number].path for number in scores}


def test_a_trace_of_one_file(make_repository: Make, tmp_path: Path) -> None:
    localizer = Localizer(make_repository([("Start", FILES)]), cache=tmp_path / "cache")
    head = "Till breaks\n\nTraceback (most recent call last):\n" + FRAME.format("click/core.py", "main")
    alone = evidence(localizer, head + FRAME.format("shop/till.py", "open") * 2)
    assert paths(localizer, alone.scores["sole_frame"]) == {"shop/till.py"}
    two = evidence(localizer, head + FRAME.format("shop/till.py", "open") + FRAME.format("shop/checks.py", "check"))
    assert "sole_frame" not in two.scores


def test_a_frame_of_a_file_that_has_moved_since(make_repository: Make, tmp_path: Path) -> None:
    localizer = Localizer(make_repository([("Start", FILES)]), cache=tmp_path / "cache")
    head = "Wrong price\n\nTraceback (most recent call last):\n"
    moved = evidence(localizer, head + FRAME.format("shop/prices.py", "price_of_basket"))
    assert paths(localizer, moved.scores["last_frame"]) == {"shop/moved/prices.py"}
    for path, function in (("store/prices.py", "price_of_basket"), ("shop/prices.py", "unknown_name")):
        assert "last_frame" not in evidence(localizer, head + FRAME.format(path, function)).scores


def test_codes_in_the_title_and_as_whole_strings(make_repository: Make, tmp_path: Path) -> None:
    localizer = Localizer(make_repository([("Start", FILES)]), cache=tmp_path / "cache")
    titled = evidence(localizer, "Check shop.E041 is wrong\n\nIt should pass.")
    assert paths(localizer, titled.scores["error_code_title"]) == {"shop/checks.py", "shop/other.py"}
    assert "error_code_title" not in evidence(localizer, "Check is wrong\n\nshop.E041 should pass.").scores
    table, _ = localizer.features(parse_issue("Check is wrong\n\nshop.E041 should pass."))
    assert [path for path, features in table.items() if features.get("error_literal")] == ["shop/checks.py"]


def test_where_an_exception_is_defined_is_told_apart(make_repository: Make, tmp_path: Path) -> None:
    localizer = Localizer(make_repository([("Start", FILES)]), cache=tmp_path / "cache")
    raised = evidence(localizer, "Till raises PriceError\n\nand `Till` should not.")
    assert paths(localizer, raised.scores["defines_error"]) == {"shop/errors.py"}
    assert paths(localizer, raised.scores["defines_title"]) == {"shop/errors.py", "shop/till.py"}


def test_methods_that_set_a_named_attribute(make_repository: Make, tmp_path: Path) -> None:
    localizer = Localizer(make_repository([("Start", FILES)]), cache=tmp_path / "cache")
    _, functions = localizer.features(parse_issue("Till stays open\n\nsince `self.drawer` is 1"))
    assert {name for (_, name, _), features in functions.items() if features.get("assigns")} == {"Till.open"}


def test_names_letter_for_letter(make_repository: Make, tmp_path: Path) -> None:
    source = "def first():\n    return __all__\n\n\ndef second(all):\n    return all\n"
    localizer = Localizer(make_repository([("Start", {"a.py": source})]), cache=tmp_path / "cache")
    _, functions = localizer.features(parse_issue("Empty `__all__` is ignored\n\n```python\nprint(all)\n```"))
    found = {name: features for (_, name, _), features in functions.items()}
    assert found["first"]["exact_title"] == found["second"]["exact_code"] == 1.0
    assert "exact_title" not in found["second"]
