"""The gate: real modules of the running Python, real mistakes, no false alarm."""

import ast
import random
import sysconfig
from pathlib import Path

import pytest

from tools.checks import Finding, FindingKind, Severity, check_changes, gate
from tools.edits import EditFailureReason, StrReplace, WholeFile, apply_edits
from tools.files import FolderFiles

STDLIB = Path(sysconfig.get_path("stdlib"))
MODULES = random.Random(7).sample(sorted(path.name for path in STDLIB.glob("*.py")), 24)
HARD = ["opcode.py", "ssl.py", "enum.py", "socket.py", "datetime.py", "typing.py", "six.py", "signal.py"]


class Files:
    """The files of a dictionary."""

    def __init__(self, **content: str) -> None:
        self.content = {f"{name}.py": text.encode() for name, text in content.items()}

    def paths(self) -> list[str]:
        return sorted(self.content)

    def exists(self, path: str) -> bool:
        return path in self.content

    def is_link(self, path: str) -> bool:
        return False

    def read(self, path: str) -> bytes:
        return self.content[path]


def found(before: str | None, after: str, path: str = "m.py") -> list[Finding]:
    files = Files()
    if before is not None:
        files.content[path] = before.encode()
    return check_changes(files, {path: after.encode()})


def fatal(before: str | None, after: str, path: str = "m.py") -> list[str]:
    return [item.message for item in found(before, after, path) if item.severity is Severity.FATAL]


def test_library_modules_as_they_are_give_no_finding() -> None:
    files = FolderFiles(STDLIB)
    changes = {
        name: files.read(name) + b"\n# a comment at the end\n" for name in {*MODULES, *HARD} if files.exists(name)
    }
    assert check_changes(files, changes) == []


def test_library_modules_taken_as_new_are_not_turned_back() -> None:
    """Every module is added from nothing: any fatal finding would be a false alarm, for names hard to see too."""
    files = FolderFiles(STDLIB)
    alarms = {
        finding.path
        for finding in check_changes(
            Files(), {name: files.read(name) for name in {*MODULES, *HARD} if files.exists(name)}
        )
        if finding.severity is Severity.FATAL
    }
    assert alarms == set()


@pytest.mark.parametrize("name", MODULES[:16])
def test_a_renamed_local_variable_is_caught(name: str) -> None:
    """One binding of a local variable is renamed, its uses are not."""
    source = (STDLIB / name).read_text(encoding="utf-8")
    target = _local_bound_once(ast.parse(source))
    if target is None or "import *" in source:
        pytest.skip("no local variable bound once and used, or names can come from a star import")
    lines = source.encode().split(b"\n")
    row, column, old = target.lineno - 1, target.col_offset, target.id.encode()
    lines[row] = lines[row][:column] + b"renamed_by_mistake" + lines[row][column + len(old) :]
    result = apply_edits(FolderFiles(STDLIB), [WholeFile(name, b"\n".join(lines).decode())])
    gated = gate(FolderFiles(STDLIB), result)
    assert gated.changes == {}
    assert not gated.applied
    (failure,) = gated.failures
    assert failure.reason is EditFailureReason.UNDEFINED_NAME
    assert target.id in failure.detail


def _local_bound_once(tree: ast.Module) -> ast.Name | None:
    everywhere = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    other = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    other |= {node.asname or node.name for node in ast.walk(tree) if isinstance(node, ast.alias)}
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        for statement in function.body:
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                target = statement.targets[0]
                named = [node for node in everywhere if node.id == target.id]
                inside = [node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == target.id]
                if (
                    target.id not in other
                    and len(named) == len(inside) > 1
                    and sum(isinstance(node.ctx, ast.Store) for node in inside) == 1
                ):
                    return target
    return None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1\n", "x = (1\n"),
        ("def f():\n    return 1\n", "def f():\nreturn 1\n"),
        ("def f():\n    return 1\n", "return 1\n"),
        ("x = 1\n", "print 'x'\n"),
        (None, "class A\n    pass\n"),
        ("print 'two'\n", "print 'two'\nx = (\n"),
        ("x = 1\n", "x = 1\0\n"),
    ],
)
def test_new_syntax_errors_are_fatal(before: str | None, after: str) -> None:
    (finding,) = found(before, after)
    assert (finding.kind, finding.severity) == (FindingKind.SYNTAX_ERROR, Severity.FATAL)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("print 'two'\n", "print 'three'\nexec 'x'\n"),
        ("x = (1\n", "y = 2\nx = (1\n"),
        ("x = (1\n", "x = 1\n"),
        ("x = 1\n", "type X = int\n"),
        ("x = 1\n", "def first[T](items: list[T]) -> T: return items[0]\n"),
        ("a = {}\n", 'a = {}\nb = f"{a["key"]}"\n'),
        ("x = 1\n", "try:\n    x = 2\nexcept KeyError, ValueError:\n    pass\n"),
        ("x = '\\d'\n", "x = '\\d\\w'\n"),
        ("x = 1\n", "x = " + "(" * 150 + "1" + ")" * 150 + "\n"),
    ],
)
def test_old_errors_and_other_versions_are_not(before: str, after: str) -> None:
    assert fatal(before, after) == []


