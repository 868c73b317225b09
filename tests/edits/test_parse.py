"""The text protocol: what models write, tidy or not."""

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.edits import (
    EDIT_FORMAT,
    DeleteFile,
    EditFailureReason,
    Hunk,
    ReplaceFunction,
    SearchReplace,
    UnifiedDiff,
    WholeFile,
    parse_edits,
)

BLOCK = "<<<<<<< SEARCH\nold\n=======\nnew\n>>>>>>> REPLACE\n"
EXPECTED = SearchReplace("src/a.py", "old\n", "new\n")


def test_the_description_is_in_the_format_it_describes() -> None:
    edits, failures = parse_edits(EDIT_FORMAT)
    assert not failures
    assert edits == [
        SearchReplace("path/to/file.py", "    return a - b\n", "    return a + b\n"),
        ReplaceFunction("path/to/file.py", "Class.method", "def method(self, value):\n    return value + 1\n"),
        WholeFile("path/to/file.py", "VALUE = 1\n"),
        DeleteFile("path/to/file.py"),
    ]


@pytest.mark.parametrize(
    "answer",
    [
        f"src/a.py\n{BLOCK}",
        f"I will change one line.\n\nsrc/a.py\n```python\n{BLOCK}```\nDone.",
        f"```python\nsrc/a.py\n{BLOCK}```",
        f"### src/a.py\n\n{BLOCK}",
        f"**`src/a.py`**:\n```\n{BLOCK}```",
        f"In file `src/a.py`:\n{BLOCK}",
        f"1. File: src/a.py\n{BLOCK}",
        f"FILE: src/a.py\n```python\n{BLOCK}```",
        f"```python:src/a.py\n{BLOCK}```",
        f'```python title="src/a.py"\n{BLOCK}```',
        f"src/a.py\n\nThis is the change.\n\n{BLOCK}",
        f"<think>src/b.py\n{BLOCK}or not</think>\nsrc/a.py\n{BLOCK}",
        BLOCK.replace("SEARCH", "SEARCH src/a.py"),
        BLOCK.replace("<<<<<<< SEARCH", "<<<<<<<SEARCH:  `src/a.py`"),
        f"src/a.py\n{BLOCK}".replace("\n", "\r\n"),
        f"\ufeffsrc/a.py\n{BLOCK}".rstrip("\n"),
        f"src/a.py\n{BLOCK}".replace("=======", "=========="),
    ],
)
def test_search_replace_in_many_clothes(answer: str) -> None:
    assert parse_edits(answer) == ([EXPECTED], [])


def test_several_blocks_for_one_file_with_one_path() -> None:
    answer = f"src/a.py\n```python\n{BLOCK}{BLOCK.replace('new', 'newer')}```\nsrc/b.py\n{BLOCK}"
    edits, failures = parse_edits(answer)
    assert [(edit.path, edit.replace) for edit in edits] == [  # type: ignore[union-attr]
        ("src/a.py", "new\n"),
        ("src/a.py", "newer\n"),
        ("src/b.py", "new\n"),
    ]
    assert not failures


def test_prose_between_blocks_is_no_path() -> None:
    answer = f"src/a.py\n{BLOCK}Fixed.\nNext e.g. this:\n{BLOCK}\nAnd\n{BLOCK}"
    assert parse_edits(answer) == ([EXPECTED] * 3, [])


def test_blocks_inside_longer_markers_are_text() -> None:
    answer = f"docs/format.md\n<<<<<<<<< SEARCH\n{BLOCK}=========\n{BLOCK}{BLOCK}>>>>>>>>> REPLACE\n"
    assert parse_edits(answer) == ([SearchReplace("docs/format.md", BLOCK, BLOCK + BLOCK)], [])


def test_fences_inside_a_block_are_text() -> None:
    search, replace = "```python\nx = 1\n```\n", "```python\nx = 2\n```\n"
    answer = f"README.md\n````\n<<<<<<< SEARCH\n{search}=======\n{replace}>>>>>>> REPLACE\n````\n"
    assert parse_edits(answer) == ([SearchReplace("README.md", search, replace)], [])


