"""What a person sees and does, in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from browsing import Tab, browser, tab
from collections_data import EVIL, make_archive, make_batch
from corpus import hostile
from playwright.sync_api import expect
from viewer_runs import Visitor, make_run

from agent.batch.ledger import Ledger
from agent.evolve.archive import Archive
from agent.evolve.records import DesignRecord, ResultRecord
from agent.store.folder import RunFolder
from agent.store.lock import FolderLock
from agent.store.records import NodeRecord
from agent.store.store import Store
from agent.viewer.runs import RunReader
from agent.viewer.static import export_run

Served = Callable[[Path], Visitor]
__all__ = ("browser", "tab")


def test_the_tree_the_node_and_the_keys(folder: Path, served: Served, tab: Tab) -> None:
    make_run(folder / "one", leaves=90)
    visitor, page = served(folder), tab.page
    page.goto(f"{visitor.address}/run/one")
    expect(page.locator("#panel article")).to_have_attribute("data-id", "r1")
    expect(page.locator("#panel")).to_contain_text("the answer")
    expect(page.locator("#panel .diff .ins").first).to_contain_text("total % people")
    assert page.locator("#drawing .item[data-id]").count() == 95
    page.keyboard.press("h")
    expect(page.locator("#panel article")).to_have_attribute("data-id", "p1")
    assert page.evaluate("location.hash") == "#node-p1"
    expect(page.locator("#panel .tests")).to_contain_text("failed")
    page.keyboard.press("l")
    expect(page.locator("#panel article")).to_have_attribute("data-id", "r1")
    page.locator("#panel .step summary").first.click()
    expect(page.locator("#panel .step").first).to_contain_text("openai/hand")
    page.keyboard.press("Escape")
    page.locator("#query").fill("edit 89 ")
    expect(page.locator("#matches")).to_have_text("1 of 95 match")
    page.locator("#query").press("Escape")
    page.keyboard.press("n")
    expect(page.locator("#panel article")).to_have_attribute("data-id", "l89")
    page.locator("#query").fill("")
    before = page.locator("#drawing .camera").get_attribute("transform")
    page.mouse.move(300, 500)
    page.mouse.wheel(0, -400)
    expect(page.locator("#drawing .camera")).not_to_have_attribute("transform", before or "")
    page.locator("[data-do=fit]").click()
    page.locator("#drawing [data-id=s1]").click()
    expect(page.locator("#panel h2")).to_contain_text("adds the remainder")
    page.keyboard.press(" ")
    expect(page.locator("#drawing [data-id=r1]")).to_have_count(0)
    page.keyboard.press("2")
    expect(page.locator("#tab-tests .matrix tbody tr").first).to_contain_text("★")
    page.locator("#tab-tests a[data-node=r1]").click()
    expect(page.locator("#drawing [data-id=r1]")).to_have_count(1)
    page.goto(f"{visitor.address}/run/one/step/2")
    expect(page.locator("#step-2")).to_have_attribute("open", "")
    assert tab.trouble == []
    assert tab.outside == []


def test_of_a_large_tree_what_is_seen_is_drawn(folder: Path, served: Served, tab: Tab) -> None:
    make_run(folder / "one", leaves=300)
    page = tab.page
    page.goto(f"{served(folder).address}/run/one")
    expect(page.locator("#panel article")).to_have_attribute("data-id", "r1")
    items, last = page.locator("#drawing .item[data-id]"), page.locator("#drawing [data-id=l299]")
    expect(items).to_have_count(305)  # leaves as squares
    page.evaluate("window.treewright.spreadAll()")
    expect(items).to_have_count(305)  # small, but all of it
    expect(page.locator("#drawing .title")).to_have_count(0)
    page.mouse.move(300, 500)
    for _ in range(8):
        page.mouse.wheel(0, -600)
    page.wait_for_function("() => window.treewright.view.scale > 0.9")
    page.evaluate("window.treewright.select('r1', true)")
    expect(page.locator("#drawing .title").first).to_be_attached()
    assert items.count() < 100
    page.evaluate("window.treewright.select('l299', true)")
    expect(last).to_be_in_viewport()
    top = page.locator("#drawing [data-id=l299] .plate").bounding_box()
    page.mouse.down()
    page.mouse.move(320, 420, steps=4)
    page.mouse.up()
    moved = page.locator("#drawing [data-id=l299] .plate").bounding_box()
    assert top is not None
    assert moved is not None
    assert (round(moved["x"] - top["x"]), round(moved["y"] - top["y"])) == (20, -80)
    assert tab.trouble == []


def test_a_tree_grows_while_it_is_looked_at(folder: Path, served: Served, tab: Tab) -> None:
    run = make_run(folder / "one", finished=False)
    page = tab.page
    page.goto(f"{served(folder).address}/run/one")
    expect(page.locator("#drawing .item[data-id]")).to_have_count(5)
    with Store.open(run.store) as store:
        recorded = store.run("run")
        recorded.put_node(NodeRecord("new0", "r1", "repair", 4, title="a late repair", value=1.0, status="done"))
    expect(page.locator("#drawing [data-id=new0]")).to_contain_text("a late repair")
    expect(page.locator("[data-number=nodes]")).to_have_text("6")
    assert tab.trouble == []


def test_one_file_from_disk_with_the_network_off(tmp_path: Path, tab: Tab) -> None:
    run = make_run(tmp_path / "one", leaves=40)
    target = tmp_path / "run.html"
    target.write_text(export_run(RunReader(run)))
    page = tab.page
    page.context.set_offline(True)
    page.goto(target.as_uri())
    expect(page.locator("#panel article")).to_have_attribute("data-id", "r1")
    expect(page.locator("#panel .diff .ins").first).to_contain_text("total % people")
    page.keyboard.press("h")
    expect(page.locator("#panel article")).to_have_attribute("data-id", "p1")
    page.locator("#theme").click()
    page.keyboard.press("3")
    expect(page.locator("#tab-issue")).to_contain_text("must add up")
    assert page.locator("a[href^='/']").count() == 0
    assert tab.trouble == []
    assert [address for address in tab.asked if not address.startswith(("file:", "data:", "blob:"))] == []


def test_hostile_text_is_shown_and_does_nothing(folder: Path, served: Served, tab: Tab, tmp_path: Path) -> None:
    run = make_run(folder / "evil", hostile(), leaves=3)
    target = tmp_path / "evil.html"
    target.write_text(export_run(RunReader(run)))
    address = served(folder).address
    page = tab.page
    places = ("/", "/run/evil", "/run/evil/node/r1", "/run/evil/node/p1", "/run/evil/node/f1")
    for place in (*(address + place for place in places), target.as_uri()):
        page.goto(place)
        if place.endswith(("/run/evil", ".html")):
            expect(page.locator("#panel article")).to_have_count(1)
            for key in ("1", "2", "3", "4"):
                page.keyboard.press(key)
            for node in ("p1", "f1", "s1", "r1"):
                page.evaluate(f"location.hash = '#node-{node}'")
                expect(page.locator("#panel article")).to_have_attribute("data-id", node)
        for each in page.locator("details").all():
            each.evaluate("element => { element.open = true; }")
        assert page.evaluate("window.pwned") is None, place
        assert page.locator("[data-evil], iframe, base, meta[http-equiv=refresh], #panel img").count() == 0, place
        assert "<script>window.pwned=1</script>" in page.content().replace("&lt;", "<").replace("&gt;", ">")
        assert page.url.startswith(place), place
    assert tab.outside == []
    assert tab.trouble == []


def test_batches_are_filtered_compared_and_plotted(folder: Path, served: Served, tab: Tab) -> None:
    make_batch(folder / "a", 80, solves=0.7, seed=1, evil=EVIL)
    make_batch(folder / "b", 80, solves=0.4, seed=2, evil=EVIL)
    page, address = tab.page, served(folder).address
    page.goto(f"{address}/batch/a")
    expect(page.locator("body")).to_have_attribute("data-plots", "3")
    expect(page.locator("#plot-scaling canvas").first).to_be_visible()
    page.locator("select[data-column=status]").select_option("failed-infra")
    shown = page.locator("#list tbody tr:not([hidden])")
    expect(page.locator("#count")).to_have_text(f"{shown.count()} of 80")
    assert 0 < shown.count() < 40
    page.locator("select[data-column=status]").select_option("")
    page.locator("#list thead th").nth(7).click()
    costs = page.locator("#list tbody tr td:nth-child(8)").evaluate_all(
        "cells => cells.map(c => Number(c.dataset.sort))"
    )
    assert costs == sorted(costs)
    with Ledger(folder / "a" / "batch.db") as ledger:
        ledger.finish(f"project__0079{EVIL}", "abstained", reason="it ended just now")
    expect(page.locator("#list")).to_contain_text("it ended just now")
    page.locator("button:has-text('Compare')").click()
    expect(page.locator("h1")).to_contain_text("A a and B b")
    expect(page.locator("body")).to_have_attribute("data-plots", "3")
    page.locator("select[data-column=differs]").select_option("yes")
    assert 0 < page.locator("#list tbody tr:not([hidden])").count() < 75
    assert page.evaluate("window.pwned") is None
    assert page.locator("[data-evil]").count() == 0
    assert tab.trouble == []
    assert tab.outside == []


def test_an_archive_is_drawn(folder: Path, served: Served, tab: Tab) -> None:
    make_archive(folder / "e", evil=EVIL)
    page = tab.page
    page.goto(f"{served(folder).address}/archive/e")
    expect(page.locator("body")).to_have_attribute("data-plots", "1")
    assert page.locator(".lineage .design").count() == 13
    assert page.locator(".lineage .edges .chosen").count() == 3
    assert page.locator(".niches a").count() >= 3
    page.locator("select[data-column=standing]").select_option("refused")
    expect(page.locator("#count")).to_have_text("1 of 13")
    page.locator(".lineage a", has_text="design 22").click()
    expect(page.locator("article")).to_contain_text("Against its parent")
    expect(page.locator("article .ins").first).to_contain_text("localize(2)")
    assert page.locator("[data-evil]").count() == 0
    assert tab.trouble == []
    assert tab.outside == []


def test_the_list_follows_what_starts_goes_on_and_ends(folder: Path, served: Served, tab: Tab) -> None:
    page, one = tab.page, RunFolder(folder / "one")
    page.goto(f"{served(folder).address}/")
    expect(page.locator("#nothing")).to_be_visible()
    one.root.mkdir()
    lock = FolderLock(one.lock)
    lock.acquire()
    one.store.touch()
    row = page.locator("#rows tr[data-id=one]")
    expect(row).to_contain_text("starting")
    expect(page.locator("#live")).to_have_text("1 running")
    make_run(one.root, finished=False)
    expect(row).to_contain_text("running")
    expect(row).to_contain_text("Shares lose cents")
    page.locator("#filter").fill("cents")
    make_run(folder / "two")
    expect(page.locator("#rows tr[data-id=two]")).to_contain_text("solved")
    expect(page.locator("#count")).to_have_text("2 of 2")
    lock.release()
    expect(row).to_contain_text("cut off")
    expect(page.locator("#live")).to_have_text("nothing runs")
    shutil.rmtree(one.root)
    expect(row).to_have_count(0)
    assert page.locator("#filter").input_value() == "cents"
    assert tab.trouble == []


def test_an_archive_grows_while_it_is_looked_at(folder: Path, served: Served, tab: Tab) -> None:
    make_archive(folder / "e", generations=0)
    lock = FolderLock(folder / "e" / "lock")
    lock.acquire()
    page = tab.page
    page.goto(f"{served(folder).address}/archive/e")
    expect(page.locator("#live")).to_have_text("live")
    expect(page.locator("#nothing")).to_be_visible()
    with Archive(folder / "e" / "archive.db") as archive:
        archive.add(DesignRecord("first", "the first", "def", standing="seed"))
        expect(page.locator(".lineage .design")).to_have_count(1)
        expect(page.locator("#plots-section")).to_be_hidden()
        page.locator("#filter").fill("the")
        archive.record(ResultRecord("first", "t0", 0, "search", 1.0, "solved", 0.5))
        expect(page.locator("#plot-fitness canvas").first).to_be_visible()
        expect(page.locator("#rows tr[data-id=first]")).to_contain_text("1.00")
        expect(page.locator(".niches a")).to_have_count(1)
        archive.add(DesignRecord("second", "the second", "def f", parents=("first",), generation=1))
        expect(page.locator(".lineage .design")).to_have_count(2)
        expect(page.locator("#count")).to_have_text("2 of 2")
    lock.release()
    expect(page.locator("#live")).to_have_text("stopped")
    assert tab.trouble == []
    assert tab.outside == []
