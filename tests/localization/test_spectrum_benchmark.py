"""The benchmark of a reproducer's spectrum: scripts become tests, reports become suspicion, ranks become a table."""

import types
import unittest

from benchmarks.localization.reproduce import CASE, FAILS, Reproducer, read_reports, read_reproducers, write_reports
from benchmarks.localization.spectrum import (
    NOT_REPRODUCED,
    NOT_STARTED,
    NOTHING_COVERED,
    REPRODUCERS,
    Compared,
    hits,
    table,
    unusable,
)
from tools.testing.types import TestOutcome, TestReport


def report(test, status, lines):
    return TestReport({test: TestOutcome(test, status)}, coverage={test: {"app/core.py": frozenset(lines)}})


def test_scripts_see_the_setup_and_keep_their_quotes():
    found = Reproducer("assert twice(2) == '''5'''", ("assert twice(2) == 4",), "def twice(n):\n    return 2 * n\n")
    module = types.ModuleType("reproducer")
    exec(found.module, module.__dict__)
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromModule(module).run(result)
    assert result.testsRun == 2
    assert [case.id().rpartition(".")[2] for case, _ in result.failures] == ["test_fails"]


def test_every_reproducer_is_python():
    for task, found in read_reproducers(REPRODUCERS).items():
        for script in (found.setup, found.fails, *found.passes):
            compile(script, task, "exec")


def test_reports_survive_being_written(tmp_path):
    reports = [report(FAILS, "failed", {3, 4}), report(f"{CASE}test_passes_0", "passed", {3})]
    write_reports(tmp_path / "kept" / "a-1", reports)
    assert read_reports(tmp_path / "kept" / "a-1") == reports


def test_a_script_that_passes_says_nothing():
    assert unusable([report(FAILS, "passed", {3})]) == NOT_REPRODUCED
    assert not unusable([report(FAILS, "error", {3})])
    assert unusable([report(FAILS, "missing", ())]) == NOT_STARTED
    assert unusable([report(FAILS, "error", ())]) == NOTHING_COVERED


def test_instances_without_gold_functions_count_for_files_only():
    rows = [
        Compared(
            f"a-{number}",
            "dev",
            (1, 1),
            2,
            5,
            False,
            {"without": 2, "failing": 1, "spectrum": 1},
            {"without": rank, "failing": rank, "spectrum": rank},
        )
        for number, rank in enumerate((None, 3))
    ]
    assert hits(rows, "file", "spectrum", 1) == [1.0, 1.0]
    assert hits(rows, "function", "without", 5) == [1.0]
    assert "| file @1 | 2 | 0.0 | 100.0 | 100.0 | +100.0 (+100.0 to +100.0) |" in table(rows)
