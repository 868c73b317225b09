import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from running_tests import write

from tools.files import FolderFiles
from tools.testing.imports import ImportGraph, imported_names
from tools.testing.naming import is_test_file, is_test_support, name_like
from tools.testing.regression import rank_test_files, select_regression_tests, subject_of

PROJECT = {
    "src/shop/__init__.py": "from .pricing import total\nfrom shop.stock import Stock\n",
    "src/shop/pricing.py": "from ._money import round_half\ndef total(): ...\ndef hidden(): ...\n",
    "src/shop/_money.py": "def round_half(): ...\n",
    "src/shop/stock.py": "class Stock: ...\n",
    "src/shop/web/__init__.py": "",
    "src/shop/web/views.py": "from .. import total\nfrom ..stock import Stock\n",
    "tests/conftest.py": "from support import thing\n",
    "tests/support.py": "import shop.stock\nthing = 1\n",
    "tests/test_pricing.py": "import shop\n",
    "tests/test_totals.py": "from shop import total\n",
    "tests/test_stock.py": "from shop import Stock\n",
    "tests/web/test_views.py": "def test():\n    from shop.web import views\n",
    "tests/test_broken.py": "import shop.stock\ndef (:\n",
    "tests/unrelated/test_docs.py": "import json\n",
    "docs/conf.py": "import shop\n",
}


@pytest.fixture
def shop(tmp_path: Path) -> FolderFiles:
    return FolderFiles(write(tmp_path, PROJECT))


def test_imports_are_followed_through_packages_and_relative_names(shop: FolderFiles) -> None:
    graph = ImportGraph(shop)
    assert graph.imports("src/shop/web/views.py") == {
        "src/shop/__init__.py": {"total"},
        "src/shop/stock.py": {"Stock"},
    }
    assert graph.imports("tests/web/test_views.py") == {"src/shop/web/views.py": {""}}
    assert graph.imports("tests/test_broken.py") == {"src/shop/stock.py": {""}}


def test_distance_counts_imports_and_reexports(shop: FolderFiles) -> None:
    distances = ImportGraph(shop).distances(["src/shop/pricing.py"])
    assert distances["tests/test_totals.py"] == 1  # the package hands the name on
    assert distances["src/shop/web/views.py"] == 1
    assert distances["tests/web/test_views.py"] == 2
    assert distances["tests/test_pricing.py"] == 2  # takes the package, not the name
    assert "tests/unrelated/test_docs.py" not in distances


def test_what_a_conftest_imports_all_its_tests_import(shop: FolderFiles) -> None:
    distances = ImportGraph(shop).distances(["tests/support.py"])
    assert distances["tests/conftest.py"] == 1
    assert distances["tests/unrelated/test_docs.py"] == 2


def test_the_tests_named_after_the_file_and_importing_it_come_first(shop: FolderFiles) -> None:
    ranked = rank_test_files(shop, ["src/shop/pricing.py"])
    assert ranked[:2] == ["tests/test_pricing.py", "tests/test_totals.py"]
    assert rank_test_files(shop, ["src/shop/stock.py"])[0] == "tests/test_stock.py"
    assert rank_test_files(shop, ["src/shop/_money.py"])[0] == "tests/test_totals.py"


def test_a_new_file_and_other_languages_go_by_name_and_place(tmp_path: Path) -> None:
    files = FolderFiles(
        write(
            tmp_path,
            {
                "pkg/store/store.go": "",
                "pkg/store/store_test.go": "",
                "pkg/other/other_test.go": "",
                "web/cart.ts": "",
                "web/__tests__/cart.spec.ts": "",
                "tests/test_store.py": "",
            },
        )
    )
    assert select_regression_tests(files, ["pkg/store/store.go"])[0] == "pkg/store/store_test.go"
    assert select_regression_tests(files, ["web/cart.ts"]) == ["web/__tests__/cart.spec.ts"]
    assert select_regression_tests(files, ["pkg/store/new.go"])[0] == "pkg/store/store_test.go"


def test_known_coverage_answers_with_the_most_focused_tests(shop: FolderFiles) -> None:
    coverage = {
        "wide": {"a.py": frozenset({1}), "b.py": frozenset(range(100))},
        "narrow": {"a.py": frozenset({1, 2})},
        "both": {"a.py": frozenset({1}), "c.py": frozenset({1}), "b.py": frozenset(range(100))},
        "other": {"b.py": frozenset({1})},
    }
    assert select_regression_tests(shop, ["a.py"], coverage=coverage) == ["narrow", "wide", "both"]
    assert select_regression_tests(shop, ["a.py", "c.py"], coverage=coverage)[0] == "both"


