"""What prompts and tools tell a model, seen by the model: end to end, against an endpoint."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from model_server import call, say, serving
from money_project import FAILING, Run, git
from repairing_model import ISSUE, OLD, REPRODUCING, RIGHT, WRONG, Author

Solve = Callable[..., dict[str, Any]]
COPY = REPRODUCING.replace("test_parts_add_up", "test_nothing_is_lost").replace("IssueTest", "OtherTest")
OTHER = REPRODUCING.replace("share(11, 4)), 11", "share(5, 3)), 5")


class Teller(Author):
    """Writes the prepared tests, and makes the prepared calls as the solver."""

    def __init__(self, *tests: str, steps: tuple[dict[str, object], ...] = ()) -> None:
        super().__init__()
        self.tests = list(tests)
        self.steps = list(steps)

    def answer(self, request: dict[str, object]) -> dict[str, object]:
        messages = request["messages"]
        assert isinstance(messages, list)
        turn = next(m["content"] for m in messages if "# Your turn: " in str(m["content"]))
        role = turn.split("# Your turn: ")[1].split("\n")[0]
        if role == "solver" and self.steps:
            self.requests.append(request)
            return self.steps.pop(0)
        if role != "tester" or "Does it fail for the reason" in turn:
            return super().answer(request)
        self.requests.append(request)
        path = turn.split("FILE: ")[1].split("\n")[0]
        return {"content": f"FILE: {path}\n```python\n{self.tests.pop(0)}```\n" if self.tests else "CANNOT"}

    @property
    def told(self) -> list[str]:
        """The last message of each request."""
        return [str(request["messages"][-1]["content"]) for request in self.requests]  # type: ignore[index]


@pytest.fixture
def solve(repository: Path, treewright: Run, home: dict[str, str], tmp_path: Path) -> Solve:
    def run(player: Author, *more: object) -> dict[str, Any]:
        with serving(player) as address:
            home.update({"OPENAI_API_BASE": address, "OPENAI_API_KEY": "none"})
            done = treewright(
                *("solve", "--repo", repository, "--issue", ISSUE, "--python", sys.executable, "--json"),
                *("--model", "openai/hand", "--unknown-price", "free", "--out", tmp_path / "run", *more),
            )
        assert done.stdout, done.stderr
        outcome: dict[str, Any] = json.loads(done.stdout)
        return outcome

    return run


def edit(old: str = f"    return {OLD}", new: str = f"    return {RIGHT}") -> dict[str, object]:
    return call("edit", path="money.py", old=old, new=new)


def both(*messages: dict[str, Any]) -> dict[str, object]:
    return {
        "content": None,
        "tool_calls": [item | {"id": str(n)} for n, m in enumerate(messages) for item in m["tool_calls"]],
    }


DONE = call("submit", summary="compares strictly")


def test_a_copy_of_a_reproduction_test_is_refused_and_its_author_told(solve: Solve) -> None:
    player = Teller(REPRODUCING, COPY, OTHER, steps=(edit(), DONE))
    outcome = solve(player)
    told = [text for text in player.told if "same test as one that you wrote before" in text]
    assert len(told) == 1
    assert re.search(r"^- \S+test_nothing_is_lost is \S+test_parts_add_up$", told[0], re.MULTILINE)
    fixed = outcome["proof"]["fixed"]
    assert len(fixed) == 2
    assert not any("nothing_is_lost" in test for test in fixed)


def test_a_file_with_a_copy_and_a_new_test_counts_for_the_new_one(solve: Solve) -> None:
    more = COPY + "\n    def test_five(self):\n        self.assertEqual(sum(share(5, 3)), 5)\n"
    outcome = solve(Teller(REPRODUCING, more, steps=(edit(), DONE)))
    assert sorted(test.rpartition(".")[2] for test in outcome["proof"]["fixed"]) == ["test_five", "test_parts_add_up"]


def test_that_there_is_no_baseline_is_said_to_every_role(solve: Solve, repository: Path) -> None:
    test = repository / "tests" / "test_money.py"
    test.write_text("import no_such_package\n" + test.read_text())
    git(repository, "commit", "-qam", "needs a package")
    player = Teller(steps=(edit(), DONE))
    solve(player)
    openings = [str(request["messages"][1]["content"]) for request in player.requests]  # type: ignore[index]
    assert len(openings) > 3
    for opening in openings:
        assert "No baseline: no test of the repository passes here" in opening
        assert "no_such_package" in opening


def test_a_name_may_be_used_before_the_next_edit_imports_it(solve: Solve) -> None:
    uses = edit(new=f"    return list(chain({RIGHT}))")
    imports = edit(old="def share(", new="from itertools import chain\n\n\ndef share(")
    player = Teller(REPRODUCING, steps=(uses, DONE, imports, DONE))
    outcome = solve(player, "--design", "linear")
    _, used, refused, imported = player.told
    assert used.startswith("Edited money.py.")
    assert "undefined name 'chain'" in used
    assert "import it before you submit" in used
    assert refused.startswith("ERROR: money.py:3: undefined name 'chain'")
    assert imported == "Edited money.py."
    assert "+from itertools import chain" in outcome["patch"]


class Blamer(Teller):
    """A critic that keeps the patch and holds that what fails is wrong."""

    def answer(self, request: dict[str, object]) -> dict[str, object]:
        last = str(request["messages"][-1]["content"])  # type: ignore[index]
        if "# Your turn: critic" in last:
            self.requests.append(request)
            return say({"score": 0.9, "verdict": "keep", "fault": "test", "reasons": "the old test is wrong"})
        return super().answer(request)


def test_nothing_is_repaired_when_the_critic_keeps_the_patch_and_blames_the_test(solve: Solve) -> None:
    player = Blamer(REPRODUCING, steps=(edit(new=f"    return {RIGHT} + [0]"), DONE))
    outcome = solve(player)
    turns = [str(message["content"]) for request in player.requests for message in request["messages"]]  # type: ignore[union-attr,call-overload,index]
    assert any("# Your turn: critic" in turn for turn in turns)
    assert not any("# Your turn: debugger" in turn for turn in turns)
    assert outcome["status"] == "abstained"
    assert outcome["reason"] == "the best patch breaks 1 regression test, and its critic holds that the tests are wrong"


def test_a_debugger_may_leave_a_patch_as_it_is(solve: Solve) -> None:
    class Satisfied(Teller):
        def answer(self, request: dict[str, object]) -> dict[str, object]:
            said = super().answer(request)
            if "# Your turn: debugger" not in str(request["messages"]):
                return said
            shown = "since the patch that you were given" in str(request["messages"])
            return call("submit", summary="nothing to repair") if shown else call("diff")

    player = Satisfied(REPRODUCING, steps=(edit(new=f"    return {WRONG}"), DONE))
    outcome = solve(player, "--max-nodes", "4")
    assert f"+    return {WRONG}" in outcome["patch"]
    repairs = [text for text in player.told if "since the patch that you were given" in text]
    assert repairs  # each is the last thing that its debugger was told: the submit after it ends the turn
    assert not any("there is no patch to submit" in text for text in player.told)


def test_nothing_is_submitted_when_a_call_before_it_failed(solve: Solve) -> None:
    player = Teller(steps=(edit(), both(edit(old="no such line"), DONE), DONE))
    outcome = solve(player, "--design", "linear")
    assert "an earlier call of the same message failed, so this submit was not done" in player.told[2]
    assert f"+    return {RIGHT}" in outcome["patch"]


def test_paths_are_told_from_the_root_of_the_repository(solve: Solve, repository: Path) -> None:
    crash = "python3 -c 'import money; money.mean(3)'; ls $PWD/money.py"
    wrong = edit(new=f"    return {OLD}  # as before")
    player = Teller(REPRODUCING, steps=(call("run", command=crash), wrong, call("test", tests=[FAILING]), DONE))
    solve(player, "--design", "linear")
    _, crashed, _, tested, *_ = player.told
    assert 'File "money.py", line 7, in mean' in crashed
    assert "\nmoney.py\n" in crashed
    assert 'File "tests/test_money.py", line 8, in test_sum' in tested
    assert str(repository.parent) not in str(player.requests)
    assert "unittest/case.py" not in str(player.requests)


def test_new_tests_go_beside_tests_that_work_here(solve: Solve, repository: Path) -> None:
    plugin = repository / "plugin"
    plugin.mkdir()
    near = "import unittest\n\nimport no_such_package\nfrom money import mean, share\n\nshare(10, 3), mean([1])\n"
    (plugin / "test_money.py").write_text(
        near + "".join(f"\n\ndef test_share_{n}():\n    share({n}, 3)\n" for n in "123")
    )
    (repository / "conftest.py").write_text("")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "a plugin that cannot be loaded")
    player = Teller(steps=(edit(), DONE))
    solve(player)
    (asked,) = {
        text for text in player.told if "# Your turn: tester" in text and "FILE: " in text and "issue_1" in text
    }
    assert "FILE: tests/test_issue_1.py" in asked
    assert "# tests/test_money.py, its beginning" in asked
    opening = str(player.requests[0]["messages"][1]["content"])  # type: ignore[index]
    assert "2 tests near by pass, 1 fail, 0 are flaky." in opening
    assert "fails: tests/test_money.py::ShareTest::test_sum\ncannot be loaded: plugin/test_money.py" in opening
