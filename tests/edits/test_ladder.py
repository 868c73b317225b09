"""The matching ladder: what is quoted exactly or nearly is replaced, and nothing else is."""

import textwrap

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from memory_files import MemoryFiles

from tools.edits import EditFailureReason, Rung, SearchReplace, StrReplace, apply_edits

INDENTS = st.sampled_from(["", "    ", "        ", "\t", "\t\t"])
WORDS = st.text(alphabet="abcxyz_=()[]:.,'é€ß#\"\\", min_size=1, max_size=25)
ENDINGS = st.sampled_from(["\n", "\r\n", "\r"])


@st.composite
def files_and_ranges(draw: st.DrawFn) -> tuple[list[str], list[str], int, int, list[str]]:
    """Unique lines, their endings (the last may have none), a range of them, and new lines for it."""
    count = draw(st.integers(1, 12))
    lines = [draw(INDENTS) + draw(WORDS) + f"{index}!" for index in range(count)]
    endings = [draw(ENDINGS) for _ in lines]
    if draw(st.booleans()):
        endings[-1] = ""
    start = draw(st.integers(0, count - 1))
    end = draw(st.integers(start + 1, count))
    new = draw(st.lists(st.builds(str.__add__, INDENTS, WORDS), max_size=5))
    return lines, endings, start, end, new


def split(data: bytes) -> list[str]:
    return data.decode().replace("\r\n", "\n").replace("\r", "\n").split("\n")


@given(files_and_ranges())
def test_exact_quote_replaces_exactly_its_lines(case: tuple[list[str], list[str], int, int, list[str]]) -> None:
    lines, endings, start, end, new = case
    assume(new != lines[start:end])
    written = [line + ending for line, ending in zip(lines, endings, strict=True)]
    data = "".join(written).encode()
    edit = SearchReplace("f.txt", "\n".join(lines[start:end]), "\n".join(new))
    result = apply_edits(MemoryFiles({"f.txt": data}), [edit])
    assert not result.failures
    assert result.applied[0].rung is Rung.EXACT
    changed = result.changes["f.txt"]
    assert changed is not None
    assert changed.startswith("".join(written[:start]).encode())
    assert changed.endswith("".join(written[end:]).encode())
    expected = lines[:start] + new + lines[end:]
    assert [text for text in split(changed) if text] == [text for text in expected if text]
    if new or end < len(lines):  # the end of the file stays as it was
        assert changed.endswith((b"\n", b"\r")) == bool(endings[-1])


@given(files_and_ranges(), st.integers(0, 4), st.booleans())
def test_whitespace_noise_in_the_quote_does_not_matter(
    case: tuple[list[str], list[str], int, int, list[str]], blanks: int, spaces: bool
) -> None:
    lines, endings, start, end, new = case
    assume(new != lines[start:end])
    data = "".join(line + ending for line, ending in zip(lines, endings, strict=True)).encode()
    files = MemoryFiles({"f.txt": data})
    clean = apply_edits(files, [SearchReplace("f.txt", "\n".join(lines[start:end]), "\n".join(new))])
    quoted = "\n" * blanks + "".join(line + ("  \t\n" if spaces else "\n") for line in lines[start:end]) + "\n" * blanks
    noisy = apply_edits(files, [SearchReplace("f.txt", quoted, "\n" * blanks + "\n".join(new) + "\n" * blanks)])
    assert noisy.changes == clean.changes


@given(
    st.lists(st.integers(0, 3), min_size=2, max_size=8), st.integers(0, 3), st.sampled_from([2, 4, 8]), st.booleans()
)
def test_relative_indent_is_carried_over(levels: list[int], outer: int, unit: int, tabs: bool) -> None:
    """A model that writes with another unit or at another depth gets the file's indentation."""
    levels = [0, *levels]
    step = "\t" if tabs else " " * unit
    inside = [step * (level + outer) + f"statement_{index}" for index, level in enumerate(levels)]
    quoted = ["    " * level + f"statement_{index}" for index, level in enumerate(levels)]
    data = ("header\n" + "\n".join(inside) + "\nfooter\n").encode()
    replace = [*quoted[:-1], "    " * levels[-1] + "changed"]
    result = apply_edits(MemoryFiles({"f.py": data}), [SearchReplace("f.py", "\n".join(quoted), "\n".join(replace))])
    expected = "header\n" + "\n".join([*inside[:-1], step * (levels[-1] + outer) + "changed"]) + "\nfooter\n"
    assert result.changes == {"f.py": expected.encode()}


SOURCE = textwrap.dedent("""\
    def scale(values, factor):
        result = []
        for value in values:
            # negative values are kept as they are
            if value < 0:
                result.append(value)
            else:
                result.append(value * factor)
        return result


    def shift(values, offset):
        return [value + offset for value in values]
    """)


