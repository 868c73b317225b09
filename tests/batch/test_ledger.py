"""The ledger of a batch, in a file and in PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from threading import Thread

import pytest
from postgresql_server import Server

from agent.batch.ledger import Ledger
from environments.tasks import Task
from tools.errors import InputError

SPENT = {"usd": 0.5, "calls": 3, "tokens": 70, "nodes": 2, "seconds": 1.5}


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "batch.db")
    server: Server = request.getfixturevalue("postgresql")
    return server.schema()


@pytest.fixture
def ledger(place: str):
    with Ledger(place) as ledger:
        ledger.add([Task(f"t-{n}", "/r", problem=f"issue {n} \0\ud800") for n in range(4)])
        yield ledger


def test_tasks_are_added_once_and_keep_their_order(place: str, ledger: Ledger) -> None:
    ledger.finish("t-1", "abstained", reason="no \0 idea")
    ledger.add([Task("t-1", "/other", problem="x"), Task("z", "/r", problem="y"), Task("a", "/r", problem="y")])
    with Ledger(place) as again:
        assert again.ids() == ["t-0", "t-1", "t-2", "t-3", "z", "a"]
        assert again.task("t-1").problem == "issue 1 \0\ud800"
        assert again.row("t-1").reason == "no \\x00 idea"
        assert [row.id for row in again.rows()] == again.ids()
        for ask in (again.task, again.row):
            with pytest.raises(InputError, match="no task nosuch"):
                ask("nosuch")


def test_a_task_is_begun_put_off_and_ended(ledger: Ledger) -> None:
    for id in ("t-0", "t-1", "t-2"):
        ledger.begin(id)
    ledger.begin("t-0")  # gone on with after a kill
    assert (ledger.row("t-0").status, ledger.row("t-0").attempt, ledger.row("t-3").attempt) == ("running", 1, 0)
    ledger.suspend(["t-1"])
    assert ledger.ids("running") == ["t-0", "t-2"]
    ledger.suspend()
    assert ledger.ids("running") == []
    outcome = {"patch": "diff \ud800", "confidence": 0.25, "spending": SPENT, "odd": float("nan")}
    ledger.finish("t-0", "solved-candidate", outcome=outcome)
    row = ledger.row("t-0")
    assert (row.patch, row.confidence, row.outcome["odd"]) == ("diff \ud800", 0.25, None)  # type: ignore[index]
    assert {name: getattr(row, name) for name in SPENT} == SPENT
    assert row.started
    assert row.finished
    assert row.finished >= row.started


def test_what_was_done_over_stays_in_the_sums(ledger: Ledger) -> None:
    for id in ("t-0", "t-1"):
        ledger.begin(id)
        ledger.finish(id, "failed-agent", outcome={"spending": SPENT})
    before = ledger.row("t-0")
    totals = ledger.totals()
    ledger.reopen(["t-0"], anew=True)
    assert totals.moved(before, ledger.row("t-0")) == ledger.totals()
    ledger.reopen(["t-1"])
    assert (ledger.row("t-0").usd, ledger.row("t-0").earlier, ledger.row("t-1").usd) == (0.0, 0.5, 0.5)
    sums = ledger.totals()
    assert [type(each) for each in (sums.usd, sums.calls, sums.tokens, sums.nodes)] == [float, int, int, int]
    assert (sums.counts, sums.usd, sums.calls, sums.open, sums.tasks) == ({"pending": 4}, 1.0, 3, 4, 4)


def test_many_rows_are_read_in_portions_while_others_write(ledger: Ledger) -> None:
    ledger.add([Task(f"m-{n:04}", "/r", problem="x") for n in range(1200)])
    ids = ledger.ids()
    threads = [
        Thread(target=lambda some=some: [ledger.finish(id, "abstained") for id in some])
        for some in (ids[:20], ids[20:40])
    ]
    for thread in threads:
        thread.start()
    assert [row.id for row in ledger.rows()] == ids
    for thread in threads:
        thread.join()
    assert ledger.totals().counts == {"abstained": 40, "pending": 1164}
    ledger.reopen(ids)
    assert ledger.totals().counts == {"pending": 1204}


def test_a_ledger_is_one_batchs(place: str, ledger: Ledger) -> None:
    assert ledger.owner() == ""
    ledger.claim("one")
    with Ledger(place) as other:
        other.claim("one")
        with pytest.raises(InputError, match="holds another batch"):
            other.claim("two")
        assert other.owner() == "one"


def test_every_write_is_seen_at_a_file(place: str, tmp_path: Path) -> None:
    beacon = tmp_path / "manifest.json"
    beacon.write_text("{}")
    seen = {beacon.stat().st_mtime_ns}
    with Ledger(place, beacon=beacon) as ledger:
        for write in (lambda: ledger.add([Task("t", "/r", problem="x")]), lambda: ledger.begin("t"), ledger.suspend):
            write()
            seen.add(beacon.stat().st_mtime_ns)
        assert len(seen) == 4
        beacon.unlink()
        ledger.finish("t", "abstained")  # a folder that went away is no reason to stop
    assert not beacon.exists()
