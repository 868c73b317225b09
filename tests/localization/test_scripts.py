import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.localization.tags import Definition, extract


def defined(source: str, language: str = "javascript") -> set[tuple[str, str]]:
    return {(found.kind, found.name) for found in extract(source.encode(), language).definitions}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("module.exports = function mergeConfig(a) {};", {("function", "mergeConfig")}),
        ("module.exports = (a) => a;", {("function", "exports")}),
        ("exports.parse = function other() {};", {("function", "parse")}),
        ("module.exports.parse = async () => {};", {("function", "parse")}),
        ("Axios.prototype.request = function request() {};", {("method", "Axios.request")}),
        ("utils.forEach = (x) => x;", {("method", "utils.forEach")}),
        ("Foo.bar = class extends Base { m() {} };", {("class", "Foo.bar"), ("method", "Foo.bar.m")}),
        ("exports.a = exports.b = function () {};", {("function", "a")}),
        ("exports.LIMIT = 3; exports.same = same; axios.VERSION = '1';", {("variable", "LIMIT")}),
        ("proto[method] = function named() {};", {("function", "named")}),
        ("if (x) { module.exports = { run() {} } }", {("method", "run")}),
        ("module.exports = { a() {}, b: function () {}, c };", {("method", "a"), ("function", "b")}),
        (
            "export default { methods: { save() {} }, data: () => 1 }",
            {("method", "methods.save"), ("function", "data")},
        ),
        (
            "const on = { click() {}, deep: { 'x': () => 1 }, n: 1 }",
            {("variable", "on"), ("method", "on.click"), ("method", "on.deep.x")},
        ),
        ("Base.prototype = { run: function () {} };", {("method", "Base.run")}),
        ("extend(Foo.prototype, { more: function () {} });", {("method", "Foo.more")}),
        ("const d = { pick: [function pick() {}], list: [1, 2] };", {("variable", "d"), ("method", "d.pick")}),
        ("export const C = defineComponent({ setup() {} });", {("variable", "C"), ("method", "C.setup")}),
        ("const W = React.memo(forwardRef((props, ref) => null));", {("function", "W")}),
        ("export default React.memo(function Panel() {});", {("function", "Panel")}),
        ("export default memo(() => null);", {("function", "default")}),
        ("export default supported && function adapter() {};", {("function", "adapter")}),
        ("const names = list.map((x) => x.y), { a, b } = names;", {("variable", "names")}),
        (
            "(function (root, factory) { root(factory) })(this, function () { function inner() {} });",
            {("function", "inner")},
        ),
        ("define(['a'], function (a) { function inner() {} });", {("function", "inner")}),
        ("!function () { var x = 1; }();", {("variable", "x")}),
        ("(function () { function inner() {} }).call(this);", {("function", "inner")}),
        ("var M = (function () { function p() {} return p; })();", {("module", "M"), ("function", "M.p")}),
        (
            "module.exports = ok ? (function () { function p() {} return function q() {}; })() : null;",
            {("function", "p"), ("function", "q")},
        ),
        (
            "var M = (function () { return { a: function () {} }; })(); define(function () { return { b() {} }; });",
            {("module", "M"), ("method", "M.a"), ("method", "b")},
        ),
        ("const same = (function () { return () => 1; })();", {("function", "same")}),
        ("app.controller('A', function ACtrl() {}).value('B', 1);", {("function", "ACtrl")}),
        (
            "get(req, 'secure', function () {}); req.getter('ip', () => 1);",
            {("function", "req.secure"), ("function", "req.ip")},
        ),
        ("describe('x', function () { it('y', () => {}); });", set()),
        (
            "class A { h = () => {}; static x = 1; get v() { return 1 } }",
            {("class", "A"), ("method", "A.h"), ("variable", "A.x"), ("method", "A.v")},
        ),
    ],
)
def test_what_scripts_bind_to_names(source: str, expected: set[tuple[str, str]]) -> None:
    assert defined(source) == expected


def test_overloads_and_accessors_are_one_definition() -> None:
    source = (
        "export function f(a: 1): void\nexport function f(a: 2): void\nexport function f(a: any) {}\nfunction g() {}\n"
    )
    assert extract(source.encode(), "typescript").definitions == (
        Definition("function", "f", 1, 3),
        Definition("function", "g", 4, 4),
    )
    accessors = b"class A {\n  get v() { return 1 }\n  set v(x) {}\n  w() {}\n}\n"
    assert [found[1:4] for found in extract(accessors, "tsx").definitions] == [
        ("A", 1, 5),
        ("A.v", 2, 3),
        ("A.w", 4, 4),
    ]


def test_decorators_belong_to_what_they_decorate() -> None:
    source = b"@Module({})\nexport class A {\n  @Input()\n  @Other() x: string;\n  y = 1;\n  @Get()\n  m() {}\n}\n"
    spans = [found[1:4] for found in extract(source, "typescript").definitions]
    assert spans == [("A", 1, 8), ("A.x", 3, 4), ("A.y", 5, 5), ("A.m", 6, 7)]


def test_modules_and_namespaces_of_typescript() -> None:
    source = (
        "declare module 'vue' { export function app(): void }\ndeclare module foo { function f(): void }\n"
        "namespace A.B { export const g = () => {} }\ndeclare global { function h(): void }\n"
    )
    assert {name for kind, name in defined(source, "typescript") if kind == "function"} == {
        "app",
        "foo.f",
        "A.B.g",
        "h",
    }


def test_definitions_cover_their_lines() -> None:
    source = (
        "exports.a = {\n  b() {\n  },\n};\nexport const f = wrap(\n  () => {\n  },\n);\n"
        "methods.forEach(\n  function each() {\n});\n"
    )
    spans = {found.name: (found.start, found.end) for found in extract(source.encode(), "javascript").definitions}
    assert spans == {"a": (1, 4), "a.b": (2, 3), "f": (5, 8), "each": (10, 11)}


PIECES = [
    "a",
    "()=>1",
    "function(){}",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ",",
    "=",
    ".",
    ":",
    "exports",
    "x=>",
    "class",
    "||",
    "'s'",
    ";",
    "\n",
]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=60), st.sampled_from(["javascript", "typescript", "tsx"]))
def test_no_script_fails_and_every_definition_is_within_it(pieces: list[str], language: str) -> None:
    source = " ".join(pieces)
    for found in extract(source.encode(), language).definitions:
        assert 1 <= found.start <= found.end <= source.count("\n") + 1
        assert found.name


@pytest.mark.parametrize(
    "source",
    [
        "x = " + " + ".join(["'a'"] * 5000),
        "f(function () {})" + ".g(1)" * 3000,
        "y = " + "f(" * 3000 + "function () {}" + ")" * 3000,
        "var q = " + " || ".join(["a"] * 5000),
        "a = " * 3000 + "1",
    ],
)
def test_deep_expressions_do_no_harm(source: str) -> None:
    assert all(found.end == 1 for found in extract(source.encode(), "javascript").definitions)
