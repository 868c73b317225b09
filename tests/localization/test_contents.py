"""Where definitions are in languages other than Python: each case is a source and what it must and must not define."""

import pytest

from tools.issues import parse_issue
from tools.localization import Localizer
from tools.localization.tags import extract

CASES = {
    "properties and operators of C# that hold code": (
        "csharp",
        "class A {\n int P { get { return 1; } }\n int Q => 3;\n int R { get; set; }\n int this[int i] => i;\n"
        " static A operator +(A a) { return a; }\n static explicit operator int(A a) { return 1; }\n ~A() { }\n"
        " event E e { add { } remove { } }\n F f = () => 1;\n"
        "#if X\n void One() { }\n#elif Y\n void Two() { }\n#else\n void Three() { }\n#endif\n}\n",
        "method A.P, method A.Q, variable A.R, method A.this, method A.operator +, method A.operator int, method A.~A, "
        "method A.e, function A.f, method A.One, method A.Two, method A.Three",
        "",
    ),
    "classes without a name in Java": (
        "java",
        "class A {\n static T t = new T() { @Override void f() { } };\n R r = () -> { };\n"
        " enum E { B { int g() { return 1; } } }\n record P(int a) { P { } }\n}\n",
        "variable A.t, method A.t.f, function A.r, method A.E.B.g, method A.P.P",
        "",
    ),
    "variables of Go that are functions": (
        "go",
        "package a\nvar f = func() {}\nvar g = 1\n",
        "function f, variable g",
        "",
    ),
    "types that Rust implements": (
        "rust",
        "impl<'a, T> Show for a::Vec<T> { fn f() {} }\nimpl Show for &mut S { fn g() {} }\nextern { fn c(); }\n",
        "method Vec.f, method S.g, function c",
        "",
    ),
    "tests beside the code in Rust": (
        "rust",
        "fn f() {}\n#[cfg(test)]\nmod tests {\n use super::*;\n fn help() {}\n #[test]\n fn g() {}\n}\n"
        '#[tokio::test]\nasync fn h() {}\n#[cfg(feature = "a")]\nfn i() {}\n',
        "function f, test tests, test tests.help, test tests.g, test h, function i",
        "",
    ),
    "calls of Ruby": (
        "ruby",
        "class A\n private def p; end\n define_method(:d) { |a| a }\n define_method(name) { 1 }\n"
        " X = Struct.new(:a) do\n  def q; end\n end\n included do\n  def i; end\n end\nend\n",
        "method A.p, method A.d, method A.X.q, method A.i",
        "method A.name",
    ),
    "a class without a name in PHP": (
        "php",
        "<?php\nnamespace A\\B;\nreturn new class extends M { function f() { } };\n",
        "module A.B, method f",
        "",
    ),
    "names of C++": (
        "cpp",
        "Foo::~Foo() { }\nFoo::operator bool() const { return 1; }\ntemplate <> struct S<T<int>,\n  char> {\n"
        " operator int() const { return 1; }\n bool operator<(S s) { return 1; }\n};\nint n::A<T>::f() { return 1; }\n",
        "function Foo.~Foo, function Foo.operator bool, struct S, method S.operator int, method S.operator<, "
        "function n.A.f",
        "",
    ),
    "modules of Rust that are elsewhere": ("rust", "mod a;\nmod b { fn f() {} }\n", "module b, method b.f", "module a"),
    "what is only mentioned in C": (
        "c",
        "struct s *f(void);\nenum e { A };\nextern struct t x;\nstruct u;\n",
        "enum e",
        "struct s, struct t, struct u",
    ),
}


@pytest.mark.parametrize("case", sorted(CASES))
def test_definitions(case: str) -> None:
    language, source, wanted, unwanted = CASES[case]
    found = {f"{definition.kind} {definition.name}" for definition in extract(source.encode(), language).definitions}
    assert set(wanted.split(", ")) <= found
    assert found.isdisjoint(unwanted.split(", "))


def test_attributes_belong_to_what_they_stand_before() -> None:
    source = "use a;\n#[derive(Debug)]\n// why\n#[allow(x)]\nstruct S;\nmac!();\n#[x]\nmac!();\nfn f() {}\n"
    lines = {found.name: (found.start, found.end) for found in extract(source.encode(), "rust").definitions}
    assert lines == {"S": (2, 5), "f": (9, 9)}


def test_a_name_is_one_line() -> None:
    source = "struct S {\n operator T<int,\n  char>() const { return 1; }\n};\nA::operator\n b() { }\n"
    names = [found.name for found in extract(source.encode(), "cpp").definitions]
    assert "S.operator T<int, char>" in names
    assert not any("\n" in name for name in names)


def test_a_module_is_no_chunk_of_its_own_when_something_in_it_is(make_repository, tmp_path):
    text = "module Rack\n  class Media\n    def params(text)\n    end\n  end\nend\n\nmodule Empty\n  LIMIT = 3\nend\n"
    repository = make_repository([("start", {"media.rb": text})])
    localizer = Localizer(repository, "HEAD", cache=tmp_path / "cache", workers=1)
    ranking = localizer.rank(parse_issue("Rack media params: the module of text is Empty"))
    assert {function.name for function in ranking.functions} == {"Rack.Media.params", "Empty"}
