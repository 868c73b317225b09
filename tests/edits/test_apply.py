"""Applying edits to files: encodings, paths, kinds of edit, and every reason to refuse."""

import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory_files import MemoryFiles

from tools.edits import (
    DeleteFile,
    Edit,
    EditFailureReason,
    Hunk,
    ReplaceFunction,
    SearchReplace,
    StrReplace,
    UnifiedDiff,
    WholeFile,
    apply_edits,
    parse_edits,
)
from tools.files import FolderFiles
from tools.text import SourceText

FILES = MemoryFiles({"pkg/core.py": b"x = 1\ny = 2\n", "pkg/empty.py": b"", "logo.png": b"\x89PNG\0\0x = 1\n"})


def change(edit: Edit, files: MemoryFiles = FILES) -> bytes | None:
    result = apply_edits(files, [edit])
    assert not result.failures, str(result.failures[0])
    return result.changes[edit.path]


def refusal(edit: Edit, files: MemoryFiles = FILES) -> tuple[EditFailureReason, str]:
    result = apply_edits(files, [edit])
    assert not result.changes
    (failure,) = result.failures
    return failure.reason, failure.detail + failure.hint


@given(st.binary(max_size=200) | st.text(max_size=60).map(str.encode))
def test_reading_and_writing_loses_no_byte(data: bytes) -> None:
    if b"\0" not in data:
        assert SourceText.decode(data, "m.py").encode("m.py") == data


@pytest.mark.parametrize(
    ("encoding", "head"),
    [
        ("utf-8", "# plain"),
        ("utf-8-sig", "# marked"),
        ("latin-1", "# -*- coding: latin-1 -*-"),
        ("latin-1", "# no cookie"),
        ("cp1252", "# coding: cp1252"),
        ("koi8-r", "# vim: set fileencoding=koi8-r :"),
        ("utf-16", "# wide"),
    ],
)
def test_encodings_survive(encoding: str, head: str) -> None:
    word = "слово" if encoding == "koi8-r" else "café"
    source = f"{head}\r\ns = '{word}'\r\nt = 1"
    edit = SearchReplace("m.py", f"s = '{word}'\nt = 1\n", f"s = '{word}'\nt = '{word}'\n")
    expected = source.replace("t = 1", f"t = '{word}'").encode(encoding)
    assert change(edit, MemoryFiles({"m.py": source.encode(encoding)})) == expected


def test_stray_bytes_in_utf8_survive() -> None:
    files = MemoryFiles({"m.txt": "naïve\n".encode() + b"\xff\xfe\xff\nend\n"})
    assert change(SearchReplace("m.txt", "naïve", "naïvely"), files) == "naïvely\n".encode() + b"\xff\xfe\xff\nend\n"


def test_a_changed_cookie_is_followed() -> None:
    files = MemoryFiles({"m.py": "# coding: latin-1\ns = 'é'\n".encode("latin-1")})
    assert change(StrReplace("m.py", "latin-1", "utf-8"), files) == "# coding: utf-8\ns = 'é'\n".encode()


def test_characters_the_encoding_lacks_are_refused() -> None:
    files = MemoryFiles({"m.py": "# coding: latin-1\ns = 'é'\n".encode("latin-1")})
    assert refusal(StrReplace("m.py", "é", "€"), files)[0] is EditFailureReason.NOT_ENCODABLE


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "~/x", "../x", "pkg/../../x", ".git/config", "pkg/.GIT/hooks/x", "git~1/config", ".git./x", "C:\\x",
     "pkg\\..\\..\\x", "a\0b", "pkg/", "", ".", ".g\u200cit/config", "pkg/core.py/below.py"],
)  # fmt: skip
@pytest.mark.parametrize("kind", [WholeFile, lambda path, _: DeleteFile(path)])
def test_forbidden_paths(path: str, kind: type[WholeFile]) -> None:
    assert refusal(kind(path, "x\n"))[0] is EditFailureReason.PATH_FORBIDDEN


def test_links_are_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "real.py").write_text("x = 1\n")
    (tmp_path / "link.py").symlink_to(tmp_path / "real.py")
    (tmp_path / "outside").symlink_to(tmp_path.parent)
    edits = [StrReplace("link.py", "x = 1", "x = 2"), WholeFile("link.py", "x"), WholeFile("outside/new.py", "x")]
    result = apply_edits(FolderFiles(tmp_path), edits)
    assert [failure.reason for failure in result.failures] == [EditFailureReason.PATH_FORBIDDEN] * 3


