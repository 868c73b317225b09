import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.localization.languages import BY_NAME, LANGUAGES, language_of
from tools.localization.segment import Segment, parse
from tools.localization.tags import Import, Tags, extract

FIXTURES: dict[str, tuple[str, set[tuple[str, str]], set[str]]] = {
    "python": (
        "import os, sys as s\nfrom ..a.b import (c as d,\n   e)\nLIMIT = 1\n@dec\n"
        "class A(B, metaclass=M):\n    y = 2\n"
        "    @property\n    def f(self):\n        def inner(): pass\n"
        "try:\n    async def g(): pass\nexcept E:\n    pass\n",
        {("variable", "LIMIT"), ("class", "A"), ("variable", "A.y"), ("method", "A.f"), ("function", "g")},
        {"os", "sys", "a.b"},
    ),
    "javascript": (
        'import x from "./mod.js";\nexport const f = (a) => { return 1 }\nclass A extends B { m() {} }\n'
        "export default function g() {}\nconst C = 3;\n",
        {("function", "f"), ("class", "A"), ("method", "A.m"), ("function", "g"), ("variable", "C")},
        {"./mod.js"},
    ),
    "typescript": (
        'import {x} from "./m";\ninterface I { a(): void }\nexport class A<T> implements I { private x = 1; a() {} }\n'
        "enum E { P }\ntype T = string;\nnamespace N { export function q() {} }\n",
        {("interface", "I"), ("class", "A"), ("method", "A.a"), ("enum", "E"), ("type", "T"), ("function", "N.q")},
        {"./m"},
    ),
    "tsx": (
        'import R from "react";\nexport const App: R.FC = () => <div/>;\nfunction Foo() { return <b/>; }\n',
        {("function", "App"), ("function", "Foo")},
        {"react"},
    ),
    "go": (
        'package a\nimport (\n"fmt"\n"x/y"\n)\ntype S struct { a int }\nfunc (s *S) M() {}\nfunc F() {}\nconst K = 1\n',
        {("type", "S"), ("method", "S.M"), ("function", "F"), ("variable", "K")},
        {"fmt", "x/y"},
    ),
    "rust": (
        "use std::collections::{HashMap, HashSet};\nstruct S { a: u8 }\nimpl S { pub fn m(&self) {} }\n"
        "trait T { fn t(&self); }\nfn f() {}\nmod n { fn g() {} }\n",
        {("struct", "S"), ("method", "S.m"), ("trait", "T"), ("method", "T.t"), ("function", "f"), ("module", "n")},
        {"std.collections"},
    ),
    "java": (
        "package p;\nimport a.b.C;\npublic class A extends B { private int x; public A() {} void m() {} }\n",
        {("class", "A"), ("method", "A.A"), ("method", "A.m"), ("variable", "A.x")},
        {"a.b"},
    ),
    "c": (
        '#include "a.h"\n#define X 1\nstruct s { int a; };\ntypedef struct { int b; } t;\n'
        "static int *f(int a) { return 0; }\n#ifdef Q\nint g(void) { return 1; }\n#endif\n",
        {("macro", "X"), ("struct", "s"), ("type", "t"), ("function", "f"), ("function", "g")},
        {"a.h"},
    ),
    "cpp": (
        "#include <v>\nnamespace n { class A : public B { public: void m() {} };\n"
        "template <class T> T f(T a) { return a; } }\nvoid n::A::z() {}\n",
        {("module", "n"), ("class", "A"), ("method", "A.m"), ("function", "f"), ("function", "n.A.z")},
        {"v"},
    ),
    "csharp": (
        "using System.Text;\nnamespace N { class A : B { public A() {} public void M() {} int P { get; set; } } }\n",
        {("class", "A"), ("method", "A.A"), ("method", "A.M"), ("variable", "A.P")},
        {"System"},
    ),
    "ruby": (
        'require "a/b"\nmodule M\n class A < B\n  def m; end\n  def self.s; end\n  X = 1\n end\nend\n',
        {("module", "M"), ("class", "M.A"), ("method", "M.A.m"), ("method", "M.A.s"), ("variable", "M.A.X")},
        {"a/b"},
    ),
    "php": (
        "<?php\nnamespace N;\nuse A\\B\\C;\nclass A extends B { public $x = 1; function m() {} }\nfunction f() {}\n",
        {("class", "A"), ("method", "A.m"), ("variable", "A.x"), ("function", "f")},
        {"A.B"},
    ),
}


def test_every_language_has_a_fixture() -> None:
    assert {language.name for language in LANGUAGES} == FIXTURES.keys()


@pytest.mark.parametrize("language", sorted(FIXTURES))
def test_definitions_and_imports(language: str) -> None:
    source, definitions, modules = FIXTURES[language]
    tags = extract(source.encode(), language)
    assert definitions <= {(definition.kind, definition.name) for definition in tags.definitions}
    assert modules <= {item.module for item in tags.imports}
    assert Tags.unpacked(tags.packed()) == tags


def test_python_details() -> None:
    tags = extract(FIXTURES["python"][0].encode(), "python")
    by_name = {definition.name: definition for definition in tags.definitions}
    assert (by_name["A"].start, by_name["A"].end) == (5, 10)
    assert by_name["A"].bases == ("B",)
    assert (by_name["A.f"].start, by_name["A.f"].end) == (8, 10)
    assert "inner" not in {definition.simple for definition in tags.definitions}
    assert Import("a.b", "c", "d", 2) in tags.imports
    assert Import("sys", "", "s", 0) in tags.imports


def test_languages_by_extension() -> None:
    assert language_of("a/b.tsx") is BY_NAME["tsx"]
    assert language_of("a/b.lua") is BY_NAME["other"]
    assert language_of("README.md") is None
    assert language_of("Makefile") is None


@pytest.mark.parametrize(
    "source", [b"\x00\x01binary", b"x = 1;" * 400_000, b"(" * 200_000, b"// note\n" * 50_000, b"\xff\xfe\xff"]
)
def test_what_is_not_source_becomes_a_document_without_definitions(source: bytes) -> None:
    segment = Segment()
    segment.add(parse("0" * 40, "javascript", source))
    assert Tags.unpacked(segment.documents[0].tags).definitions == ()


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(FIXTURES)), st.integers(0, 300), st.binary(max_size=12))
def test_damaged_source_never_fails(language: str, position: int, noise: bytes) -> None:
    source = FIXTURES[language][0].encode()
    tags = extract(source[:position] + noise + source[position:], language)
    assert all(1 <= definition.start <= definition.end for definition in tags.definitions)
    assert not any("\n" in definition.name for definition in tags.definitions)
