from collections.abc import Callable
from pathlib import Path

from tools.issues import parse_issue
from tools.localization import Localizer
from tools.localization.changes import changed_functions
from tools.localization.hierarchy import Hierarchy, Home
from tools.localization.modules import Modules
from tools.localization.objects import ObjectDatabase
from tools.localization.protocols import special_methods
from tools.localization.snippets import Use, uses

Make = Callable[..., Path]
FILES = {
    "shop/__init__.py": "from shop.base import Model\n",
    "shop/base.py": (
        "class Root:\n    def save(self):\n        pass\n\n\n"
        "class Model(Root):\n    def fit(self, data):\n        return data\n\n"
        "    def __getstate__(self):\n        return {}\n"
    ),
    "shop/tree.py": "import shop\n\n\nclass Tree(shop.Model):\n    def grow(self):\n        pass\n",
    "shop/loop.py": "class One(Two):\n    pass\n\n\nclass Two(One):\n    pass\n",
    "shop/other.py": "def grow_all():\n    pass\n\n\ndef shrink():\n    return 1\n",
    "tests/test_tree.py": "from shop.tree import Tree\n\n\ndef test_pruning_of_dead_branches():\n    Tree().fit([])\n",
}


def test_members_are_found_in_base_classes_through_imports(make_repository: Make, tmp_path: Path) -> None:
    localizer = Localizer(make_repository([("Start", FILES)]), cache=tmp_path / "cache")
    hierarchy = Hierarchy(localizer.index, Modules(localizer.index))
    (tree,) = hierarchy.classes("Tree")
    assert [above.name for above in hierarchy.ancestors(tree)] == ["Model", "Root"]
    number = localizer.index.by_path["shop/base.py"].number
    assert hierarchy.member(tree, "fit") == Home(number, "Model.fit", 1)
    assert hierarchy.member(tree, "save") == Home(number, "Root.save", 2)
    assert hierarchy.member(tree, "nothing") is None
    (one,) = hierarchy.classes("One")
    assert [above.name for above in hierarchy.ancestors(one)] == ["Two"]


def test_uses_in_snippets() -> None:
    code = (
        "tree = shop.Tree(depth=3)\ntree.fit(data)\nTree.load('x')\n"
        "Plot(1, f(2)).show()\nwith Session(x) as s:\n    s.add(1)\n"
    )
    found = uses(code)
    for use in (("Tree", "fit"), ("Tree", "load"), ("Plot", "show"), ("Session", "add"), ("Tree", "__init__")):
        assert Use(*use) in found, use
    assert uses("class Mine(Tree):\n    x = 1\nm = Mine()\nm.fit(1)\n")[:1] == [Use("Tree", "fit")]
    assert uses("data.copy()\nx.y = 3\n") == []


def test_spoken_names_of_special_methods() -> None:
    assert special_methods("Figure cannot be pickled", "")["__getstate__"] == 1.0
    assert special_methods("Broken", "TypeError: unhashable type")["__hash__"] == 0.5
    assert special_methods("Broken", "nothing of the kind") == {}


def test_the_method_behind_a_snippet_and_a_spoken_name(make_repository: Make, tmp_path: Path) -> None:
    localizer = Localizer(make_repository([("Start", FILES)]), cache=tmp_path / "cache")
    called = localizer.rank(parse_issue("Wrong result\n```python\nt = shop.Tree()\nt.fit([1])\n```\n"))
    assert (called.functions[0].path, called.functions[0].name) == ("shop/base.py", "Model.fit")
    pickled = localizer.rank(parse_issue("A Model is lost when pickled"))
    assert pickled.functions[0].name == "Model.__getstate__"


def test_changes_of_functions_are_read_from_hunks(make_repository: Make, tmp_path: Path) -> None:
    later = {"shop/other.py": FILES["shop/other.py"].replace("return 1", "return 2")}
    repository = make_repository([("Start", FILES), ("Shrink by two", later)])
    database = ObjectDatabase(repository)
    ids = database.ancestors("HEAD", 10)
    found = changed_functions(database, ["shop/other.py"], {ids[0]: 0.8})
    assert found == {("shop/other.py", "shrink"): 0.8}
    assert changed_functions(database, [], {ids[0]: 0.8}) == changed_functions(database, ["shop/other.py"], {}) == {}
    issue = parse_issue("Shrink gives too much")
    _, functions = Localizer(repository, cache=tmp_path / "cache").features(issue)
    changed = {name: values.get("changed_similar", 0.0) for (_, name, _), values in functions.items()}
    assert changed["shrink"] > 0 == changed["grow_all"]


def test_frames_of_installed_packages_are_found_below_a_source_folder(make_repository: Make, tmp_path: Path) -> None:
    files = {
        "lib/plots/__init__.py": "",
        "lib/plots/colors.py": "x = 1\n",
        "tools/colors.py": "",
        "other/colors.py": "",
    }
    localizer = Localizer(make_repository([("Start", files)]), cache=tmp_path / "cache")
    modules = Modules(localizer.index)
    number = localizer.index.by_path["lib/plots/colors.py"].number
    assert modules.path("/usr/lib/python3.10/site-packages/plots/colors.py") == [(number, 2)]
    assert modules.path("/usr/lib/python3.10/site-packages/elsewhere/colors.py") == []
    ranking = localizer.rank(
        parse_issue("Bug\n```\n/usr/lib/python3/site-packages/plots/colors.py:1: UserWarning: x\n```\n")
    )
    assert ranking.files[0].path == "lib/plots/colors.py"
    assert "frame" in {reason.signal for reason in ranking.files[0].reasons}


def test_places_names_in_code_and_the_whole_issue_are_signals(make_repository: Make, tmp_path: Path) -> None:
    files = FILES | {
        "shop/till.py": "def pay(sum):\n    return sum\n\n\ndef check(sum):\n    raise TillError(sum)\n",
    }
    localizer = Localizer(make_repository([("Start", files)]), cache=tmp_path / "cache")
    text = "Sum is wrong\n\nI get TillError. See shop/till.py near line 2.\n\n```python\nshop.tree.Tree()\n```\n"
    of_files, of_functions = localizer.features(parse_issue(text))
    assert of_files["shop/till.py"]["pointed"] > 0
    assert of_files["shop/tree.py"]["dotted_code"] > 0
    assert "dotted" not in of_files["shop/tree.py"]
    pay, check = of_functions["shop/till.py", "pay", 1], of_functions["shop/till.py", "check", 5]
    assert pay["frame_line"] == 1.0
    assert check["frame_line"] == 0.0
    assert check["whole"] > pay["whole"] > 0
    assert max(features.get("dense", 0.0) for features in of_functions.values()) == 1.0
    said = localizer.features(parse_issue("Sum is wrong\n\nThe class shop.tree.Tree is slow."))[0]
    assert said["shop/tree.py"]["dotted"] > 0