def test_time_and_number_are_limited_but_one_is_always_chosen(shop: FolderFiles) -> None:
    coverage = {name: {"a.py": frozenset({1})} for name in "abcd"}
    timings = {"a": 5.0, "b": 50.0, "c": 4.0, "d": 1.0}
    chosen = select_regression_tests(shop, ["a.py"], coverage=coverage, timings=timings, limit_seconds=10)
    assert chosen == ["a", "c", "d"]
    assert select_regression_tests(shop, ["a.py"], coverage=coverage, timings=timings, limit_seconds=1) == ["a"]
    assert select_regression_tests(shop, ["a.py"], coverage=coverage, timings=timings, limit=1) == ["a"]
    by_file = {"tests/test_pricing.py::test_a": 3.0, "tests/test_pricing.py::test_b": 4.0}
    assert select_regression_tests(shop, ["src/shop/pricing.py"], timings=by_file, limit_seconds=12) == [
        "tests/test_pricing.py",
        "tests/test_totals.py",
    ]


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32))
def test_the_order_of_files_does_not_matter_and_the_likeliest_suspect_counts_most(seed: int) -> None:
    class Shuffled:
        def __init__(self, seed: int = seed) -> None:
            self.names = sorted(PROJECT)
            random.Random(seed).shuffle(self.names)

        def paths(self) -> list[str]:
            return self.names

        def exists(self, path: str) -> bool:
            return path in PROJECT

        def read(self, path: str) -> bytes:
            return PROJECT[path].encode()

    for suspects, first in (
        (["src/shop/stock.py", "src/shop/pricing.py"], "tests/test_stock.py"),
        (["src/shop/pricing.py", "src/shop/stock.py"], "tests/test_pricing.py"),
    ):
        ranked = rank_test_files(Shuffled(), suspects)
        assert ranked == rank_test_files(Shuffled(0), suspects)
        assert ranked[0] == first


@pytest.mark.parametrize(
    ("path", "is_test", "supports"),
    [
        ("tests/test_a.py", True, True),
        ("a/tests.py", True, True),
        ("tests/admin/tests.py", True, True),
        ("tests/helpers.py", False, True),
        ("conftest.py", False, True),
        ("sympy/core/tests/test_arit.py", True, True),
        ("pkg/testing.py", False, False),
        ("testimonials.py", False, False),
        ("node_modules/x/a.test.js", False, False),
        ("a/b_test.go", True, True),
        ("src/test/java/a/SumTest.java", True, True),
        ("src/contest.py", False, False),
        ("tests/regression.rs", True, True),
        ("crates/core/tests.rs", True, True),
        ("src/latest.rs", False, False),
        ("test/test_site.rb", True, True),
        ("test/spec_request.rb", True, True),
        ("lib/spec.rb", False, False),
        ("test/res.send.js", True, True),
        ("test/unit/adapters/http.js", True, True),
        ("test/support/utils.js", False, True),
        ("test/utils.js", False, True),
        ("packages/query/src/__tests__/queryOptions.test-d.tsx", True, True),
        ("packages/query/src/index.ts", False, False),
        ("types/tests/index.d.ts", False, True),
        ("src/UnitTests/CustomMapping.cs", True, True),
        ("Src/Newtonsoft.Json.Tests/Issues/Issue2768.cs", True, True),
        ("src/Contests/Round.cs", False, False),
        ("test/format-test.cc", True, True),
        ("src/attest.cc", False, False),
    ],
)
def test_conventions(path: str, is_test: bool, supports: bool) -> None:
    assert is_test_file(path) == is_test
    assert is_test_support(path) == supports


@pytest.mark.parametrize(
    ("path", "new"),
    [
        ("tests/test_a.py", "tests/test_issue_7.py"),
        ("a/a_test.py", "a/issue_7_test.py"),
        ("tests/admin/tests.py", "tests/admin/test_issue_7.py"),
        ("tests/unittest_brain.py", "tests/unittest_issue_7.py"),
        ("test/spec_request.rb", "test/spec_issue_7.rb"),
        ("test/request_test.rb", "test/issue_7_test.rb"),
        ("binding/json_test.go", "binding/issue_7_test.go"),
        ("src/a.spec.ts", "src/issue-7.spec.ts"),
        ("test/res.send.js", "test/issue_7.js"),
        ("tests/regression.rs", "tests/issue_7.rs"),
        ("test/format-test.cc", "test/issue-7-test.cc"),
        ("src/test/java/a/SumTest.java", "src/test/java/a/Issue7Test.java"),
        ("src/test/java/a/TestSum.java", "src/test/java/a/TestIssue7.java"),
        ("tests/AddTest.php", "tests/Issue7Test.php"),
    ],
)
def test_a_new_test_is_named_as_its_neighbour(path: str, new: str) -> None:
    assert is_test_file(path)
    assert name_like(path, 7) == new
    assert is_test_file(new)


@pytest.mark.parametrize(
    ("path", "subject"),
    [
        ("t/test_foo.py", "foo"),
        ("foo_test.go", "foo"),
        ("a/foo.spec.ts", "foo"),
        ("FooTest.java", "foo"),
        ("tests.py", "tests"),
    ],
)
def test_the_subject_of_a_test(path: str, subject: str) -> None:
    assert subject_of(path) == subject


SOURCE = b"""\
import os, shop.web.views as views  # both
from . import one
from ..two import (  # a comment, with a comma
    a as b,
    c,
)
from three import d, \\
    e
if True:
    from four import *
x = "import five"
"""


def test_import_statements_in_all_their_forms() -> None:
    assert list(imported_names(SOURCE)) == [
        ("os", ""),
        ("shop.web.views", ""),
        (".", "one"),
        ("..two", "a"),
        ("..two", "c"),
        ("three", "d"),
        ("three", "e"),
        ("four", "*"),
    ]


@given(st.binary())
def test_no_source_breaks_the_reader_of_imports(source: bytes) -> None:
    assert all(module or name for module, name in imported_names(source))
