"""Finalists that pass the same tests are told apart by a test that is written for them, end to end."""

from __future__ import annotations

import json
import sqlite3
import sys
from pathlib import Path

import pytest
from model_server import say, serving
from money_project import FAILING, Run
from repairing_model import ISSUE, OLD, RIGHT, Author

LASTS = "[total // people + (i >= people - total % people) for i in range(people)]"
"""Adds up too, but gives the extra cents to the last ones; the docstring says the first."""
TELLING = """import unittest

from money import share


class FirstOnesTest(unittest.TestCase):
    def test_the_first_ones_get_the_extra_cents(self):
        self.assertEqual(share(11, 4), [3, 3, 3, 2])
"""
CONTROL = """
    def test_everybody_gets_a_part(self):
        self.assertEqual(len(share(11, 4)), 4)
"""
BLUNT = TELLING.replace("share(11, 4), [3, 3, 3, 2]", "sum(share(11, 4)), 11")


DESIGN = '''"""Two drafts, judged by the same tests."""

from collections.abc import Sequence

from agent.kit import Child, Kit, Node


async def solve(kit: Kit) -> None:
    """Draws both, then chooses."""
    await kit.write_tests(1)

    async def draft(node: Node) -> Sequence[Child]:
        work = await kit.draft(node, temperature=0.8, sample=node.expansions)
        return [kit.child(await kit.evaluate(work))]

    await kit.search(
        "repeated", {"draft": draft}, lambda node: ("draft",) if node.expansions < 2 and not node.depth else (),
        stop=lambda tree: False,
    )
    await kit.submit(await kit.select())
'''


class Drafters(Author):
    """A wrong draft, then a right one; then the answers of a distinguisher."""

    def __init__(self, *tests: str, drafts: tuple[str, str] = (LASTS, RIGHT)) -> None:
        super().__init__()
        self.drafts = drafts
        self.drawn = 0
        self.tests = list(tests)
        self.roles: list[str] = []

    def answer(self, request: dict[str, object]) -> dict[str, object]:
        messages = request["messages"]
        assert isinstance(messages, list)
        turn = next(m["content"] for m in messages if "# Your turn: " in str(m["content"]))
        role = turn.split("# Your turn: ")[1].split("\n")[0]
        self.roles.append(role)
        if role not in ("solver", "distinguisher", "selector"):
            return super().answer(request)
        self.requests.append(request)
        if role == "solver":
            self.drawn += 1
            new = self.drafts[self.drawn > 1]
            edit = f"<<<<<<< SEARCH\n    return {OLD}\n=======\n    return {new}\n>>>>>>> REPLACE"
            return {"content": f"FILE: money.py\n```\n{edit}\n```\n"}
        if role == "distinguisher":
            assert LASTS in turn
            assert RIGHT in turn
            test = self.tests.pop(0) if self.tests else ""
            path = turn.split("FILE: ")[1].split("\n")[0]
            return {"content": f"FILE: {path}\n```python\n{test}```\n" if test else "SAME"}
        return say({"choice": None, "reason": "they look alike"})


class Careful(Drafters):
    """Writes beside the test of the issue one of what works on the base."""

    def answer(self, request: dict[str, object]) -> dict[str, object]:
        said = super().answer(request)
        content = str(said.get("content"))
        return {"content": content.replace("```\n", CONTROL + "```\n")} if "test_parts_add_up" in content else said


@pytest.fixture
def solve(repository: Path, treewright: Run, home: dict[str, str], tmp_path: Path):
    (tmp_path / "two.py").write_text(DESIGN)

    def run(player: Drafters, *more: object):
        with serving(player) as address:
            home.update({"OPENAI_API_BASE": address, "OPENAI_API_KEY": "none"})
            done = treewright(
                *("solve", "--repo", repository, "--issue", ISSUE, "--python", sys.executable, "--json"),
                *("--design", tmp_path / "two.py", "--model", "openai/hand", "--unknown-price", "free"),
                *("--out", tmp_path / "run", *more),
            )
            assert done.stdout, done.stderr
            return done.returncode, json.loads(done.stdout)

    return run


