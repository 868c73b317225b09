"""What the solver sees of a repository: view, grep, find, outline, definitions."""

import re
import sysconfig
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.code import definition_at, definitions, find, grep, outline, view
from tools.code.find import matching_paths
from tools.code.view import VIEW_LINES
from tools.errors import InputError
from tools.files import FolderFiles


@pytest.fixture
def files(tmp_path: Path) -> FolderFiles:
    (tmp_path / "src" / "pkg").mkdir(parents=True)
    (tmp_path / "docs").mkdir()
    (tmp_path / "src" / "pkg" / "core.py").write_text(
        "class A:\n    def f(self, x):\n        return x\n\n\nVALUE = 1\n"
    )
    (tmp_path / "src" / "pkg" / "long.py").write_text("".join(f"line_{n} = {n}\n" for n in range(1, 1001)))
    (tmp_path / "src" / "latin.py").write_bytes("# coding: latin-1\r\nname = 'café'\r\n".encode("latin-1"))
    (tmp_path / "docs" / "odd.txt").write_bytes("naïve ".encode() + b"\xff\n" + b"x" * 1000)
    (tmp_path / "logo.bin").write_bytes(b"\0\1\2value")
    (tmp_path / "empty.py").write_bytes(b"")
    return FolderFiles(tmp_path)


def test_view_a_range(files: FolderFiles) -> None:
    assert view(files, "./src/pkg/core.py", 2, 3) == (
        "src/pkg/core.py (lines 2-3 of 6)\n     2\t    def f(self, x):\n     3\t        return x"
    )
    assert view(files, "src/pkg/core.py", 6, 99).endswith("(lines 6-6 of 6)\n     6\tVALUE = 1")


def test_view_is_bounded_and_says_so(files: FolderFiles) -> None:
    shown = view(files, "src/pkg/long.py", 101).split("\n")
    assert shown[1] == "   101\tline_101 = 101"
    assert len(shown) == VIEW_LINES + 2
    assert shown[-1] == f"({1000 - 100 - VIEW_LINES} more lines; view from line {101 + VIEW_LINES})"


def test_view_of_odd_files(files: FolderFiles) -> None:
    assert "     2\tname = 'café'" in view(files, "src/latin.py")
    odd = view(files, "docs/odd.txt")
    assert "naïve \\xff\n" in odd
    assert "… [600 more characters]" in odd
    assert view(files, "logo.bin") == "logo.bin is a binary file of 8 bytes"
    assert view(files, "empty.py") == "empty.py is empty"


def test_view_of_folders(files: FolderFiles) -> None:
    assert view(files, "src").split("\n") == ["src is a folder of 2 entries", "latin.py", "pkg/  (2 files)"]
    assert view(files, ".").startswith(". is a folder of 4 entries\ndocs/  (1 file)\n")


def test_view_of_what_is_not_there(files: FolderFiles) -> None:
    with pytest.raises(InputError, match=r"no file core\.py") as error:
        view(files, "core.py")
    assert error.value.hint == "did you mean src/pkg/core.py?"
    with pytest.raises(InputError, match="has lines 1 to 6"):
        view(files, "src/pkg/core.py", 7)


def test_grep(files: FolderFiles) -> None:
    assert grep(files, r"^\s+def \w+") == "src/pkg/core.py:2: def f(self, x):"
    assert grep(files, "value", ignore_case=True) == "src/pkg/core.py:6: VALUE = 1"
    assert grep(files, "café") == "src/latin.py:2: name = 'café'"
    assert grep(files, "nothing like it", "*.py") == "no line matches nothing like it in *.py"
    assert grep(files, r"\AVALUE") == "src/pkg/core.py:6: VALUE = 1"


def test_grep_counts_what_it_does_not_show(files: FolderFiles) -> None:
    shown = grep(files, r"= \d", limit=30).split("\n")
    assert len([line for line in shown if re.match(r"src/pkg/\w+\.py:\d+: ", line)]) == 21
    assert "(980 more lines in src/pkg/long.py)" in shown
    assert shown[-1] == "(980 of 1001 matching lines in 2 files not shown)"
    assert len(grep(files, "line", "src/pkg/", limit=30).split("\n")) == 32


def test_grep_with_what_is_no_pattern(files: FolderFiles) -> None:
    shown = grep(files, "f(self")
    assert shown.startswith("src/pkg/core.py:2: def f(self, x):\n(not a regular expression: ")
    with pytest.raises(InputError, match="empty"):
        grep(files, "")


