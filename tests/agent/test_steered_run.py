"""A person's word to a run: it reaches the prompts, it is obeyed, and a resume obeys it at the same place again."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from model_server import call, serving
from repairing_model import ISSUE, RIGHT, WRONG, Author, tree

from agent.config import Settings
from agent.outcome import Outcome
from agent.solve import solve
from agent.steering import Steering, known_moments
from agent.store.folder import RUN, RunFolder
from agent.store.records import EventRecord, NodeRecord
from agent.store.steering import COMMANDS, give, obeyed, orders
from agent.store.store import Store
from agent.work import Evaluation, Work
from environments.tasks import Task
from search.tree import Child, Tree
from tools.errors import InputError

HINT = "strictly less, please"


class Stubborn(Author):
    """Repairs nothing until a person says how; each attempt differs, as an equal patch would fail."""

    def answer(self, request: dict[str, object]) -> dict[str, object]:
        messages = request["messages"]
        assert isinstance(messages, list)
        turn = next(m["content"] for m in messages if "# Your turn: " in str(m["content"]))
        if "debugger" in turn and messages[-1]["role"] != "tool" and HINT not in turn:
            self.requests.append(request)
            number = len(self.requests)
            return call("edit", path="money.py", old=f"    return {WRONG}", new=f"    return {WRONG}  # {number}")
        return super().answer(request)


async def work_on(repository: Path, out: Path) -> Outcome:
    task = Task(id="t", repository=str(repository), problem=ISSUE, python=sys.executable)
    settings = Settings(model="openai/hand", unknown_price="free", confidence=0.3)
    return await solve(task, settings, RunFolder(out))


async def test_a_hint_reaches_the_prompts_and_a_resume_obeys_it_where_it_was_obeyed(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    playing, out = Stubborn(), tmp_path / "run"
    with serving(playing) as address:
        monkeypatch.setenv("OPENAI_API_BASE", address)
        monkeypatch.setenv("OPENAI_API_KEY", "none")
        first = await work_on(repository, out)
        assert first.status == "abstained"
        asked, before = len(playing.requests), tree(out)
        with Store.open(out / "run.db") as store:
            run = store.run(RUN)
            patch = next(node for node in run.nodes() if node.kind == "patch")
            strategy = next(node for node in run.nodes() if node.kind == "strategy")
            give(run, "comment", strategy.id, "mind the remainder")
            give(run, "bad", next(node.id for node in run.nodes() if node.kind == "repair"), "no better")
            give(run, "child", patch.id[:6], HINT)
        second = await work_on(repository, out)
        assert second.status == "solved"
        assert RIGHT in second.patch
        new = playing.requests[asked:]
        assert new
        told = [str(request["messages"]) for request in new]
        assert all(HINT in text and "mind the remainder" in text for text in told)
        assert not any(HINT in str(request["messages"]) for request in playing.requests[:asked])
        steered, asked = tree(out), len(playing.requests)
        assert {row[0] for row in before} < {row[0] for row in steered}
        with Store.open(out / "run.db") as store:
            given = orders(store.run(RUN))
        assert [order.note for order in given] == ["done", "done", "begun: repair"]
        assert len({order.applied for order in given}) == 1
        third = await work_on(repository, out)
        assert (third.status, third.patch) == ("solved", second.patch)
        assert len(playing.requests) == asked
        assert tree(out) == steered


def steered(tmp_path: Path) -> tuple[Store, Steering, Tree]:
    """Root, strategy with two evaluated patches, and the steering of it."""
    store = Store.open(tmp_path / "run.db")
    run = store.create_run(RUN, task={}, config={})
    grown = Tree(Work("base"))
    work = Work("a", evaluation=Evaluation(targets={"t": "passed"}, regressions_run=True))
    strategy = grown.add(grown.root, Child("strategy", Work("base")), action="think", ordinal=0, index=0)
    for index in range(2):
        grown.add(strategy, Child("patch", work, work.value), action="implement", ordinal=index, index=0)
    for node in grown:
        run.put_node(NodeRecord(node.id, node.parent.id if node.parent else None, node.kind, node.depth))
    return store, Steering(run, grown, lambda work: None), grown


def test_marks_stand_in_the_critic_s_place(tmp_path: Path) -> None:
    store, steering, grown = steered(tmp_path)
    with store:
        good, bad = grown.root.children[0].children
        give(store.run(RUN), "good", good.id)
        give(store.run(RUN), "bad", bad.id, "ugly")
        changed = steering(grown, 0, last=False).changed
        assert set(changed) == {good, bad}
        assert (good.value, bad.value) == (1.0, 0.75)
        assert steering.excluded(bad)
        assert steering.closed(bad)
        assert not steering.excluded(good)
        assert store.run(RUN).node(bad.id).critique["verdict"] == "abandon"
        assert "ugly" in steering.guidance(bad, "repair")


def test_pins_and_prunings_close_branches_until_they_are_taken_back(tmp_path: Path) -> None:
    store, steering, grown = steered(tmp_path)
    with store:
        run, strategy = store.run(RUN), grown.root.children[0]
        one, other = strategy.children
        give(run, "pin", one.id)
        steering(grown, 0, last=False)
        assert [steering.closed(node) for node in (grown.root, strategy, one, other)] == [True, True, False, True]
        give(run, "unpin", one.id)
        give(run, "prune", strategy.id)
        steering(grown, 0, last=False)
        assert [steering.closed(node) for node in (grown.root, strategy, one)] == [False, True, True]
        assert steering.excluded(one)
        give(run, "restore", strategy.id)
        assert one in steering(grown, 0, last=False).changed
        assert not steering.closed(one)


def test_pauses_and_stops_end_with_their_sitting(tmp_path: Path) -> None:
    store, steering, grown = steered(tmp_path)
    with store:
        run = store.run(RUN)
        give(run, "pause")
        assert steering(grown, 3, last=False).hold
        give(run, "stop")
        assert steering(grown, 3, last=False).stop
        again = Steering(run, grown, lambda work: None)(grown, 9, last=False)
        assert (again.hold, again.stop) == (False, False)


def test_new_orders_wait_until_a_resume_has_caught_up(tmp_path: Path) -> None:
    store, _, grown = steered(tmp_path)
    with store:
        run = store.run(RUN)
        run.event("sitting", {})
        for state in ("started", "ended", "started", "cancelled"):
            run.event("expansion", {"state": state})
        early = give(run, "prune", grown.root.children[0].children[0].id)
        obeyed(run, early.seq, 2, "done")
        give(run, "pin", grown.root.children[0].children[1].id)
        steering = Steering(run, grown, lambda work: None)
        one, other = grown.root.children[0].children
        steering(grown, 1, last=False)
        assert not steering.excluded(one)
        steering(grown, 2, last=False)
        assert steering.excluded(one)
        assert not steering.closed(grown.root)
        steering(grown, 3, last=False)
        assert steering.closed(grown.root)
        assert not steering.closed(other)


def test_moments_are_those_of_the_furthest_sitting() -> None:
    sitting = EventRecord(1, "sitting", {}, 0.0)
    step = EventRecord(2, "expansion", {"state": "ended"}, 0.0)
    assert known_moments([sitting, step, step, sitting, step]) == 2


@pytest.mark.parametrize(
    ("command", "node", "text"),
    [("explode", "", ""), ("good", "zz", ""), ("good", "", ""), ("comment", None, " "), ("child", None, "x" * 5000)],
)
def test_orders_that_make_no_sense_are_refused(tmp_path: Path, command: str, node: str | None, text: str) -> None:
    store, _, grown = steered(tmp_path)
    with store, pytest.raises(InputError):
        give(store.run(RUN), command, grown.root.id if node is None else node, text)
    assert "child" in COMMANDS
