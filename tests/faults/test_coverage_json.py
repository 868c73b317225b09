"""What pytest-cov and coverage.py wrote of a run of three tests that pass and one that fails."""

import json
from pathlib import Path

import pytest

from tools.errors import InputError
from tools.faults.coverage_json import read_coverage
from tools.faults.suspicious import by_line, suspicious_lines

RECORDED = Path(__file__).parent / "recorded" / "coverage.json"
FAILING = "tests/test_stock.py::MovesTest::test_out"


def test_lines_of_the_failing_test_are_scored_by_who_else_executes_them() -> None:
    report = read_coverage(RECORDED, [FAILING])
    assert report.failed == (FAILING,)
    assert len(report.outcomes) == 4
    scores = by_line(suspicious_lines(report))
    assert set(scores) == {"stock/ledger.py"}
    assert scores["stock/ledger.py"][5] == 1.0  # no passing test gets into the loop
    assert set(scores["stock/ledger.py"]) == {3, 4, 5, 6}
    assert scores["stock/ledger.py"][3] < 1.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no JSON", "no JSON report"),
        ("[]", "no JSON report"),
        ('{"files": {"a.py": {"contexts": {"x": ["t"]}}}}', "no JSON report"),
        ('{"files": {"a.py": {"executed_lines": [1]}}}', "which test executed"),
        (json.dumps({"files": {"a.py": {"contexts": {"1": ["", "t.py::a|run"]}}}}), f"knows no test {FAILING}"),
    ],
)
def test_what_cannot_be_used_is_said(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "coverage.json").write_text(text)
    with pytest.raises(InputError, match=message):
        read_coverage(tmp_path / "coverage.json", [FAILING])


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_coverage(tmp_path / "coverage.json", [FAILING])