def test_grep_stops_at_a_catastrophic_pattern(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("needle\n")
    (tmp_path / "b.txt").write_text("a" * 200 + "!\n")
    shown = grep(FolderFiles(tmp_path), r"needle|^(a|aa)+(a|aa)+(a|aa)+$", seconds=0.2)
    assert shown.split("\n") == ["a.txt:1: needle", "(stopped after 0.2 s at b.txt: 1 of 2 files were searched)"]


@given(st.lists(st.text(alphabet="ab \t.", max_size=8), min_size=1, max_size=20), st.sampled_from(
    ["a", "^a", "b$", r"a\s*b", r"^\s*$", "(?!a)b", r"a\s++b", "[^a]b", "a|b", r"\Aa", "aaaa|b."]
))  # fmt: skip
def test_grep_says_what_the_standard_library_says(lines: list[str], pattern: str) -> None:
    class One:
        def paths(self) -> list[str]:
            return ["f.txt"]

        def read(self, path: str) -> bytes:
            return "\n".join(lines).encode()

    compiled = re.compile(pattern)
    text = "\n".join(lines)
    expected = {number for number, line in enumerate(text.removesuffix("\n").split("\n"), 1) if compiled.search(line)}
    shown = grep(One(), pattern)  # type: ignore[arg-type]
    assert {int(match[1]) for match in re.finditer(r"^f\.txt:(\d+):", shown, re.MULTILINE)} == expected


@pytest.mark.parametrize(
    ("glob", "expected"),
    [
        ("*.py", ["a.py", "src/b.py", "src/x/c.py"]),
        ("src/*.py", ["src/b.py"]),
        ("src/**/*.py", ["src/b.py", "src/x/c.py"]),
        ("src/", ["src/b.py", "src/x/c.py", "src/x/d.md"]),
        ("./src/x", ["src/x/c.py", "src/x/d.md"]),
        ("**/c.*", ["src/x/c.py"]),
        ("{src,docs}/**/*.{py,md}", ["src/b.py", "src/x/c.py", "src/x/d.md"]),
        ("src/{b,x/{c,y}}.py", ["src/b.py", "src/x/c.py"]),
        ("{a}.py", []),
        (".", ["a.py", "src/b.py", "src/x/c.py", "src/x/d.md"]),
    ],
)
def test_globs(glob: str, expected: list[str]) -> None:
    assert matching_paths(["a.py", "src/b.py", "src/x/c.py", "src/x/d.md"], glob) == expected


def test_find(files: FolderFiles) -> None:
    assert find(files, "core.*") == "src/pkg/core.py"
    assert find(files, "*.py", limit=2) == "empty.py\nsrc/latin.py\n(2 more files)"
    assert find(files, "*.rs") == "no file matches *.rs"


def test_outline(files: FolderFiles) -> None:
    assert outline(files, "src/pkg/core.py") == (
        "src/pkg/core.py (2 definitions)\n        1-3  class A:\n        2-3      def f(self, x):"
    )
    assert "no language" in outline(files, "docs/odd.txt")
    assert "defines no functions" in outline(files, "src/pkg/long.py")
    with pytest.raises(InputError):
        outline(files, "none.py")


def test_python_definitions_agree_with_the_standard_parser() -> None:
    import ast

    for name in ("argparse.py", "dataclasses.py", "functools.py", "typing.py"):
        source = (Path(sysconfig.get_path("stdlib")) / name).read_bytes()
        expected = set()

        def collect(node: ast.AST, outer: str, expected: set[tuple[str, int, int, int]] = expected) -> None:
            for child in ast.iter_child_nodes(node):
                inner = outer
                if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                    start = min([child.lineno, *(item.lineno for item in child.decorator_list)])
                    inner = f"{outer}{child.name}."
                    expected.add((inner[:-1], start, child.lineno, child.end_lineno or 0))
                collect(child, inner)

        collect(ast.parse(source), "")
        assert {(item.name, item.start, item.line, item.end) for item in definitions(name, source)} == expected


@pytest.mark.parametrize(
    ("path", "source", "names"),
    [
        ("a.js", "class A { m() {} get p() {} }\nfunction f() {}\nexport const g = (x) => x;\n", "A A.m A.p f g"),
        ("a.ts", "interface I { x: number }\nclass A<T> { m(): T { return 1 } }\nnamespace N { }\n", "I A A.m N"),
        ("a.go", "package p\ntype T struct { x int }\nfunc (t *T) M() {}\nfunc F() {}\n", "T T.M F"),
        ("a.rs", "struct S { x: i32 }\nimpl S { fn m(&self) {} }\nmod k { fn f() {} }\n", "S S S.m k k.f"),
        ("A.java", "class A { A() {} int f() { return 1; } interface I {} }\n", "A A.A A.f A.I"),
        ("a.c", "struct s { int x; };\nstatic int *f(int a) { return 0; }\nint g(void);\n", "s f"),
        ("a.cpp", "namespace n { class A { void m() {} }; }\nvoid n::B::k() {}\n", "n n.A n.A.m n.B.k"),
        ("a.cs", "namespace N { class A { void M() {} } }\n", "N N.A N.A.M"),
        ("a.rb", "module M\n  class A\n    def f; 1; end\n    def self.g; 2; end\n  end\nend\n", "M M.A M.A.f M.A.g"),
        ("a.php", "<?php class A { function f() { return 1; } }\nfunction g() { return 2; }\n", "A A.f g"),
        ("a.txt", "class A:\n    pass\n", ""),
    ],
)  # fmt: skip
def test_definitions_of_other_languages(path: str, source: str, names: str) -> None:
    assert [item.name for item in definitions(path, source.encode())] == names.split()


def test_definition_at() -> None:
    source = b"import os\n\n@a\ndef f():\n    def g():\n        pass\n    return g\n"
    names = [getattr(definition_at("m.py", source, line), "name", None) for line in range(1, 8)]
    assert names == [None, None, "f", "f", "f.g", "f.g", "f"]


def test_deep_nesting_is_no_trouble() -> None:
    source = b"def f(): pass\nx = " + b"(" * 20_000 + b")" * 20_000 + b"\n"
    assert [item.name for item in definitions("m.py", source)] == ["f"]