@pytest.mark.parametrize(
    ("path", "good", "bad"),
    [
        ("a.js", "function f(x) { return x; }\n", "function f(x) { return x;\n"),
        ("a.ts", "const f = (x: number): number => x;\n", "const f = (x: number: number => x;\n"),
        ("a.go", "package p\n\nfunc f() int {\n\treturn 1\n}\n", "package p\n\nfunc f() int {\n\treturn 1\n"),
        ("A.java", "class A { int f() { return 1; } }\n", "class A { int f() { return 1 } }\n"),
        ("a.rs", "fn f() -> i32 { 1 }\n", "fn f() -> i32 { 1 \n"),
        ("a.rb", "def f\n  1\nend\n", "def f\n  1\n"),
        ("a.php", "<?php function f() { return 1; }\n", "<?php function f() { return 1 }\n"),
    ],
)
def test_other_languages(path: str, good: str, bad: str) -> None:
    assert len(fatal(good, bad, path)) == 1
    assert fatal(bad, good, path) == []
    assert fatal(bad, bad + "\n\n", path) == []


def test_preprocessed_languages_are_only_warned_of() -> None:
    (finding,) = found("int f(void) { return 1; }\n", "int f(void) { return 1;\n", "a.c")
    assert (finding.kind, finding.severity) == (FindingKind.SYNTAX_ERROR, Severity.WARNING)


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        ("import os\nos.sep\n", "os.sep\n", "os"),
        ("def f(a):\n    return a\n", "def f(b):\n    return a\n", "a"),
        ("x = 1\n", "x = 1\ndef f(y: Undefined): ...\n", "Undefined"),
        ("x = 1\n", "x = 1\ndef f():\n    print(x)\n    x = 2\n", "x"),
        (None, "print(missing)\n", "missing"),
    ],
)
def test_new_undefined_names_are_fatal(before: str | None, after: str, name: str) -> None:
    (message,) = fatal(before, after)
    assert f"'{name}'" in message


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("print(injected)\n", "x = 1\nprint(injected, injected)\n"),
        ("x = 1\n", "from os.path import *\nprint(join('a', 'b'))\n"),
        ("x = 1\n", "from __future__ import annotations\ndef f(y: Undefined): ...\n"),
        ("x = 1\n", "def f(y: 'Undefined') -> 'list[Undefined]': ...\n"),
        ("x = 1\n", "try:\n    text = unicode\nexcept NameError:\n    text = str\n"),
        ("x = 1\n", "import sys\ntext = unicode if sys.version_info[0] == 2 else str\n"),
        ("globals()['a'] = 1\n", "globals()['a'] = 1\nprint(a)\n"),
        ("x = 1\n", "class A:\n    def f(self):\n        return __class__\n"),
        ("x = 1\n", "for i in []:\n    y = i\n    del y\n    y\n"),
        ("def f(:\n", "def f(): return missing\n"),
    ],
)
def test_names_defined_out_of_sight_are_not(before: str, after: str) -> None:
    assert fatal(before, after) == []


def test_a_name_that_is_put_into_a_file_by_what_runs_it_is_not() -> None:
    assert fatal("x = 1\n", "x = tags.has('html')\n", "docs/conf.py") == []
    assert len(fatal("x = 1\n", "x = tags.has('html')\n", "docs/other.py")) == 1


@pytest.mark.parametrize(
    ("path", "before", "after", "kind"),
    [
        ("m.py", "x = 1\n", "import os\nx = 1\n", FindingKind.UNUSED_IMPORT),
        ("m.py", "def f(): pass\n", "def f():\n    y = 1\n", FindingKind.UNUSED_VARIABLE),
        ("m.py", "def f(): pass\n", "def f(): pass\ndef f(): pass\n", FindingKind.REDEFINITION),
        ("m.py", "x = 1\n", "x = 1\nif x is 'a': pass\n", FindingKind.SUSPICIOUS),
        ("m.md", "x\n", "<<<<<<< HEAD\nx\n=======\ny\n>>>>>>> other\n", FindingKind.CONFLICT_MARKER),
        ("m.py", "x = 1\n", "x = 1\nbreakpoint()\n", FindingKind.DEBUG_LEFTOVER),
        ("m.py", "x = 1\n", "x = 1\nprint('DEBUG', x)\n", FindingKind.DEBUG_LEFTOVER),
        ("m.js", "let x;\n", "let x;\ndebugger;\n", FindingKind.DEBUG_LEFTOVER),
        ("test_m.py", "def test_a(): pass\ndef test_b(): pass\n", "def test_a(): pass\n", FindingKind.DELETED_TEST),
        ("test/m.py", "x = 1\n", "import pytest\npytest.skip('no')\n", FindingKind.DISABLED_TEST),
    ],
)  # fmt: skip
def test_what_looks_odd_is_told_but_stands(path: str, before: str, after: str, kind: FindingKind) -> None:
    findings = found(before, after, path)
    assert {item.kind for item in findings} == {kind}
    assert {item.severity for item in findings} == {Severity.WARNING}


def test_a_deleted_test_file_is_told() -> None:
    files = Files(test_m="def test_a(): pass\nclass TestB:\n    def test_c(self): pass\n")
    assert [item.message for item in check_changes(files, {"test_m.py": None})] == [
        "the test TestB.test_c is gone",
        "the test test_a is gone",
    ]


def test_edits_that_need_each_other_pass_and_one_bad_file_does_not_take_the_others() -> None:
    files = Files(a="x = 1\n", b="y = 1\n")
    edits = [
        StrReplace("a.py", "x = 1", "x = os.sep"),
        StrReplace("a.py", "x = os", "import os\n\nx = os"),
        StrReplace("b.py", "y = 1", "y = 2"),
        StrReplace("b.py", "y = 2", "y = nowhere"),
    ]
    gated = gate(files, apply_edits(files, edits))
    assert gated.changes == {"a.py": b"import os\n\nx = os.sep\n"}
    assert [item.path for item in gated.applied] == ["a.py", "a.py"]
    (failure,) = gated.failures
    assert failure.reason is EditFailureReason.UNDEFINED_NAME
    assert "     1>\ty = nowhere" in failure.detail
