"""A real search, looked at and steered in a real browser while it goes on."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import Tab, browser, tab
from playwright.sync_api import Page, expect
from viewer_runs import Visitor

from agent.config import Settings
from agent.outcome import Outcome
from agent.solve import solve
from agent.store.folder import RUN, RunFolder
from agent.store.records import NodeRecord, SteeringRecord
from agent.store.steering import orders
from agent.store.store import Store
from agent.viewer.steer import steer
from environments.tasks import Task

sys.path.append(str(Path(__file__).parents[1] / "agent"))
from model_server import call, say, serving
from repairing_model import ISSUE, OLD, RIGHT, WRONG, Author

__all__ = ("browser", "tab")
Served = Callable[[Path], Visitor]
HINT = "strictly less, please"
COMMENT = "mind the remainder"
TESTS = """import unittest

from money import share


class ShareTest(unittest.TestCase):
    def test_one(self):
        self.assertEqual(len(share(10, 1)), 1)
"""


def make_repository(root: Path) -> Path:
    """One commit: a function with a mistake, and a test that does not see it."""
    (root / "tests").mkdir(parents=True)
    (root / "money.py").write_text(f"def share(total, people):\n    return {OLD}\n")
    (root / "tests" / "__init__.py").write_text("")
    (root / "tests" / "test_money.py").write_text(TESTS)
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], [*who, "commit", "-qm", "start"]):
        subprocess.run(["git", "-C", root, *arguments], check=True)
    return root


class Waiting(Author):
    """Two strategies; every attempt waits to be let through, and is wrong unless a person says how.

    The first request of all waits for `watched`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.attempts: list[str] = []
        self.watched = threading.Event()
        self._doors = threading.Semaphore(0)
        self._attempted = threading.Condition()

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self.watched.wait(60)
        messages = request["messages"]
        turn = next(str(m["content"]) for m in messages if "# Your turn: " in str(m["content"]))
        role = turn.split("# Your turn: ")[1].split("\n", 1)[0]
        if role == "thinker":
            titles = ("Compare strictly", "Count what is left")
            return say({"strategies": [{"title": title, "description": "The remainder."} for title in titles]})
        if role not in ("solver", "debugger"):
            return super().answer(request)
        if messages[-1]["role"] == "tool":
            return call("submit", summary="compares otherwise")
        with self._attempted:
            self.attempts.append(str(messages))
            number = len(self.attempts)
            self._attempted.notify_all()
        self._doors.acquire()
        old = OLD if role == "solver" else WRONG
        new = RIGHT if HINT in str(messages) else WRONG
        return call("edit", path="money.py", old=f"    return {old}", new=f"    return {new}  # {number}")

    def let(self) -> None:
        """Lets one attempt go on."""
        self._doors.release()

    def open(self) -> None:
        """Lets all go on."""
        self.watched.set()
        self._doors.release(100)

    def wait_for(self, count: int) -> None:
        """Until so many attempts were begun."""
        with self._attempted:
            assert self._attempted.wait_for(lambda: len(self.attempts) >= count, 60)


class Search:
    """A search in a thread of its own."""

    def __init__(self, repository: Path, out: Path) -> None:
        self.folder = RunFolder(out)
        self._repository = repository
        self._outcome: list[Outcome] = []
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        task = Task(id="t", repository=str(self._repository), problem=ISSUE, python=sys.executable)
        settings = Settings(model="openai/hand", unknown_price="free", confidence=0.3, reproduction=True)
        self._outcome.append(asyncio.run(solve(task, settings, self.folder)))

    def end(self) -> Outcome:
        """How it ended."""
        self._thread.join(300)
        return self._outcome[0]

    def nodes(self, kind: str) -> list[NodeRecord]:
        """The nodes of a kind, in order."""
        with Store.open(self.folder.store) as store:
            return [node for node in store.run(RUN).nodes() if node.kind == kind]

    def orders(self) -> list[SteeringRecord]:
        """What the store says of the orders."""
        with Store.open(self.folder.store) as store:
            return list(orders(store.run(RUN)))


@pytest.fixture
def searching(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Search, Waiting]]:
    """A search that has just begun."""
    playing = Waiting()
    with serving(playing) as address:
        monkeypatch.setenv("OPENAI_API_BASE", address)
        monkeypatch.setenv("OPENAI_API_KEY", "none")
        search = Search(make_repository(tmp_path / "money"), folder / "one")
        yield search, playing
        playing.open()
        search.end()


def select(page: Page, node: str) -> None:
    """Chooses a node in the tree."""
    page.locator(f"#drawing [data-id='{node}']").click()
    expect(page.locator("#panel article")).to_have_attribute("data-id", node)


def order(page: Page, command: str, text: str = "") -> None:
    """Gives an order about the chosen node."""
    if text:
        page.locator("#panel form.steer textarea").fill(text)
    page.locator(f"#panel form.steer button[value={command}]").click()
    expect(page.locator("#panel .said")).to_contain_text(command)