def test_a_test_written_for_two_finalists_decides(solve, tmp_path: Path, treewright: Run, home: dict[str, str]) -> None:
    player = Drafters(BLUNT, TELLING)
    code, outcome = solve(player, "--wrong-patch-cost", "99")
    assert f"+    return {RIGHT}" in outcome["patch"]
    first, second = outcome["ranking"]
    assert first["node"] == outcome["node"]
    assert first["probability"] > second["probability"]
    assert first["behaviour"] != second["behaviour"]
    told = next(test for test in first["tests"] if "FirstOnes" in test)
    assert (first["tests"][told], second["tests"][told]) == ("passed", "failed")
    # the blunt test passed on both, and was said to: it is no part of the evidence
    assert player.roles.count("distinguisher") >= 2
    assert sum("FirstOnes" in test for test in first["tests"]) == 1
    assert any("distinguishing" in factor["evidence"] for factor in outcome["proof"]["factors"])
    # a wrong patch that costs that much is not proposed
    assert (code, outcome["status"], outcome["required"]) == (1, "abstained", pytest.approx(0.99))
    assert "below 0.99" in outcome["reason"]
    with sqlite3.connect(f"file:{tmp_path / 'run' / 'run.db'}?mode=ro", uri=True) as database:
        rows = database.execute("select evaluation from nodes where kind = 'patch'").fetchall()
    assert sorted(next(iter(json.loads(row[0])["distinguishing"].values())) for row in rows) == ["failed", "passed"]
    shown = treewright("show", tmp_path / "run")
    assert "P(right)" in shown.stdout
    assert f"{first['probability']:.2f}" in shown.stdout
    home.pop("OPENAI_API_BASE")  # everything is answered from the store
    resumed = treewright("resume", tmp_path / "run", "--json")
    assert json.loads(resumed.stdout)["ranking"] == outcome["ranking"]


def test_without_a_difference_nothing_is_added_and_the_threshold_decides(solve) -> None:
    player = Drafters()
    code, outcome = solve(player, "--wrong-patch-cost", "0.25")
    assert (code, outcome["status"], outcome["required"]) == (0, "solved", pytest.approx(0.2))
    assert player.roles.count("distinguisher") == 1
    first, second = outcome["ranking"]
    assert first["probability"] == second["probability"]
    assert first["behaviour"] == second["behaviour"]


def test_a_case_that_passes_on_the_base_counts_against_who_breaks_it(solve, tmp_path: Path, treewright: Run) -> None:
    player = Careful(drafts=("[total]", RIGHT))
    _, outcome = solve(player)
    first, second = outcome["ranking"]
    assert f"+    return {RIGHT}" in outcome["patch"]
    told = next(test for test in first["tests"] if "test_everybody_gets_a_part" in test)
    assert (first["tests"][told], second["tests"][told]) == ("passed", "failed")
    assert second["probability"] < first["probability"]
    assert all("test_everybody_gets_a_part" not in test for test in outcome["proof"]["fixed"])
    shown = treewright("show", tmp_path / "run", second["node"])
    assert f"failed: {told}" in shown.stdout


def test_a_name_that_a_patch_makes_up_counts_against_it_and_is_shown(solve) -> None:
    made_up = f"{RIGHT}\n\n\ndef half(total):\n    from money import halve\n\n    return halve(total)"
    player = Drafters(drafts=(made_up, RIGHT))
    code, outcome = solve(player, "--failing-test", FAILING)
    assert (code, outcome["status"]) == (0, "solved")
    assert "halve" not in outcome["patch"]
    first, second = outcome["ranking"]
    assert first["findings"] == []
    assert second["findings"] == ["money.py:7: the module money has no halve"]
    assert second["probability"] < first["probability"]
    assert "distinguisher" not in player.roles
    assert any(factor["evidence"] == "0 names that do not exist" for factor in outcome["proof"]["factors"])
