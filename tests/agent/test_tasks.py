"""Reading the issue."""

import io
from pathlib import Path

import pytest

from environments.tasks import read_problem
from tools.errors import InputError


def test_a_file_the_text_itself_and_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "issue.md"
    path.write_bytes(b"caf\xe9 breaks")
    assert read_problem(str(path)) == "caf\ufffd breaks"
    assert read_problem("It breaks when empty") == "It breaks when empty"
    monkeypatch.setattr("sys.stdin", io.StringIO("from a pipe"))
    assert read_problem("-") == "from a pipe"


@pytest.mark.parametrize("issue", ["no/such/file.md", "missing.txt", "  \n "])
def test_what_is_no_issue_is_refused(issue: str) -> None:
    with pytest.raises(InputError):
        read_problem(issue)


def test_an_issue_over_the_limit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "issue.md"
    path.write_text("x" * (2 * 1024 * 1024 + 1))
    with pytest.raises(InputError, match="2 MiB"):
        read_problem(str(path))


def test_an_issue_of_one_mebibyte_is_read(tmp_path: Path) -> None:
    path = tmp_path / "issue.md"
    path.write_text("word " * 200_000)
    assert len(read_problem(str(path))) == 1_000_000
