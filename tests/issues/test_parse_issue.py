import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.issues import Issue, parse_issue

MARKDOWN = """\
## Table.read('x.qdp') fails for lower case `READ` commands

<!-- Please fill in
the template -->
### Description
`ascii.qdp` assumes upper case, see astropy/io/ascii/qdp.py and `_line_type()`.
Also settings.DEBUG and "Unrecognized QDP line" (models.E028).

```python
from astropy.table import Table, Column as C
import numpy as np

class Mine(Table):
    pass

data = Table.read('test.qdp')
```

It ends with

```
Traceback (most recent call last):
  File "/home/me/venv/lib/python3.8/site-packages/astropy/io/ascii/qdp.py", line 78, in _line_type
    raise ValueError(f'Unrecognized QDP line: {line}')
ValueError: Unrecognized QDP line: read serr 1 2
```

### Versions
Python 3.10.9
numpy.core.multiarray 1.2
"""


@pytest.fixture(scope="module")
def issue() -> Issue:
    return parse_issue(MARKDOWN)


def test_title_has_no_markup(issue: Issue) -> None:
    assert issue.title == "Table.read('x.qdp') fails for lower case `READ` commands"


def test_segments_tell_prose_code_traceback_and_environment_apart(issue: Issue) -> None:
    assert "assumes upper case" in issue.field("prose")
    assert "template" not in issue.field("prose")
    assert "data = Table.read" in issue.field("code")
    assert "site-packages" in issue.field("traceback")
    assert "numpy.core" in issue.field("environment")
    assert "numpy.core.multiarray" not in issue.dotted_names


def test_names_places_and_messages(issue: Issue) -> None:
    assert issue.frames[0].path.endswith("astropy/io/ascii/qdp.py")
    assert (issue.frames[0].line, issue.frames[0].function) == (78, "_line_type")
    assert issue.frames[0].source.startswith("raise ValueError")
    assert "astropy/io/ascii/qdp.py" in issue.paths
    assert {"settings.DEBUG", "Table.read", "astropy.table"} <= set(issue.dotted_names)
    assert {("astropy.table", "Table"), ("astropy.table", "Column"), ("numpy", "")} <= set(issue.imports)
    assert {"READ", "_line_type"} <= set(issue.code_names)
    assert "_line_type" in issue.identifiers
    assert issue.error_messages[0].message == "Unrecognized QDP line: read serr 1 2"
    assert "models.E028" in issue.error_codes
    assert {"Mine", "data"} <= issue.defined_names
    assert "Unrecognized QDP line" in issue.quotations


FRAMES = {
    "cpython": ('  File "/a/b.py", line 3, in f\n    x = g()\n', ("/a/b.py", 3, "f", "x = g()")),
    "ipython new": (
        "File ~/x/pkg/mod.py:841, in Plotter._plot(self)\n    840 y\n",
        ("~/x/pkg/mod.py", 841, "Plotter._plot", ""),
    ),
    "ipython old": (
        "/usr/lib/sympy/latex.py in doprint(self, expr)\n    252\n--> 254     tex = 1\n",
        ("/usr/lib/sympy/latex.py", 254, "doprint", "tex = 1"),
    ),
    "pytest": ("src/pkg/mod.py:12: ValueError\n", ("src/pkg/mod.py", 12, "", "")),
    "doctest": ('File "doc/guide.rst", line 9, in guide.rst\n', ("doc/guide.rst", 9, "guide.rst", "")),
    "windows": ('  File "C:\\proj\\m.py", line 1, in <module>\n    f()', ("C:/proj/m.py", 1, "<module>", "f()")),
    "node": ("    at Object.run (/app/lib/run.js:10:5)\n", ("/app/lib/run.js", 10, "Object.run", "")),
    "java": ("\tat com.acme.io.Reader.read(Reader.java:42)\n", ("com/acme/io/Reader.java", 42, "read", "")),
    "go": ("\t/go/src/app/main.go:17 +0x1d\n", ("/go/src/app/main.go", 17, "", "")),
}


@pytest.mark.parametrize("style", sorted(FRAMES))
def test_frames_of_each_runtime(style: str) -> None:
    text, (path, line, function, source) = FRAMES[style]
    frame = parse_issue("t\n" + text).frames[0]
    assert (frame.path, frame.line, frame.function) == (path, line, function)
    assert not source or frame.source == source


