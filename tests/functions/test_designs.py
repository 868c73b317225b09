"""Every design end to end on a function-level problem, and the choice that makes it what it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from data import SORTED_UNIQUE, write
from player import Player, play, written

from environments.functions.formats import read_problems
from environments.functions.grading import grade_patch
from environments.functions.problems import Problem
from environments.registry import create

RIGHT = "    return [double(x) for x in sorted(set(values))]"
ALSO_RIGHT = "    found = sorted({double(x) for x in values})\n    return found"
SAME_BUT_NAMES = "    other = sorted({double(x) for x in values})\n    return other  # the same"
NO_NEGATIVES = "    return sorted({double(x) for x in values if x >= 0})"
UNSORTED = "    return [double(x) for x in dict.fromkeys(sorted(values, key=abs))]"
WRONG = "    return []"
PLAN = {"files": ["solution.py"], "functions": [{"path": "solution.py", "name": "sorted_unique"}]}
KEEP = {"score": 0.9, "verdict": "keep", "reasons": "It is right."}
REPAIR = {"score": 0.2, "verdict": "repair", "reasons": "It forgets to double."}
CALLS = [f"from solution import sorted_unique; sorted_unique({values})" for values in ("[2, -3]", "[-1]", "[5, 5]")]
ASSERTS = [
    "from solution import sorted_unique; assert sorted_unique([2, -3]) == [-6, 4]",
    "from solution import sorted_unique; assert sorted_unique([-1]) == [-2]",
    "from solution import sorted_unique; assert sorted_unique([7]) == [7]",
]


def drafts(*bodies: str) -> list[str]:
    return [written("sorted_unique", "values", body) for body in bodies]


def critic(request: Any) -> dict[str, Any]:
    return KEEP if "sorted(set(values))" in request.messages[-1].content else REPAIR


@pytest.fixture
def problem(tmp_path: Path) -> Problem:
    return read_problems(write(tmp_path / "p.jsonl", SORTED_UNIQUE))[0]


async def right(problem: Problem, patch: str) -> bool:
    return (await grade_patch(problem, patch, create("bubblewrap"))).passed


async def test_alphacode_takes_the_largest_cluster(
    problem: Problem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies = drafts(NO_NEGATIVES, WRONG, RIGHT, NO_NEGATIVES, ALSO_RIGHT, UNSORTED, RIGHT, WRONG, WRONG, WRONG)
    player = Player("sorted_unique", bodies, Plan=PLAN, Inputs={"inputs": CALLS})
    outcome, kit = await play(problem.statement, "alphacode", player, tmp_path, monkeypatch)
    assert player.drafted == 10
    assert "sorted(set(values))" in outcome.patch, "three behave like it, two like the first, and four fail"
    assert len([node for node in kit.tree if node.kind == "patch"]) == 10
    assert await right(problem, outcome.patch)


async def test_codet_takes_the_best_agreement(
    problem: Problem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies = drafts(*[NO_NEGATIVES] * 4, RIGHT, ALSO_RIGHT, *[WRONG] * 4)
    player = Player("sorted_unique", bodies, Plan=PLAN, Tests={"tests": ASSERTS})
    outcome, _ = await play(problem.statement, "codet", player, tmp_path, monkeypatch)
    assert "sorted(set(values))" in outcome.patch, "2 tests x sqrt 2 beat 0 tests x sqrt 4"
    assert outcome.status == "solved"
    assert await right(problem, outcome.patch)


async def test_self_refine_repairs_from_what_the_critic_says(
    problem: Problem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    player = Player("sorted_unique", drafts(WRONG, NO_NEGATIVES, RIGHT), Plan=PLAN, Critique=critic)
    outcome, kit = await play(problem.statement, "self_refine", player, tmp_path, monkeypatch)
    assert [node.kind for node in kit.tree] == ["root", "patch", "repair", "repair"]
    second = player.turns("solver")[1]
    assert "It forgets to double." in second
    assert "FAILED" in second or "failed" in second
    assert outcome.status == "solved"
    assert await right(problem, outcome.patch)


async def test_agentless_votes_among_what_fixes_most(
    problem: Problem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies = drafts(*[WRONG] * 3, NO_NEGATIVES, ALSO_RIGHT, SAME_BUT_NAMES, RIGHT, WRONG)
    places = {"places": ["solution.py::sorted_unique"]}
    player = Player("sorted_unique", bodies, Plan=PLAN, Elements=places)
    outcome, _ = await play(problem.statement, "agentless", player, tmp_path, monkeypatch)
    assert player.drafted == 8
    assert "found = sorted" in outcome.patch, "two are the same but for a name; the three wrong ones fail"
    assert await right(problem, outcome.patch)


async def test_swe_search_tells_a_sibling_what_was_said(
    problem: Problem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    player = Player("sorted_unique", drafts(WRONG, NO_NEGATIVES, RIGHT), Plan=PLAN, Critique=critic)
    outcome, kit = await play(problem.statement, "swe_search", player, tmp_path, monkeypatch)
    assert outcome.status == "solved"
    beside = [turn for turn in player.turns("solver") if "Attempts from this point so far" in turn]
    assert any("scored 0.20. It forgets to double." in turn for turn in beside)
    assert len(kit.tree) == 4


async def test_ab_mcts_goes_on_until_accepted(
    problem: Problem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    player = Player("sorted_unique", drafts(WRONG, WRONG, NO_NEGATIVES, UNSORTED, RIGHT), Plan=PLAN, Critique=critic)
    outcome, _ = await play(problem.statement, "ab_mcts", player, tmp_path, monkeypatch)
    assert outcome.status == "solved"
    assert await right(problem, outcome.patch)


async def test_acecoder_writes_tests_first_and_repeats_no_code(
    problem: Problem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sketch = "def sorted_unique(values):\n    return [double(x) for x in set(values)]"
    bodies = drafts(NO_NEGATIVES, WRONG, RIGHT, NO_NEGATIVES, WRONG)
    player = Player("sorted_unique", bodies, Plan=PLAN, Tests={"tests": ASSERTS}, sketcher=sketch)
    outcome, _ = await play(problem.statement, "acecoder", player, tmp_path, monkeypatch)
    turn = player.turns("solver")[0]
    assert ASSERTS[0] in turn
    assert turn.count("def double") == 1, "it is shown whole already, so it is no example"
    assert [request.role for request in player.requests if request.role != "solver"][-2:] == ["analyst", "sketcher"]
    assert "sorted(set(values))" in outcome.patch, "of those that pass the visible tests it passes more of its own"


async def test_supercoder_retries_with_the_traceback(
    problem: Problem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    methods = {"path": "solution.py", "names": ["sorted_unique"]}
    player = Player("sorted_unique", drafts("    return 1 / 0", RIGHT), Plan=PLAN, Methods=methods)
    outcome, kit = await play(problem.statement, "supercoder", player, tmp_path, monkeypatch)
    assert [node.kind for node in kit.tree] == ["root", "strategy", "patch", "repair"]
    first, second = player.turns("solver")
    assert "FUNCTION block" in first
    assert "ZeroDivisionError" in second
    assert outcome.status == "solved"


async def test_lats_reflects_on_the_way_down(problem: Problem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bodies = drafts(WRONG, WRONG, WRONG, RIGHT)
    player = Player("sorted_unique", bodies, Plan=PLAN, reflector="The result must not be empty.")
    outcome, kit = await play(problem.statement, "lats", player, tmp_path, monkeypatch)
    assert [node.depth for node in kit.tree] == [0, 1, 1, 1, 2]
    assert "The result must not be empty." in player.turns("solver")[3]
    assert outcome.status == "solved"


@pytest.mark.parametrize("design", ["codet", "acecoder", "agentless", "lats"])
async def test_behind_the_pipe_a_design_does_the_same(
    design: str, problem: Problem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    player = Player(
        "sorted_unique", drafts(WRONG, NO_NEGATIVES, RIGHT), Plan=PLAN, Tests={"tests": ASSERTS}, sketcher="double(1)",
        reflector="Not empty.", Elements={"places": ["solution.py::sorted_unique"]},
    )  # fmt: skip
    outcome, kit = await play(problem.statement, design, player, tmp_path, monkeypatch, sandboxed=True)
    assert outcome.status == "solved", outcome.reason
    assert len(kit.tree) > 2
    assert "values" in outcome.patch


@pytest.mark.parametrize("design", ["alphacode", "codet", "acecoder"])
async def test_a_model_that_generates_nonsense_still_gets_an_answer_chosen(
    design: str, problem: Problem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nonsense = ["this is no python", "import os; os._exit(0)", "while True: pass"]
    player = Player(
        "sorted_unique", ["no edits at all", *drafts(WRONG, RIGHT)],
        Plan=PLAN, Tests={"tests": nonsense}, Inputs={"inputs": nonsense}, sketcher="",
    )  # fmt: skip
    monkeypatch.setattr(f"agent.designs.{design}.SAMPLES", 3)
    outcome, _ = await play(problem.statement, design, player, tmp_path, monkeypatch, max_nodes=8)
    assert "sorted(set(values))" in outcome.patch
    assert any("could not be made" in turn for turn in player.turns("solver"))
