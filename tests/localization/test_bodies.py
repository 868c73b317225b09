import json
import tokenize
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.localization.bodies import without_bodies
from tools.localization.lexis import split_source
from tools.localization.tags import Tags, extract


def cut(source: str) -> str:
    return without_bodies(source, split_source(source, "python"))


def tags(source: str) -> Tags:
    return extract(source.encode(), "python")


def test_a_body_becomes_one_statement_on_its_last_line() -> None:
    head, end = 'X = 1\ndef f(a, *, b=(1, 2)) -> "T":  # note\n', "\n    # end\n\nY = 2\n"
    source = f'{head}    """Doc\nstring."""\n\n    if a:\n        b = 1{end}'
    assert cut(source) == f"{head}\n\n\n\n    0{end}"
    assert tags(cut(source)) == tags(source)


@pytest.mark.parametrize(
    "body",
    [
        "    return (\n1,\n    )\n",
        "    return [\n)\n",
        "    x = 1 + \\\n2\n",
        "        x = 1\n      # less\n",
        "        x = 1\n  # less\n        # more\n",
        "    x = 1\n        # more\n    # same\n# none\n",
        "    if x:\n        y = 1\n    # of the function\n",
        "    if x:\n        y = 1\n        # of the branch\n",
        '    """a\nb"""\n',
        "    x = '''\ndef g():\n    pass\n'''\n",
        "    def g():\n        class C: pass\n        return C\n    return g\n",
        "    return 'a\\\nb'\n",
        "    x = 1",
        "    x = 1 ;\n",
        "\n\n    pass  # note\n\n\n",
        "\tx = 1\n        y = 2\n",
        "    x = 1\r\n    y = 2\r\n",
        "    x = '\t'\n",
        "    x = 1\n\f\n    y = 2\n",
        "    é = 'ü'\n",
        '    return f\'{x["a"]}\' + f"{y}"\n',
    ],
)
@pytest.mark.parametrize(
    "head", ["def f():\n", "async def f(a=g(h(1)), *b) -> Dict[str, int]:\n", "def f[T](\n  a\n):\n"]
)
@pytest.mark.parametrize("end", ["", "@d\ndef h(): return 1\nz = 1\n", "\n# note\nclass C:\n    a = 1\n"])
def test_tags_of_what_is_around_a_body_stay(head: str, body: str, end: str) -> None:
    inner = "\n".join("    " + line for line in (head + body).split("\n"))
    for source in (head + body + end, f"class A(B):\n{inner}\n{end}"):
        assert tags(cut(source)) == tags(source), source


def test_tags_of_the_standard_library_stay() -> None:
    shorter = 0
    for file in sorted(Path(json.__file__).parents[1].glob("[a-p]*.py")):
        with tokenize.open(file) as opened:
            source = opened.read()
        less = cut(source)
        assert tags(less) == tags(source), file.name
        shorter += len(source) - len(less)
    assert shorter > 1_000_000


_LINES = [
    "x = 1",
    "y = (\n1)",
    "# note",
    "",
    "return '''a\nb'''",
    "import os",
    "import a.b as c  # d",
    "z = [\n    2\n]",
]
_HEADS = [
    "def f(a):",
    "async def g(\n    b=(1,),\n):",
    "class C(B):",
    "if x:",
    "@d\ndef h() -> 'T':",
    "while True:  # w",
]


def _nested(inner: st.SearchStrategy[list[str]]) -> st.SearchStrategy[list[str]]:
    def made(head: str, body: list[str], width: int) -> list[str]:
        lines = "\n".join([*body, "pass"]).split("\n")
        return [head + "\n" + "\n".join(" " * width + line for line in lines)]

    return st.lists(st.builds(made, st.sampled_from(_HEADS), inner, st.integers(1, 4)), max_size=3).map(
        lambda parts: [line for part in parts for line in part]
    )


@settings(max_examples=150, deadline=None)
@given(st.lists(st.recursive(st.lists(st.sampled_from(_LINES), max_size=3), _nested, max_leaves=6), max_size=4))
def test_tags_of_any_nesting_stay(parts: list[list[str]]) -> None:
    source = "\n".join(line for part in parts for line in part)
    assert tags(cut(source)) == tags(source)


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.sampled_from(list("df (:)\n #'\"\\\t[]")), max_size=200))
def test_cutting_keeps_the_number_of_lines(text: str) -> None:
    source = "def f():\n    1\n" + text
    assert cut(source).count("\n") == source.count("\n")