def edited(search: str, replace: str, source: str = SOURCE) -> tuple[str, Rung]:
    result = apply_edits(MemoryFiles({"m.py": source.encode()}), [SearchReplace("m.py", search, replace)])
    assert not result.failures, str(result.failures[0])
    content = result.changes["m.py"]
    assert content is not None
    return content.decode(), result.applied[0].rung


def test_fuzzy_keeps_the_lines_the_model_misquoted() -> None:
    """The comment is misquoted and one line is left out: only the meant line changes."""
    search = (
        "        # negatives are kept as they are\n        if value < 0:\n            result.append(value)\n"
        "        else:\n            result.append(value * factor)\n"
    )
    text, rung = edited(search, search.replace("< 0", "<= 0"))
    assert text == SOURCE.replace("value < 0", "value <= 0")
    assert rung is Rung.FUZZY


def test_fuzzy_reindents_new_lines() -> None:
    search = "# negative values are kept as is\nif value < 0:\n    result.append(value)\n"
    replace = "# negative values are kept as is\nif value < 0:\n    log(value)\n    result.append(value)\n"
    text, rung = edited(search, replace)
    assert text == SOURCE.replace(
        "            result.append(value)\n", "            log(value)\n            result.append(value)\n", 1
    )
    assert rung is Rung.FUZZY


def test_fuzzy_never_deletes_a_line_that_was_not_quoted() -> None:
    search = "    for value in values:\n        if value < 0:\n            result.append(value)\n        else:\n"
    result = apply_edits(MemoryFiles({"m.py": SOURCE.encode()}), [SearchReplace("m.py", search, "    pass\n")])
    assert [failure.reason for failure in result.failures] == [EditFailureReason.NOT_FOUND]
    assert "negative values" in result.failures[0].detail
    assert not result.changes


def test_part_of_a_line() -> None:
    text, rung = edited("value + offset", "value - offset")
    assert "value - offset for" in text
    assert rung is Rung.SUBSTRING


def test_quote_copied_from_a_numbered_listing() -> None:
    text, _ = edited("    12\tdef shift(values, offset):", "    12\tdef shift(values, offset=0):")
    assert "def shift(values, offset=0):\n" in text


@pytest.mark.parametrize("kind", [SearchReplace, StrReplace])
def test_two_places_are_ambiguous_and_named(kind: type[SearchReplace] | type[StrReplace]) -> None:
    source = "a = 1\nb = 2\na = 1\n"
    result = apply_edits(MemoryFiles({"m.py": source.encode()}), [kind("m.py", "a = 1", "a = 3")])
    assert result.failures[0].reason is EditFailureReason.AMBIGUOUS
    assert "lines 1, 3" in result.failures[0].detail
    assert not result.changes


def test_two_likely_places_are_ambiguous() -> None:
    twin = SOURCE + SOURCE.replace("scale", "scale_all").replace("factor", "factors")
    search = SOURCE.replace("negative", "the negative").split("\n\n\n")[0].replace("factor", "factor_")
    result = apply_edits(MemoryFiles({"m.py": twin.encode()}), [SearchReplace("m.py", search, "x = 1")])
    assert result.failures[0].reason is EditFailureReason.AMBIGUOUS


def test_not_found_shows_the_closest_lines() -> None:
    result = apply_edits(
        MemoryFiles({"m.py": SOURCE.encode()}), [SearchReplace("m.py", "    return [v * offset for v in vs]", "x")]
    )
    failure = result.failures[0]
    assert failure.reason is EditFailureReason.NOT_FOUND
    assert "    13\t    return [value + offset for value in values]" in failure.detail


def test_literal_replacement_keeps_other_endings() -> None:
    data = b"one two\r\nthree\nfour"
    edits = [StrReplace("m.txt", "two\nthree", "2\n3"), StrReplace("m.txt", "four", "4")]
    assert apply_edits(MemoryFiles({"m.txt": data}), edits).changes == {"m.txt": b"one 2\r\n3\n4"}


def test_large_file_is_searched_where_rare_lines_point() -> None:
    lines = [f"    total_{index} = compute(total_{index - 1}, {index})" for index in range(5000)]
    lines[4000:4003] = ["def alpha(first, second):", "    outcome = first.combine(second)", "    return outcome.value"]
    search = "def alpha(first, second):\n    outcome = first.combined(second)\n    return outcome.value"
    text, rung = edited(search, search.replace("return outcome.value", "return outcome"), "\n".join(lines))
    lines[4002] = "    return outcome"
    assert text == "\n".join(lines)
    assert rung is Rung.FUZZY
