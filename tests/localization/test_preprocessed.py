from hypothesis import given, settings
from hypothesis import strategies as st

from tools.localization.lexis import split_source
from tools.localization.preprocessed import preprocessed
from tools.localization.segment import parse

HEADER = """\
#ifndef A_H
#define A_H
#if defined(_WIN32)
namespace a { /* { */
#else
namespace a {
#endif
FMT_BEGIN_NAMESPACE
FMT_EXPORT template <typename T, FMT_ENABLE_IF((is_x<T>::value))>
class FMT_API reader : public base {
 public:
  FMT_CONSTEXPR20 reader(int n) : n_(n) { if FMT_CONSTEXPR20 (n) { run(); } }
  FMT_NODISCARD FMT_INLINE auto get() const -> int { return n_; }
#ifdef A
  void one() {}
#else
  void two() {}
#  define CHECK(a) \\
    run(a)
#endif
  friend void three() {}
};
FMT_END_NAMESPACE
}
#endif
"""


def found(source: str, language: str) -> dict[str, tuple[str, int, int]]:
    tags = parse("0" * 40, language, source.encode()).tags
    return {item.name: (item.kind, item.start, item.end) for item in tags.definitions}


def test_a_header_full_of_macros_is_read_as_cplusplus() -> None:
    definitions = found(HEADER, "c")
    assert definitions["reader"] == ("class", 9, 22)
    assert definitions["reader.reader"] == ("method", 12, 12)
    assert definitions["reader.get"] == ("method", 13, 13)
    assert {"reader.one", "reader.two", "reader.three", "reader.CHECK"} <= definitions.keys()


def test_of_branches_that_open_the_same_brace_the_first_is_read() -> None:
    source = "#ifdef X\nint f(int a) {\n#else\nint f(long a) {\n#endif\n  return 0;\n}\nint g(void) { return '{'; }\n"
    assert found(source, "c") == {"f": ("function", 2, 7), "g": ("function", 8, 8)}


def test_a_macro_stays_where_it_is_the_type_of_a_function_of_c() -> None:
    source = "MY_API MY_TYPE f(int a) { return a; }\nMY_API int g(void) { return 1; }\nMY_TYPE\nh(void)\n{\n}\n"
    assert preprocessed(split_source(source, "c"), "c") == (
        "MY_TYPE f(int a) { return a; }\nint g(void) { return 1; }\nMY_TYPE\nh(void)\n{\n}\n",
        "c",
    )
    assert found(source, "c").keys() == {"f", "g", "h"}


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, len(HEADER)),
    st.integers(0, 30),
    st.sampled_from(["", "#if 1\n", "#else\n", "#endif\n", "\\\n", '"']),
)
def test_lines_are_kept_whatever_is_damaged(position: int, lost: int, noise: str) -> None:
    source = HEADER[:position] + noise + HEADER[position + lost :]
    text, _ = preprocessed(split_source(source, "c"), "c")
    assert text.count("\n") == source.count("\n")
