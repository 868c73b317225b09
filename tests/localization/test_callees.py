"""What functions call and use, found in the index of a repository."""

import subprocess

import pytest

from tools.localization import Localizer, RankedFunction
from tools.localization.callees import Callee

FILES = {
    "shop/query.py": (
        "import json\nfrom shop import sql\nfrom shop.sql import Query as Q, SOME\n\nLIMIT = 3\n\n\n"
        "class Items:\n"
        "    def none(self, cleared):\n"
        '        """often()"""\n'
        "        clone = self.chain()  # not lonely()\n"
        "        clone.query.set_empty()\n"
        "        cleared()\n"
        '        return ", ".join(clone)[:LIMIT], json.dumps(SOME)\n\n'
        "    @Others\n    def chain(self) -> Others:\n        return Q.made() or sql.near_by()\n\n\n"
        "class Others(Q):\n    def chain(self):\n        return self.set_empty(), self.nothing, json.often()\n"
    ),
    "shop/sql.py": (
        "SOME = 1\n\n\n"
        "class Query:\n    def set_empty(self):\n        pass\n\n    def join(self):\n        return 1\n\n"
        "    @classmethod\n    def made(cls):\n        pass\n\n\n"
        "def near_by():\n    pass\n\n\ndef dumps():\n    pass\n"
    ),
    "shop/far.py": (
        "def cleared():\n    return 1\n\n\ndef often():\n    return 1\n\n\ndef lonely():\n    return 1\n\n\n"
        "class One:\n    def common(self):\n        pass\n"
    ),
    "shop/two.py": "class Two:\n    def common(self):\n        pass\n",
    "shop/use.py": "def use(x):\n    x.common()\n    print(x.set_empty)\n",
    "shop/page.js": "function draw() {\n  return paint(often(1))\n}\n",
    "shop/paint.js": "function paint(x) {\n  return x\n}\n",
    "shop/send.js": (
        "function send(x) {\n  x.fetch(1)\n  x.unpackAll(2)\n  this.paint(3)\n  x.close(4) // stop (later)\n}\n"
        "function stop() {\n}\nfunction close() {\n}\n"
    ),
    "shop/net.js": "function fetch(x) {\n  return x\n}\nfunction unpackAll(x) {\n  return x\n}\n",
    "tests/test_query.py": "class Test:\n    def set_empty(self):\n        pass\n",
}
NONE = RankedFunction("shop/query.py", "Items.none", 1.0, 9, 14, ())
CHAIN = RankedFunction("shop/query.py", "Items.chain", 0.5, 16, 18, ())
USE = RankedFunction("shop/use.py", "use", 1.0, 1, 3, ())
DRAW = RankedFunction("shop/page.js", "draw", 1.0, 1, 3, ())


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Localizer:
    root = tmp_path_factory.mktemp("shop")
    for path, content in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    for command in (["init", "-q"], ["add", "-A"], ["-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "x"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    return Localizer(root, cache=root.parent / "cache")


def named(found: list[Callee]) -> list[str]:
    return [f"{callee.path} {callee.name}" for callee in found]


def test_methods_of_self_names_of_the_file_and_what_it_imports(shop: Localizer) -> None:
    found = shop.callees([NONE], {"shop/sql.py"}, 30)
    assert named(found) == [
        "shop/query.py Items.chain",
        "shop/sql.py Query.set_empty",
        "shop/query.py LIMIT",
        "shop/sql.py SOME",
    ], "no parameter, no word of a string or comment, nothing of the standard library, no test"
    assert found[1] == Callee("shop/sql.py", "Query.set_empty", "method", 5, 6, "Items.none")


def test_what_an_imported_class_or_module_has(shop: Localizer) -> None:
    assert named(shop.callees([CHAIN], set(), 30)) == [
        "shop/sql.py Query",
        "shop/sql.py Query.made",
        "shop/sql.py near_by",
    ]


def test_a_method_of_a_base_in_another_file(shop: Localizer) -> None:
    others = RankedFunction("shop/query.py", "Others.chain", 0.5, 22, 23, ())
    assert named(shop.callees([others], set(), 30)) == ["shop/sql.py Query.set_empty"]


def test_of_several_methods_the_one_near_counts(shop: Localizer) -> None:
    assert shop.callees([USE], set(), 30) == []
    assert named(shop.callees([USE], {"shop/two.py"}, 30)) == ["shop/two.py Two.common"]


def test_another_language_calls_what_is_of_its_own(shop: Localizer) -> None:
    assert named(shop.callees([DRAW], set(), 30)) == ["shop/paint.js paint"]


def test_a_call_on_an_object_of_another_language_needs_a_name_that_says_something(shop: Localizer) -> None:
    send = RankedFunction("shop/send.js", "send", 1.0, 1, 6, ())
    assert named(shop.callees([send], {"shop/net.js"}, 30)) == [
        "shop/net.js unpackAll",
        "shop/paint.js paint",
        "shop/send.js close",
    ]


def test_nothing_ranked_is_repeated_and_the_first_are_kept(shop: Localizer) -> None:
    assert named(shop.callees([NONE, CHAIN], {"shop/sql.py"}, 1)) == ["shop/sql.py Query.set_empty"]