def test_a_person_watches_a_search_grow_and_leads_it_to_the_answer(
    folder: Path, served: Served, tab: Tab, searching: tuple[Search, Waiting]
) -> None:
    (search, playing), page = searching, tab.page
    visitor = served(folder)
    page.goto(visitor.entrance)
    expect(page.locator("#list tbody")).to_contain_text("running")
    page.goto(f"{visitor.address}/run/one")
    items = page.locator("#drawing .item[data-id]")
    expect(page.locator("#phase")).to_be_visible()
    playing.watched.set()
    playing.wait_for(1)
    expect(items).to_have_count(3)
    expect(page.locator("#live")).to_contain_text("live")
    expect(page.locator("[data-number=time]")).to_have_text(re.compile(r"^\d+ s$"))
    expect(page.locator("#drawing .item.ghost")).to_contain_text("implement …")
    first, second = (node.id for node in search.nodes("strategy"))
    select(page, first)
    order(page, "comment", COMMENT)
    playing.let()
    expect(items).to_have_count(4)
    playing.wait_for(2)
    patch = search.nodes("patch")[0].id
    select(page, patch)
    order(page, "bad", "no better")
    select(page, second)
    order(page, "prune")
    page.locator("form.controls button[value=pause]").click()
    expect(page.locator("form.controls output")).to_contain_text("obeyed at the next decision")
    playing.let()
    expect(items).to_have_count(5)
    expect(page.locator("form.controls button[value=continue]")).to_be_visible()
    expect(page.locator(f"#drawing [data-id='{patch}'].bad")).to_have_count(1)
    expect(page.locator(f"#drawing [data-id='{second}'].pruned")).to_have_count(1)
    expect(page.locator("#drawing .item.ghost")).to_have_count(0)
    assert len(playing.attempts) == 2
    select(page, first)
    order(page, "pin")
    box = page.locator("#panel form.steer textarea")
    box.fill("half a tho")
    steer(search.folder, "comment", first, "from elsewhere")
    expect(page.locator("#panel .said")).to_contain_text("from elsewhere")
    expect(box).to_have_value("half a tho")
    expect(box).to_be_focused()
    order(page, "child", HINT)
    page.locator("form.controls button[value=continue]").click()
    playing.wait_for(3)
    expect(page.locator("#drawing .item.ghost")).to_contain_text("implement …")
    playing.let()
    expect(page.locator("#status")).to_contain_text("solved")
    expect(page.locator("#live")).to_contain_text("finished")
    expect(page.locator("[data-number=time]")).to_have_text(re.compile(r"^\d+\.\d s$"))
    outcome = search.end()
    assert outcome.status == "solved"
    assert RIGHT in outcome.patch
    assert len(playing.attempts) == 3
    assert HINT in playing.attempts[2]
    assert COMMENT in playing.attempts[2]
    assert not any(HINT in text or COMMENT in text for text in playing.attempts[:2])
    given = search.orders()
    assert [each.command for each in given] == [
        "comment",
        "bad",
        "prune",
        "pause",
        "pin",
        "comment",
        "child",
        "continue",
    ]
    assert [each.note for each in given] == [*["done"] * 6, "begun: implement", "done"]
    assert all(each.applied is not None for each in given)
    judged = next(node for node in search.nodes("patch") if node.id == patch)
    assert judged.critique is not None
    assert (judged.critique["verdict"], judged.critique["reasons"]) == ("abandon", "no better")
    expect(page.locator("#drawing .star")).to_have_count(1)
    page.keyboard.press("4")
    expect(page.locator("#tab-about")).to_contain_text("begun")
    assert tab.trouble == []
    assert tab.outside == []


def test_a_stop_in_the_browser_ends_the_search_with_the_best_there_is(
    folder: Path, served: Served, tab: Tab, searching: tuple[Search, Waiting]
) -> None:
    (search, playing), page = searching, tab.page
    visitor = served(folder)
    playing.watched.set()
    playing.let()
    playing.wait_for(2)
    page.goto(visitor.address + "/run/one")
    expect(page.locator("form.controls")).to_have_count(0)
    page.goto(visitor.entrance)
    page.goto(visitor.address + "/run/one")
    page.locator("form.controls button[value=stop]").click()
    expect(page.locator("form.controls output")).to_contain_text("Noted")
    expect(page.locator("#live")).to_contain_text("finished")
    expect(page.locator("form.controls button[value=stop]")).to_be_hidden()
    outcome = search.end()
    assert (outcome.status, len(playing.attempts)) == ("abstained", 2)
    assert WRONG in outcome.patch
    assert [(each.command, each.note) for each in search.orders()] == [("stop", "done")]
    assert tab.trouble == []
