"""The pages over a run: what they say, and that broken or half-written runs still open."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from viewer_runs import Visitor, make_run

from agent.store.folder import RunFolder
from agent.store.store import Store
from agent.viewer.frames import difference, frame
from agent.viewer.library import Library
from agent.viewer.runs import RunReader
from tools.errors import InputError

Served = Callable[[Path], Visitor]


def test_every_page_of_a_run_has_an_address(folder: Path, served: Served) -> None:
    make_run(folder / "one")
    visitor = served(folder)
    status, index, _ = visitor.ask("/")
    assert status == 200
    assert 'href="/run/one"' in index
    status, page, _ = visitor.ask("/run/one")
    assert (status, "Shares lose cents" in page, "0.83" in page) == (200, True, True)
    status, node, _ = visitor.ask("/run/one/node/r1")
    assert status == 200
    assert "<strong>right</strong>" in node
    assert "total % people" in node.replace("</span>", "").replace('<span class="o">', "")
    assert "tests/test_money.py::test_one" in node
    assert "2 steps" in node
    status, _, headers = visitor.ask("/run/one/step/2")
    assert (status, headers["location"]) == (303, "/run/one/node/r1#step-2")
    status, patch, _ = visitor.ask("/run/one/node/r1/patch")
    assert "+    return [total // people + (i < total % people)" in patch


def test_what_is_not_there_is_said(folder: Path, served: Served) -> None:
    make_run(folder / "one")
    visitor = served(folder)
    for path in ("/run/two", "/run/one/node/zzz", "/run/..%2Fone", "/run/one/step/99", "/nowhere"):
        status, page, _ = visitor.ask(path)
        assert status == 404, path
        assert "Not here" in page or "no such" in page


def test_an_empty_folder_says_how_to_begin(folder: Path, served: Served) -> None:
    status, page, _ = served(folder).ask("/")
    assert (status, "treewright demo" in page) == (200, True)


def test_a_single_run_is_the_first_page(folder: Path, served: Served) -> None:
    make_run(folder / "one")
    visitor = served(folder / "one")
    assert visitor.ask("/")[2]["location"] == "/run/one"
    assert visitor.ask("/run/one")[0] == 200


def test_a_run_that_was_cut_off_or_damaged_opens(folder: Path, served: Served) -> None:
    make_run(folder / "cut", finished=False)
    damaged = make_run(folder / "damaged", leaves=60)
    data = bytearray(damaged.store.read_bytes())
    page = data.index(b"edit 20 ") // 4096 * 4096
    data[page : page + 4096] = b"Z" * 4096
    damaged.store.write_bytes(data)
    (folder / "empty").mkdir()
    (folder / "empty" / "run.db").write_bytes(b"")
    (folder / "noise").mkdir()
    (folder / "noise" / "run.db").write_bytes(b"this is no database" * 100)
    visitor = served(folder)
    assert visitor.ask("/")[0] == 200
    assert "cut off" in visitor.ask("/run/cut")[1]
    for name in ("damaged", "empty", "noise"):
        status, page, _ = visitor.ask(f"/run/{name}")
        assert (status, 'class="problem"' in page) == (200, True), name
    assert "Shares lose cents" in visitor.ask("/run/damaged")[1]


def test_records_that_do_not_fit_do_not_break_the_page(folder: Path, served: Served) -> None:
    run = make_run(folder / "odd")
    with sqlite3.connect(run.store) as database:
        database.execute("update runs set outcome = '{\"status\": \"solved\"}', task = '{}', config = '{}'")
        database.execute(
            "update nodes set evaluation = '{\"targets\": {\"a\": \"passed\"}}', parent = 'gone' where id = 'p1'"
        )
        database.execute("update nodes set data = '{}', critique = '{}' where id = 'r1'")
    (run.git / "HEAD").unlink()
    visitor = served(folder)
    for path in ("/run/odd", "/run/odd/node/p1", "/run/odd/node/r1"):
        assert visitor.ask(path)[0] == 200, path


def test_only_what_changed_is_sent(tmp_path: Path) -> None:
    run = make_run(tmp_path / "one", leaves=20, finished=False)
    reader = RunReader(run)
    first = frame(reader.state())
    assert difference({}, first)["nodes"] == first["nodes"]
    assert difference(first, frame(reader.state())) == {}
    with Store.open(run.store) as store:
        store.run("run").update_node("l3", value=0.5)
    change = difference(first, frame(reader.state()))
    assert [row["id"] for row in change["nodes"]] == ["l3"]
    assert change["nodes"][0]["v"] == 0.5


def test_keys_do_not_leave_the_folder(folder: Path, tmp_path: Path) -> None:
    make_run(folder / "one")
    make_run(tmp_path / "outside")
    (folder / "link").symlink_to(tmp_path / "outside")
    library = Library(folder)
    assert [item.key for item in library.items()] == ["one"]
    assert library.find("run", "one") == folder / "one"
    for key in ("..~outside", "link", "one~..~..~outside", "/etc", ""):
        with pytest.raises(InputError):
            library.find("run", key)


def test_runs_in_folders_below_are_found(folder: Path) -> None:
    make_run(folder / "a" / "b")
    assert [item.key for item in Library(folder).items()] == ["a~b"]
    assert Library(folder).run("a~b").state().record is not None
    assert RunReader(RunFolder(folder / "none")).state().status == "unreadable"