def test_a_heading_underlined_with_seven_needs_longer_markers() -> None:
    old, new = "Summary\n=======\n", "Results\n=======\n"
    seven = f"a.rst\n<<<<<<< SEARCH\n{old}=======\n{new}>>>>>>> REPLACE\n"
    edits, failures = parse_edits(seven)
    assert not edits
    assert failures[0].reason is EditFailureReason.BAD_FORMAT
    nine = f"a.rst\n<<<<<<<<< SEARCH\n{old}=========\n{new}>>>>>>>>> REPLACE\n"
    assert parse_edits(nine) == ([SearchReplace("a.rst", old, new)], [])


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        ("Everything is fine as it is.", "no edit"),
        ("```python\nx = 1\n```", "no edit"),
        (BLOCK, "no path"),
        ("src/a.py\n<<<<<<< SEARCH\nold\n=======\nne", "not closed"),
        ("src/a.py\n<<<<<<< SEARCH\nold\n>>>>>>> REPLACE\n", "0 lines of ="),
        ("FILE: src/a.py\n```python\nx = 1\n", "ends inside"),
        ("FUNCTION: src/a.py\n```python\ndef f(): ...\n```", "no function"),
        ("FUNCTION: src/a.py::f\nhere it comes", "no fenced block"),
        ("```diff\n@@ -1 +1 @@\n-a\n+b\n```", "which file"),
        ("diff --git a/x b/y\nrename from x\nrename to y\n", "renames"),
    ],
)
def test_what_cannot_be_read_is_said(answer: str, word: str) -> None:
    edits, failures = parse_edits(answer)
    assert not edits
    assert [failure.reason for failure in failures] == [EditFailureReason.BAD_FORMAT]
    assert word in failures[0].detail


def test_a_broken_block_does_not_take_the_next_with_it() -> None:
    edits, failures = parse_edits(f"src/b.py\n<<<<<<< SEARCH\nold\n=======\nsrc/a.py\n{BLOCK}")
    assert edits == [EXPECTED]
    assert len(failures) == 1


def test_whole_file_with_nested_fences() -> None:
    content = "# Title\n\n```python\nx = 1\n```\n\nEnd.\n"
    assert parse_edits(f"FILE: README.md\n````markdown\n{content}````\n") == ([WholeFile("README.md", content)], [])
    assert parse_edits(f"FILE: README.md\n```markdown\n{content}```\n") == ([WholeFile("README.md", content)], [])


def test_indented_fences_in_a_docstring_do_not_close_the_block() -> None:
    source = 'def f():\n    """Doc.\n\n    ```\n    f()\n    ```\n    """\n'
    answer = f"**FUNCTION:** `src/a.py::K.f`\n\n```python\n{source}```"
    assert parse_edits(answer) == ([ReplaceFunction("src/a.py", "K.f", source)], [])


def test_diff_with_wrong_numbers_and_lost_blanks() -> None:
    answer = textwrap.dedent("""\
        The fix:
        ```diff
        diff --git a/src/a.py b/src/a.py
        index 123..456 100644
        --- a/src/a.py
        +++ b/src/a.py
        @@ -999,1 +999,77 @@ def f():
         x = 1

        -y = 2
        +y = 3
        @@ ... @@
        -z
        --- old comment
        +++ b
        \\ No newline at end of file
        --- /dev/null
        +++ b/src/new.py
        @@ -0,0 +1 @@
        +VALUE = 1
        --- a/src/gone.py
        +++ /dev/null
        @@ -1 +0,0 @@
        -VALUE = 1
        ```
        """).replace("-- old comment\n+++ b\n", "-- old comment\n+b\n")
    edits, failures = parse_edits(answer)
    assert not failures
    assert edits == [
        UnifiedDiff(
            "src/a.py",
            (
                Hunk(999, ((" ", "x = 1"), (" ", ""), ("-", "y = 2"), ("+", "y = 3"))),
                Hunk(None, (("-", "z"), ("-", "-- old comment"), ("+", "b"))),
            ),
        ),
        WholeFile("src/new.py", "VALUE = 1\n"),
        DeleteFile("src/gone.py"),
    ]


def test_a_bare_diff_in_prose() -> None:
    answer = "Change this:\n\n--- src/a.py\n+++ src/a.py\n@@ -1 +1 @@\n-a\n+b\n\nThat is all.\n"
    edits, _ = parse_edits(answer)
    assert edits == [UnifiedDiff("src/a.py", (Hunk(1, (("-", "a"), ("+", "b"))),))]


LINES = st.lists(st.text(alphabet="ab <>=`~#:./-+@\t", max_size=12), max_size=30)


@given(LINES)
def test_any_text_is_read_without_an_exception(lines: list[str]) -> None:
    edits, failures = parse_edits("\n".join(lines))
    assert edits or failures


@given(LINES.map("\n".join), LINES.map("\n".join), st.booleans())
def test_round_trip_of_search_and_replace(search: str, replace: str, fenced: bool) -> None:
    block = f"<<<<<<<<<<<<<<< SEARCH\n{search}\n===============\n{replace}\n>>>>>>>>>>>>>>> REPLACE\n"
    answer = f"d/f.py\n````\n{block}````\n" if fenced else f"d/f.py\n{block}"
    assert parse_edits(answer) == ([SearchReplace("d/f.py", search + "\n", replace + "\n")], [])
