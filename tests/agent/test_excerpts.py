"""Definitions cut short for prompts, on functions of the standard library and of many shapes."""

import ast
import inspect
import json
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.roles.excerpts import DOCSTRING_LINES, Excerpts, shortened
from tools.files import FolderFiles

DUMP = inspect.getsource(json.dump).rstrip("\n").split("\n")


def test_of_a_long_docstring_the_first_paragraph_is_left() -> None:
    short = shortened("json/__init__.py", DUMP, 99)
    tree = ast.parse("\n".join(DUMP)).body[0]
    assert isinstance(tree, ast.FunctionDef)
    docstring = tree.body[0]
    left_out = len(DUMP) - len(short) + 1
    assert left_out > 20
    assert f"[{left_out} lines of the docstring left out]" in short
    assert short[: docstring.lineno] == DUMP[: docstring.lineno]
    assert docstring.end_lineno is not None
    assert "\n".join(short).endswith("\n".join(DUMP[docstring.end_lineno :]))


def test_a_method_is_indented_as_it_was_and_odd_strings_do_not_matter() -> None:
    method = [
        "    def total(self):",
        '        """Adds.',
        "",
        *["out at the left"] * 9,
        '        """',
        "        return 1",
    ]
    assert shortened("a.py", method, 9) == [
        "    def total(self):",
        '        """Adds.',
        "[11 lines of the docstring left out]",
        "        return 1",
    ]


def test_a_long_body_ends_early_and_says_so() -> None:
    body = ["def f():", *[f"    x{number} = {number}" for number in range(200)]]
    short = shortened("a.py", body, 40)
    assert short[:40] == body[:40]
    assert short[40:] == ["[161 lines left out]"]


@pytest.mark.parametrize("path", ["a.js", "a.py"])
def test_what_is_short_or_cannot_be_read_stays(path: str) -> None:
    for lines in (["def f():", '    """One."""', "    return 1"], ["def f(:", '    """', *["x"] * 20, '    """'], [""]):
        assert shortened(path, lines, 40) == lines


@given(
    st.integers(0, 3),
    st.lists(st.sampled_from(["words", "", "    more words", "é"]), max_size=3 * DOCSTRING_LINES),
    st.integers(0, 80),
)
def test_only_what_is_said_is_left_out(depth: int, said: list[str], length: int) -> None:
    text = "\n".join(["def f():", '    """First.', *said, '    """', *["    pass"] * length, "    return 1"])
    lines = textwrap.indent(text, "    " * depth).split("\n")
    short = shortened("a.py", lines, 40)
    left_out = sum(int(line[1:].split()[0]) for line in short if line.endswith("left out]"))
    kept = [line for line in short if not line.endswith("left out]")]
    assert len(kept) + left_out == len(lines)
    assert set(kept) <= set(lines)
    assert short[0] == lines[0]


def test_a_budget_of_all_excerpts_and_nothing_twice(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import os\n\n\ndef f():\n    return os\n\n\ndef g():\n    return f\n")
    shown = Excerpts(FolderFiles(tmp_path))
    assert not shown.add("a.py", (4, 5), 10)
    assert shown.add("a.py", (4, 5), 1000)
    assert not shown.add("a.py", (5, 5), 1000)
    assert shown.add("a.py", (8, 9), 1000, most=9, said=", called by f")
    assert shown.text == (
        "# a.py, its imports\nimport os\n\n# a.py, lines 4 to 5\ndef f():\n    return os\n\n"
        "# a.py, lines 8 to 9, called by f\ndef g():\n    return f"
    )
    assert not shown.add("a.py", (1, 1), len(shown.text))
