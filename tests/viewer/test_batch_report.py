"""The report that a batch leaves behind, with names that would like to be markup."""

from __future__ import annotations

from pathlib import Path

from collections_data import EVIL, make_batch

from agent.batch.layout import BatchFolder
from agent.batch.report import write_report


def test_the_report_says_the_numbers_and_nothing_in_it_is_markup_from_outside(tmp_path: Path) -> None:
    folder = BatchFolder(make_batch(tmp_path / "a", 40, solves=0.7, seed=3, evil=EVIL))
    write_report(folder)
    report, page = folder.report.read_text(), folder.page.read_text()
    assert "resolved, by hidden tests" in report
    assert "AURC" in report
    assert "| pending | 1 |" in report
    assert report.count("project\\_\\_") >= 40
    for text in (report, page):
        assert "\u202e" not in text
    assert "<img" not in page
    assert "<img" not in report.replace("\\<", "")
    assert "<script" not in page
