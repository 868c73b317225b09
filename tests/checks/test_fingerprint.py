"""Equal patches are equal whatever they are written like; different ones are different."""

import ast
import sysconfig
from pathlib import Path

import pytest

from tools.checks import normalised_ast, patch_fingerprint
from tools.files import FolderFiles

STDLIB = Path(sysconfig.get_path("stdlib"))

PLAIN = "def f(a):\n    total = 0\n    for item in a:\n        total += item\n    return total\n"


@pytest.mark.parametrize(
    "other",
    [
        'def f( a ):\n  """Sums."""\n  total=0 # start\n\n  for item in a: total += (item)\n  return total\n',
        "'''Module.'''\n" + PLAIN,
    ],
)
def test_comments_docstrings_and_formatting_do_not_count(other: str) -> None:
    assert normalised_ast(other) == normalised_ast(PLAIN)


def test_names_of_locals_count_unless_asked_not_to() -> None:
    renamed = PLAIN.replace("total", "s").replace("item", "x")
    assert normalised_ast(renamed) != normalised_ast(PLAIN)
    assert normalised_ast(renamed, rename_locals=True) == normalised_ast(PLAIN, rename_locals=True)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (PLAIN, PLAIN.replace("a)", "b)").replace("in a", "in b")),  # callers may name the parameter
        (PLAIN, PLAIN.replace("total += item", "item += total")),
        ("def f():\n    x = 1\n    y = 2\n    return x\n", "def f():\n    x = 1\n    y = 2\n    return y\n"),
        ("def f():\n    x = 1\n    return locals()\n", "def f():\n    y = 1\n    return locals()\n"),
        ("def f():\n    global x\n    x = 1\n", "def f():\n    global y\n    y = 1\n"),
        ("def f():\n    x = 1\n    class A:\n        x = 2\n", "def f():\n    y = 1\n    class A:\n        y = 2\n"),
        ("def f():\n    import x\n    return x\n", "def f():\n    import y\n    return y\n"),
        (
            "def f():\n    return x\n    def g():\n        x = 1\n",
            "def f():\n    return y\n    def g():\n        y = 1\n",
        ),
    ],
)
def test_what_means_something_else_stays_different(one: str, other: str) -> None:
    assert normalised_ast(one, rename_locals=True) != normalised_ast(other, rename_locals=True)


@pytest.mark.parametrize("name", ["argparse.py", "ast.py", "dataclasses.py", "enum.py", "textwrap.py", "typing.py"])
def test_unparsed_library_modules_are_the_same(name: str) -> None:
    source = (STDLIB / name).read_text(encoding="utf-8")
    unparsed = ast.unparse(ast.parse(source))
    for rename in (False, True):
        assert normalised_ast(source, rename_locals=rename) == normalised_ast(unparsed, rename_locals=rename)


def test_fingerprint_of_patches(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text(PLAIN)
    (tmp_path / "n.txt").write_text("one\n")
    files = FolderFiles(tmp_path)
    fixed = PLAIN.replace("= 0", "= 1").encode()
    one = patch_fingerprint(files, {"m.py": fixed})
    assert one == patch_fingerprint(files, {"n.txt": b"one  \n\n", "m.py": b"# why\n" + fixed})
    assert one != patch_fingerprint(files, {"m.py": PLAIN.replace("= 0", "= 2").encode()})
    assert one != patch_fingerprint(files, {"m.py": fixed, "n.txt": None})
    assert patch_fingerprint(files, {"m.py": b"# only a comment\n" + PLAIN.encode()}) == ""


def test_source_that_does_not_parse_is_compared_by_lines() -> None:
    assert normalised_ast("print 'x' \n\n") == normalised_ast("print 'x'\n")
    assert normalised_ast("print 'x'\n") != normalised_ast("  print 'x'\n")