@pytest.mark.parametrize(
    ("edit", "reason", "said"),
    [
        (StrReplace("core.py", "x", "y"), EditFailureReason.FILE_NOT_FOUND, "Did you mean pkg/core.py?"),
        (StrReplace("pkg/cores.py", "x", "y"), EditFailureReason.FILE_NOT_FOUND, "Did you mean pkg/core.py?"),
        (StrReplace("/testbed/pkg/core.py", "x", "y"), EditFailureReason.PATH_FORBIDDEN, "Did you mean pkg/core.py?"),
        (DeleteFile("none.py"), EditFailureReason.FILE_NOT_FOUND, "no such file"),
        (StrReplace("logo.png", "x", "y"), EditFailureReason.BINARY_FILE, "not text"),
        (StrReplace("pkg/core.py", "x = 1", "x = 1"), EditFailureReason.NO_CHANGE, "changes nothing"),
        (WholeFile("pkg/core.py", "x = 1\ny = 2"), EditFailureReason.NO_CHANGE, "changes nothing"),
        (SearchReplace("pkg/core.py", "", "z = 3\n"), EditFailureReason.BAD_FORMAT, "search is empty"),
        (SearchReplace("pkg/core.py", "x = 1\n...\ny = 2", "z"), EditFailureReason.NOT_FOUND, "ellipsis"),
        (StrReplace("pkg/core.py", "q = 0", "y = 2"), EditFailureReason.NOT_FOUND, "made before"),
        (WholeFile("big.txt", "x" * 5_000_000), EditFailureReason.TOO_LARGE, "5000001 bytes"),
        (UnifiedDiff("pkg/core.py", (Hunk(1, (("+", "z"),)),)), EditFailureReason.BAD_FORMAT, "no context"),
    ],
)
def test_reasons(edit: Edit, reason: EditFailureReason, said: str) -> None:
    found, text = refusal(edit)
    assert found is reason
    assert said in text


def test_later_edits_see_earlier_ones_and_survive_failures() -> None:
    edits = [
        StrReplace("pkg/core.py", "x = 1", "x = 10"),
        StrReplace("pkg/core.py", "x = 99", "x = 1"),
        StrReplace("pkg/core.py", "x = 10", "x = 100"),
        WholeFile("new.py", "a = 1"),
        StrReplace("new.py", "a = 1", "a = 2"),
    ]
    result = apply_edits(FILES, edits)
    assert result.changes == {"pkg/core.py": b"x = 100\ny = 2\n", "new.py": b"a = 2\n"}
    assert len(result.applied) == 4
    assert [failure.reason for failure in result.failures] == [EditFailureReason.NOT_FOUND]


def test_a_change_undone_is_no_change() -> None:
    edits = [StrReplace("pkg/core.py", "x = 1", "x = 2"), StrReplace("pkg/core.py", "x = 2", "x = 1")]
    assert apply_edits(FILES, [*edits, WholeFile("new.py", "a"), DeleteFile("new.py")]).changes == {}


def test_empty_search_creates_and_fills() -> None:
    assert change(SearchReplace("pkg/new.py", "", "z = 3\n")) == b"z = 3\n"
    assert change(SearchReplace("pkg/empty.py", "\n", "z = 3")) == b"z = 3\n"


def test_diff_prefixes_are_dropped_only_when_they_are_no_folder() -> None:
    files = MemoryFiles({"pkg/core.py": b"x = 1\n", "a/core.py": b"x = 1\n"})
    edits = [StrReplace("a/pkg/core.py", "x = 1", "x = 2"), StrReplace("a/core.py", "x = 1", "x = 3")]
    assert apply_edits(files, edits).changes == {"pkg/core.py": b"x = 2\n", "a/core.py": b"x = 3\n"}


def test_whole_file_keeps_how_the_file_is_written() -> None:
    files = MemoryFiles({"m.txt": b"\xef\xbb\xbfone\r\ntwo\rthree"})
    assert change(WholeFile("m.txt", "one\ntwo\n2.5\nthree\n"), files) == b"\xef\xbb\xbfone\r\ntwo\r2.5\rthree"


def test_a_diff_happens_whole_or_not_at_all() -> None:
    good, bad = Hunk(1, (("-", "x = 1"), ("+", "x = 5"))), Hunk(2, (("-", "never there at all, not a bit"), ("+", "z")))
    assert refusal(UnifiedDiff("pkg/core.py", (good, bad)))[0] is EditFailureReason.NOT_FOUND


def test_a_line_number_decides_between_equal_places_only() -> None:
    files = MemoryFiles({"m.py": b"a = 1\nb = 1\na = 1\n"})
    hunk = (("-", "a = 1"), ("+", "a = 2"))
    assert change(UnifiedDiff("m.py", (Hunk(3, hunk),)), files) == b"a = 1\nb = 1\na = 2\n"
    assert refusal(UnifiedDiff("m.py", (Hunk(2, hunk),)), files)[0] is EditFailureReason.AMBIGUOUS
    assert change(UnifiedDiff("m.py", (Hunk(9, (("-", "b = 1"), ("+", "b = 2"))),)), files) == b"a = 1\nb = 2\na = 1\n"


