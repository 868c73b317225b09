"""The pages of batches and archives: what they count, compare and draw."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from collections_data import EVIL, make_archive, make_batch
from corpus import INVISIBLE
from viewer_runs import Visitor, make_run

from agent.batch.layout import BatchFolder
from agent.batch.ledger import Ledger
from agent.batch.results import compare, read_batch
from agent.evolve.archive import Archive, identity
from agent.evolve.records import DesignRecord, ResultRecord
from agent.store.lock import FolderLock
from agent.viewer.archives import read_archive
from agent.viewer.collections import Shelf, archive_glance, batch_glance
from agent.viewer.library import Library
from agent.viewer.plots import archive_plots, batch_plots

Served = Callable[[Path], Visitor]


def test_a_batch_counts_what_ended_and_why_the_rest_did_not(tmp_path: Path) -> None:
    state = read_batch(make_batch(tmp_path / "a", 60, solves=0.5))
    assert state.evaluated
    assert len(state.tasks) == 60
    assert len(state.ended) + sum(task.row.status in ("failed-infra", "pending") for task in state.tasks) == 60
    assert state.solved == sum(task.verdict == "resolved" for task in state.tasks)
    low, high = state.rate[1].low, state.rate[1].high
    assert low <= state.rate[0] <= high
    assert sum(width for _, _, width in state.shares) == pytest.approx(100)
    causes = {cause: count for _, cause, count, _ in state.causes}
    assert causes["the sandbox failed after … s"] == sum(task.row.status == "failed-infra" for task in state.tasks)


def test_without_an_evaluation_the_runs_own_word_counts(tmp_path: Path) -> None:
    state = read_batch(make_batch(tmp_path / "a", 20, solves=0.5, evaluated=False))
    assert not state.evaluated
    assert state.solved == state.totals.counts["solved-candidate"]
    assert [plot["name"] for plot in batch_plots([state])] == ["scaling"]


def test_two_batches_are_paired_by_task(tmp_path: Path) -> None:
    a = read_batch(make_batch(tmp_path / "a", 80, solves=0.8, seed=1))
    b = read_batch(make_batch(tmp_path / "b", 80, solves=0.2, seed=2))
    found = compare(a, b)
    assert found.both + found.only_a + found.only_b + found.neither == len(found.pairs)
    assert found.solved is not None
    assert found.solved.difference == pytest.approx((found.only_a - found.only_b) / len(found.pairs))
    assert found.solved.interval.low > 0
    assert found.p < 0.01
    assert compare(a, a).p == 1.0
    assert compare(a, read_batch(tmp_path / "none")).pairs == ()
    assert [plot["name"] for plot in batch_plots([a, b])] == ["scaling", "risk-coverage", "reliability"]


def test_a_page_is_out_of_date_when_something_that_it_shows_changed(tmp_path: Path) -> None:
    make_batch(tmp_path / "a", 10, solves=0.5)
    make_archive(tmp_path / "e")
    shelf = Shelf(Library(tmp_path))
    before, archived = batch_glance(shelf, "a"), archive_glance(shelf, "e")
    assert (before, archived) == (batch_glance(shelf, "a"), archive_glance(shelf, "e"))
    assert (before.word, archived.word) == ("stopped", "finished")
    assert before == batch_glance(Shelf(Library(tmp_path)), "a")
    with Ledger(tmp_path / "a" / "batch.db") as ledger:
        ledger.finish("project__0009", "abstained", reason="no idea")
    with Archive(tmp_path / "e" / "archive.db") as archive:
        archive.record(ResultRecord("bad", "t0", 0, "search", 1.0, "solved"))
    after = batch_glance(shelf, "a")
    assert after.version != before.version
    assert after.word == "finished"
    assert archive_glance(shelf, "e").version != archived.version


def test_a_running_task_shows_what_it_has_used_so_far(tmp_path: Path) -> None:
    root = make_batch(tmp_path / "a", 3, solves=0.5)
    make_run(BatchFolder(root).run("project__0002").root, leaves=4, finished=False)
    shelf = Shelf(Library(tmp_path))
    with Ledger(root / "batch.db") as ledger:
        ledger.begin("project__0002")
    assert shelf.batch("a").tasks[2].row.nodes == 0
    lock = FolderLock(root / "lock")
    lock.acquire()
    try:
        (_, _, task) = shelf.batch("a").tasks
        assert (task.row.status, task.row.nodes, task.row.calls) == ("running", 9, 2)
        assert batch_glance(shelf, "a").alive
    finally:
        lock.release()


def test_an_archive_has_lineage_fitness_and_niches(tmp_path: Path) -> None:
    state = read_archive(make_archive(tmp_path / "e"))
    assert len(state.designs) == 13
    assert state.splits == ("search", "held-out")
    lineage = state.lineage()
    assert len(lineage["places"]) == 13
    assert len(lineage["edges"]) == 12
    assert sum(edge[4] == "ghost" for edge in lineage["edges"]) == 3
    assert state.best is not None
    assert state.best.name == "design 30"
    assert [design.name for design in state.designs if design.id in lineage["line"]] == [
        f"design {generation}0" for generation in range(4)
    ]
    assert sum(edge[4] == "chosen" for edge in lineage["edges"]) == 3
    score = state.best.scores["search"]
    assert 0 <= score.low < score.mean < score.high <= 1
    assert score.count == 8
    grid = state.niches
    assert sum(cell.count for row in grid for cell in row) == 12
    for row in grid:
        for column, cell in enumerate(row):
            if cell.best:
                assert cell.best.niche == (column, 3 - grid.index(row))
    refused = next(design for design in state.designs if design.standing == "refused")
    assert (refused.fitness, refused.niche) == (None, None)
    assert state.unit == "US dollars"
    best = [value for _, value in state.best_so_far()]
    assert best == sorted(best)
    assert [plot["name"] for plot in archive_plots(state)] == ["fitness"]


def test_without_money_niches_are_by_what_was_spent_and_the_strategies_name_the_champion(tmp_path: Path) -> None:
    with Archive(tmp_path / "archive.db") as archive:
        for name, scores in (("lucky", [1.0]), ("steady", [1.0] * 8 + [0.0])):
            archive.add(DesignRecord(identity(name), name, name))
            for place, score in enumerate(scores):
                archive.record(ResultRecord(identity(name), f"t{place}", 0, "search", score, "abstained", executions=9))
    state = read_archive(tmp_path)
    assert state.unit == "test runs"
    assert [design.effort for design in state.designs] == [9.0, 9.0]
    assert state.best is not None
    assert state.best.name == "steady"


def test_the_pages_open_and_are_clean(folder: Path, served: Served) -> None:
    make_batch(folder / "a", 12, solves=0.5, evil=EVIL)
    make_batch(folder / "b", 12, solves=0.3, seed=5, evil=EVIL)
    make_archive(folder / "e", evil=EVIL)
    make_run(folder / "a" / "tasks" / "one")
    visitor = served(folder)
    of_two = next(design for design in read_archive(folder / "e").designs if len(design.parents) == 2)
    shown = f"/archive/e/design/{of_two.id}"
    paths = ("/", "/batch/a", "/compare?a=a&b=b", "/archive/e", shown, "/run/a~tasks~one")
    for path in paths:
        status, page, headers = visitor.ask(path)
        assert status == 200, path
        assert "<img src=x" not in page
        assert not any(character in page for character in INVISIBLE)
        assert "script-src 'self';" in headers["content-security-policy"]
    design = visitor.ask(shown)[1]
    assert "Against its parent" in design
    assert visitor.ask("/archive/e/design/zz")[0] == 404
    assert visitor.ask("/batch/e")[0] == 200
    assert "BokehJS" in visitor.ask("/plots/bokeh.min.js")[1][:5000] or "bokeh" in visitor.ask("/plots/bokeh.min.js")[1]


def test_what_is_broken_or_empty_still_opens(folder: Path, served: Served) -> None:
    root = make_batch(folder / "a", 5, solves=0.5)
    (root / "evaluation.json").write_text("{")
    (root / "manifest.json").write_text("{")
    make_archive(folder / "e", generations=0)
    (folder / "x").mkdir()
    (folder / "x" / "archive.db").write_bytes(b"nonsense" * 50)
    with Archive(folder / "e" / "archive.db") as archive:
        archive.add(DesignRecord("only", "only", "", parents=("gone",)))
        archive.keep("end", {})
    visitor = served(folder)
    for path in ("/batch/a", "/archive/e", "/archive/x", "/archive/e/design/only", "/compare?a=a&b=a"):
        assert visitor.ask(path)[0] == 200, path
    assert 'class="problem"' in visitor.ask("/batch/a")[1]
    assert 'class="problem"' in visitor.ask("/archive/x")[1]