@pytest.mark.parametrize(
    "words",
    [
        "see shop/cart.py:12",
        "`shop/cart.py` near line 12 is wrong",
        "in shop/cart.py at line 12, where it adds up",
        "shop/cart.py, line 12",
        "**shop/cart.py** (around line number 12)",
        "line 12 of shop/cart.py",
        "on line #12 in the file `shop/cart.py`.",
        "shop/cart.py#L12",
        "https://example.org/me/shop/blob/main/shop/cart.py#L12",
    ],
)
def test_lines_that_words_point_at(words: str) -> None:
    issue = parse_issue(f"Wrong sum\n\nThe sum is off, {words}\n")
    assert [(place.path, place.first, place.last) for place in issue.places] == [("shop/cart.py", 12, 12)]


def test_runs_of_lines_and_what_is_no_place() -> None:
    told = "Title\n\nLook at lines 12 to 20 of cart.py and shop/sum.py#L3-L5."
    assert [(place.first, place.last) for place in parse_issue(told).places] == [(3, 5), (12, 20)]
    for words in (
        "I ran cart.py 12 times",
        "version 12 of cart.py",
        "cart.py 3.7",
        "cart.py takes 1:12",
        "a timeline 12 of x.py",
    ):
        assert parse_issue("Title\n\n" + words).places == ()
    trace = 'Title\n\nTraceback (most recent call last):\n  File "cart.py", line 12, in add\nValueError: x\n'
    assert parse_issue(trace).places == ()
    assert parse_issue(trace).frames[0].line == 12


def test_code_without_fences_is_still_code() -> None:
    issue = parse_issue(
        "Crash\nDescription\n\t\n\t\t(last modified by X)\n\t\nConsider this model\n"
        "class Book(models.Model):\n\tname = models.CharField()\n\tdef f(self):\n\t\treturn 1\nand it fails."
    )
    assert "class Book" in issue.field("code")
    assert "name = models.CharField()" in issue.field("code")
    assert "and it fails." in issue.field("prose")
    assert "last modified" not in issue.field("prose")
    assert {"Book", "f", "name"} <= issue.defined_names


def test_prompts_are_code_and_what_follows_is_output() -> None:
    issue = parse_issue("t\n```\n>>> a = f(1)\n... + 2\nsome result\n```\n")
    assert issue.field("code").count(">>>") == 1
    assert issue.field("output") == "some result"


def test_what_a_template_asks_is_not_what_the_reporter_says() -> None:
    issue = parse_issue(
        "Plot is empty\n- [x] I searched the tracker\n\n**Describe the bug**\nThe plot has no axes.\n\n"
        "**Screenshots**\nNo\n\n### Matplotlib Backend\n\nTkAgg\n\n### Additional context\n\n_No response_\n"
    )
    assert issue.field("prose") == "The plot has no axes."
    assert "TkAgg" in issue.field("environment")
    assert "Describe the bug" in issue.field("template")


def test_lists_of_packages_and_headers_of_test_runs_are_environment() -> None:
    packages = "Package    Version\n---------- -------\nnumpy      1.15.0\n"
    issue = parse_issue("It fails\nSays:\n```\n" + packages + "```\n## Next\nWords.\n```\nrootdir: /a\n1 failed\n```")
    assert "numpy" in issue.field("environment")
    assert issue.field("output") == "1 failed"
    code = parse_issue("Moves\n```python\nclass Migration:\n    dependencies = [\n        1,\n    ]\n    x = 2\n```")
    assert "x = 2" in code.field("code")


def test_other_scripts_keep_their_code_names() -> None:
    issue = parse_issue("模型保存时 `QuerySet.update_or_create` 崩溃\n在 django/db/models/query.py 中")
    assert "update_or_create" in issue.code_names
    assert issue.paths == ("django/db/models/query.py",)


@given(st.text(alphabet=st.sampled_from(list("ab_.`'\"\n\t >#:/()=0<>-!{}~E\\é")), max_size=400))
def test_any_text_is_taken_apart_without_loss(text: str) -> None:
    issue = parse_issue(text)
    assert issue == parse_issue(text)
    lines = issue.text.split("\n")
    for segment in issue.segments:
        assert segment.text.strip()
        assert 1 <= segment.line <= len(lines)


def test_long_hostile_text_is_linear() -> None:
    for piece in (
        "`" * 50_000,
        "a." * 60_000,
        'File "' * 20_000,
        "(" * 100_000,
        "x = " * 30_000,
        "<!--" * 30_000,
        "line 1 of " * 20_000,
        "a.py:" * 30_000,
        "a/" * 60_000,
        "/" * 100_000,
        "~/.." * 20_000,
        "_-" * 50_000,
        ("_" * 1990 + "\n") * 150,
        ("a-_ " * 450 + "\n") * 150,
    ):
        parse_issue("t\n" + piece)
        parse_issue(piece)  # as a title