@given(st.lists(st.integers(0, 30), max_size=25), st.lists(st.integers(0, 30), max_size=25), st.integers(-50, 50))
def test_real_diffs_with_wrong_numbers_apply(before: list[int], after: list[int], shift: int) -> None:
    """Whatever difflib says between two texts of unique lines is applied exactly, its numbers shifted."""
    import difflib
    import re

    old = [f"{'    ' * (n % 4)}line {n};" for n in dict.fromkeys([100, *before, 101])]
    new = [f"{'    ' * (n % 4)}line {n};" for n in dict.fromkeys([100, *after, 101])]
    if old == new:
        return
    diff = "\n".join(difflib.unified_diff(old, new, "a/m.txt", "b/m.txt", lineterm="", n=3))
    diff = re.sub(r"^@@ -(\d+)", lambda m: f"@@ -{int(m[1]) + shift + 50}", diff, flags=re.MULTILINE)
    edits, failures = parse_edits(f"```diff\n{diff}\n```")
    assert not failures
    result = apply_edits(MemoryFiles({"m.txt": "\n".join(old).encode()}), edits)
    assert result.changes == {"m.txt": "\n".join(new).encode()}


CLASS = textwrap.dedent('''\
    class Shape:
        """A shape."""

        @property
        def area(self):
            return self._area

        @area.setter
        def area(self, value):
            self._area = value

        @cached
        async def load(self):
            text = """
    margin
            indented
    """
            return text

        class Meta:
            def name(self): return "meta"


    @overload
    def size(a: int) -> int: ...
    @overload
    def size(a: str) -> str: ...
    def size(a):
        def inner():
            return a
        return inner()
    ''')


def function(name: str, source: str, path: str = "s.py", code: str = CLASS) -> str:
    data = change(ReplaceFunction(path, name, source), MemoryFiles({path: code.encode()}))
    assert data is not None
    return data.decode()


def test_function_keeps_its_decorators_unless_it_brings_some() -> None:
    kept = function("Shape.load", "async def load(self):\n    return 1\n")
    assert "    @cached\n    async def load(self):\n        return 1\n\n    class Meta" in kept
    given_new = function("Shape.load", "@other\ndef load(self):\n    return 1\n")
    assert "\n\n    @other\n    def load(self):\n        return 1\n\n    class Meta" in given_new


def test_decorators_tell_property_and_setter_apart() -> None:
    text = function("Shape.area", "    @area.setter\n    def area(self, value):\n        self._area = abs(value)\n")
    assert text == CLASS.replace("self._area = value", "self._area = abs(value)")


def test_overloads_are_ambiguous_the_implementation_is_not() -> None:
    files = MemoryFiles({"s.py": CLASS.encode()})
    reason, said = refusal(ReplaceFunction("s.py", "size", "@overload\ndef size(a: float) -> float: ..."), files)
    assert reason is EditFailureReason.AMBIGUOUS
    assert "line 24" in said
    assert function("size", "def size(a):\n    return a\n").endswith("str: ...\ndef size(a):\n    return a\n")


@pytest.mark.parametrize("name", ["Shape.Meta.name", "Meta.name", "Shape::Meta.name"])
def test_nested_class(name: str) -> None:
    expected = CLASS.replace('def name(self): return "meta"', "def name(self):\n            return 2")
    assert function(name, "def name(self):\n    return 2") == expected


def test_inner_function() -> None:
    assert function("size.<locals>.inner", "def inner():\n    return -a") == CLASS.replace("return a\n", "return -a\n")


def test_text_in_strings_at_the_margin_stays_there() -> None:
    body = 'async def load(self):\n    text = """\nmargin\n    indented\n"""\n    return text + text\n'
    assert function("Shape.load", body) == CLASS.replace("return text", "return text + text")


def test_source_wrapped_in_its_class_or_with_a_stripped_header() -> None:
    expected = CLASS.replace("return self._area", "return self._area or 0")
    wrapped = "class Shape:\n    @property\n    def area(self):\n        return self._area or 0\n"
    assert function("Shape.area", wrapped) == expected
    loaded = "async def load(self):\n        return 1\n"
    assert "    async def load(self):\n        return 1\n\n" in function("Shape.load", loaded)


def test_a_class_with_more_than_the_method_is_refused() -> None:
    files = MemoryFiles({"s.py": CLASS.encode()})
    wrapped = "class Shape:\n    def load(self):\n        return 1\n\n    def other(self):\n        return 2\n"
    reason, said = refusal(ReplaceFunction("s.py", "Shape.load", wrapped), files)
    assert reason is EditFailureReason.BAD_FORMAT
    assert "also defines Shape.other" in said


def test_missing_function_names_its_neighbours() -> None:
    files = MemoryFiles({"s.py": CLASS.encode()})
    reason, said = refusal(ReplaceFunction("s.py", "Shape.laod", "def laod(self): ..."), files)
    assert reason is EditFailureReason.FUNCTION_NOT_FOUND
    assert "Shape.load" in said
    assert refusal(ReplaceFunction("s.py", "size.inner", "def other(): ..."), files)[0] is EditFailureReason.BAD_FORMAT


def test_functions_of_other_languages() -> None:
    code = "class A {\n\tb(x) {\n\t\treturn x;\n\t}\n}\n"
    text = function("A.b", "b(x) {\n\treturn x + 1;\n}\n", "a.js", code)
    assert text == code.replace("return x", "return x + 1")
    go = "package p\n\nfunc (s *Server) Close() error {\n\treturn nil\n}\n"
    text = function("Server.Close", "func (s *Server) Close() error {\n\treturn s.err\n}\n", "s.go", go)
    assert text == go.replace("nil", "s.err")
