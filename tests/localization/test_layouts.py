from collections.abc import Callable
from pathlib import Path

import pytest

from tools.localization import Localizer
from tools.localization.modules import Modules
from tools.localization.tags import Import, extract

FILES = {
    "go.mod": "module x.org/a/b\n",
    "b.go": "package b\n",
    "errors.go": "package b\n",
    "util/json/json.go": "package json\n",
    "util/json/more.go": "package json\n",
    "util/net/a.go": "package net\n",
    "util/net/b.go": "package net\n",
    "util/net/b_test.go": "package net\n",
    "src/net.c": "int a;\n",
    "src/net.h": "int a;\n",
    "deps/net.h": "int a;\n",
    "include/fmt/core.h": "int a;\n",
    "one-crate/src/lib.rs": "mod a;\npub use a::deep::Deep;\n",
    "one-crate/src/a/mod.rs": "pub use self::deep::Deep;\nfn f() {}\n",
    "one-crate/src/a/deep.rs": "struct Deep;\n",
    "two/src/main.rs": "fn main() {}\n",
}


@pytest.mark.parametrize(
    ("source", "item", "targets"),
    [
        ("b.go", Import("errors"), []),
        ("b.go", Import("x.org/a/b/util/json"), ["util/json/json.go"]),
        ("b.go", Import("x.org/a/b/util/net"), ["util/net/a.go", "util/net/b.go"]),
        ("util/net/a.go", Import("x.org/a/b"), ["b.go"]),
        ("b.go", Import("x.org/other"), []),
        ("src/net.c", Import("net.h"), ["src/net.h", "src/net.c"]),
        ("src/net.c", Import("fmt/core.h"), ["include/fmt/core.h"]),
        ("src/net.c", Import("stdio.h"), []),
        ("include/fmt/core.h", Import("net.h"), []),
        ("one-crate/src/a/deep.rs", Import("crate.a", "f"), ["one-crate/src/a/mod.rs"]),
        ("one-crate/src/a/deep.rs", Import("super", "*"), ["one-crate/src/a/mod.rs"]),
        ("one-crate/src/a/mod.rs", Import("deep", "Deep"), ["one-crate/src/a/deep.rs"]),
        ("one-crate/src/a/mod.rs", Import("super", "Deep"), ["one-crate/src/a/deep.rs"]),
        ("two/src/main.rs", Import("one_crate", "Deep"), ["one-crate/src/a/deep.rs"]),
        ("two/src/main.rs", Import("std.fmt", "Display"), []),
    ],
)
def test_what_an_import_means(
    make_repository: Callable[..., Path], source: str, item: Import, targets: list[str]
) -> None:
    localizer = Localizer(make_repository([("a", FILES)]), "HEAD")
    index = localizer.index
    found = Modules(index).imported(index.by_path[source].number, item)
    localizer.close()
    assert [index.files[number].path for number in found] == targets


@pytest.mark.parametrize(
    ("language", "source", "wanted"),
    [
        (
            "rust",
            "pub use a::b::{C, d::{E as F, self}, // why\n g::*};\n",
            {("a.b", "C"), ("a.b.d", "E"), ("a.b", "d"), ("a.b.g", "*")},
        ),
        ("php", "<?php\nuse A\\{B, C\\D as E};\n", {("A", "B"), ("A.C", "D")}),
        ("csharp", "using X = A.B;\n", {("A", "B")}),
        ("java", "import static a.b.C.*;\n", {("a.b.C", "*")}),
    ],
)
def test_paths_in_braces_are_imports_of_their_own(language: str, source: str, wanted: set[tuple[str, str]]) -> None:
    assert {(item.module, item.name) for item in extract(source.encode(), language).imports} == wanted
