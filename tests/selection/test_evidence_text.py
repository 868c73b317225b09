import ast

from hypothesis import given
from hypothesis import strategies as st

from tools.evidence.asserts import Claim, read_assert
from tools.evidence.solutions import read_requirement, read_solution

PROMPT = 'def shout(text, times):\n    """Return the text repeated, or "nothing" when times is zero.\n    """\n'
REQUIREMENT = read_requirement(PROMPT, "shout")


def read(body: str):
    return read_solution(PROMPT, body, "shout", REQUIREMENT)


def claim(code: str) -> Claim:
    found = read_assert(code, "shout")
    assert found is not None
    return found


def test_a_requirement_is_its_words_and_quoted_strings() -> None:
    assert "repea" in REQUIREMENT.words
    assert REQUIREMENT.strings == {"nothing"}


def test_names_comments_and_layout_do_not_change_the_form() -> None:
    one = read("    out = text * times  # many\n    return out\n")
    two = read("    # repeat\n\n    result = (text * times)\n    return result")
    assert one.form == two.form
    assert one.form != read("    out = times * text\n    return out\n").form


def test_docstrings_do_not_change_the_form_at_any_depth() -> None:
    plain = read("    def twice(it):\n        return it * 2\n    return twice(text)\n")
    told = read(
        "    'Twice.'\n    def twice(it):\n        'Two of it.'\n        return it * 2\n    return twice(text)\n"
    )
    assert plain.form == told.form


def test_code_heeds_what_it_has_a_trace_of_in_the_code_itself() -> None:
    prompt = 'def pick(numbers):\n    """Return the even numbers, sorted, without vowels."""\n'
    requirement = read_requirement(prompt, "pick")

    def heeds(body: str) -> frozenset[str]:
        return read_solution(prompt, body, "pick", requirement).heeded

    assert requirement.concepts == {"parity", "order", "vowels", "remove"}
    assert heeds("    return sorted(n for n in numbers if n % 2 == 0)\n") == {"parity", "order", "remove"}
    assert heeds("    # sorted\n    'aeiou'\n    sort = numbers\n    return sort\n") == set()
    assert heeds("    return sorted(numbers\n") == set()


def test_findings_see_what_cannot_work() -> None:
    good = read("    return text * times if times else 'nothing'\n").findings
    assert (good["parses"], good["undefined"], good["stub"], good["strings"]) == (1, 0, 0, 1)
    assert read("    return helper(text)\n").findings["undefined"] == 1
    assert read("    pass\n").findings["stub"] == 1
    assert read("    '''later'''\n").findings["stub"] == 1
    assert read("    return 3\n").findings["constant"] == 1
    assert read("    print(text)\n").findings["prints"] == 1
    assert read("    return text\n\nshout(1, 2)\n").findings["trailing"] == 1
    broken = read("    return (text\n").findings
    assert broken["parses"] == 0
    assert broken.keys() == good.keys()


@given(st.text(max_size=60))
def test_any_text_can_be_read(text) -> None:
    assert read(text).findings.keys() == read("    pass\n").findings.keys()
    assert read_assert(text, "shout") is None or "shout" in text


@given(st.lists(st.integers() | st.booleans() | st.text(max_size=5) | st.none(), max_size=3), st.integers())
def test_an_assert_says_input_and_value(arguments, value) -> None:
    call = f"shout({', '.join(map(repr, arguments))})"
    one, other = claim(f"assert {call} == {value!r}, 'why'"), claim(f"assert  {call}==({value + 1!r})")
    assert ast.literal_eval(one.expected) == value
    assert one.input == other.input
    assert one.expected != other.expected


def test_kinds_of_assert() -> None:
    yes, no = claim("assert shout('a', 1)"), claim("assert not shout('a', 1)")
    assert (yes.input, yes.expected, no.expected) == (no.input, "True", "False")
    assert yes.bits <= claim("assert shout(1) == []").bits < claim("assert shout(1) == [1, 2, 3]").bits
    assert claim("assert shout(1) is None").bits < claim("assert shout(1) == 'long text'").bits
    assert read_assert("assert other(1) == 2", "shout") is None
    assert read_assert("assert 1 < shout(1)", "shout") is None
    assert read_assert("print(1)", "shout") is None
    named = claim("assert shout(1, times=x) == set()")
    assert (named.input, named.expected) == ("1|times=x", "set()")
