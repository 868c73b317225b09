"""Lines that use the rare words of a failing test come before those that do not."""

from pathlib import Path

from tools.faults.wording import wording, words_of
from tools.files import FolderFiles

TEST = """
class TestOrders:
    def test_falsy_converters(self):
        assert Field(default=0).value == 1
"""
CODE = """\
def value(field, converter):
    if converter:
        return converter(field)
    return field

def other(field):
    return field
"""


def test_names_are_taken_apart() -> None:
    assert words_of("def get_HTMLParsers(self): # x2") == {"get", "html", "parser", "x", "2"}


def test_rare_shared_words_count_most_and_those_of_the_function_half(tmp_path: Path) -> None:
    (tmp_path / "test_m.py").write_text(TEST)
    (tmp_path / "m.py").write_text(CODE)
    lines = {"m.py": [2, 4, 7]}
    found = wording(FolderFiles(tmp_path), ["test_m.py::TestOrders::test_falsy_converters[a]"], lines)["m.py"]
    assert found[2] == 1.0
    assert found[2] > found[4] > found[7] > 0


def test_without_a_test_to_read_nothing_is_shared(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text(CODE)
    assert wording(FolderFiles(tmp_path), ["gone.py::test_x"], {"m.py": [2, 99]}) == {"m.py": {2: 0.0}}
