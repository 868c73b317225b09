"""The meta step without a model: what it changes, what it leaves, and what it never proposes."""

from __future__ import annotations

import ast
import asyncio
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import DESIGN

from agent.designs import names, source
from agent.evolve.archive import identity
from agent.evolve.components import components, transplanted
from agent.evolve.novelty import ENOUGH, shape, twins
from agent.evolve.offline import Offline
from agent.evolve.parameters import parameters, with_values
from agent.evolve.proposer import Occasion, Proposal
from agent.evolve.reader import Scored
from agent.evolve.records import DesignRecord, ResultRecord
from agent.isolation import gate

PATIENT = (Path(__file__).parents[2] / "examples" / "patient.py").read_text()
MECHANICAL = source("mechanical")


def scored(code: str, name: str, **scores: float) -> Scored:
    return Scored(DesignRecord(identity(code), name, code), scores)


def propose(seed: int, *designs: Scored, shapes: frozenset[str] = frozenset()) -> Proposal:
    known = shapes | {shape(each.design.code) for each in designs}

    async def trial(code: str) -> str:
        return ""

    return asyncio.run(Offline().propose(Occasion(seed, designs[:1], designs, known, random.Random(seed), trial)))


def test_parameters_are_read_from_the_text() -> None:
    found = parameters(MECHANICAL)
    assert found["DEPTH"].value == 2
    assert found["DEPTH"].neighbours == (1, 3)
    assert found["POLICY"].others
    assert parameters("X = 1\n") == {}
    assert parameters("PARAMETERS = {'X': open('y')}\nX = 1\n") == {}
    assert parameters('PARAMETERS = {"X": (1, "a", True)}\nX = 1\n')["X"].choices == (1,)


@given(st.dictionaries(st.sampled_from(["DEPTH", "MOST_MORE"]), st.integers(0, 10**6)), st.text(max_size=20))
@settings(max_examples=50)
def test_values_are_changed_and_nothing_else(values: dict[str, int], word: str) -> None:
    word = "".join(letter for letter in word if letter.isprintable())
    changed = with_values(MECHANICAL, {**values, "POLICY": word})
    assert {name: parameters(changed)[name].value for name in values} == values
    assert parameters(changed)["POLICY"].value == word
    assert len(changed.splitlines()) == len(MECHANICAL.splitlines())
    back = with_values(changed, {name: each.value for name, each in parameters(MECHANICAL).items()})
    assert back == MECHANICAL


def test_a_component_brings_what_it_needs() -> None:
    assert {"mutate", "actions", "stop"} <= set(components(MECHANICAL))
    code = transplanted(MECHANICAL, "actions", PATIENT)
    assert code is not None
    assert "BUILDING = 1" in code
    assert not gate.check(code)
    ast.parse(code)
    assert components(code)["actions"].text == components(PATIENT)["actions"].text
    assert components(code)["stop"].text == components(MECHANICAL)["stop"].text


def test_what_does_not_fit_is_not_transplanted() -> None:
    assert transplanted(MECHANICAL, "stop", MECHANICAL) is None
    assert transplanted(PATIENT, "stop", MECHANICAL) is None  # it counts in a variable that patient's solve lacks
    other = PATIENT.replace("def stop(tree: TreeView)", "def stop(tree: TreeView, more: int)")
    assert transplanted(MECHANICAL, "stop", other) is None


@pytest.mark.parametrize("seed", range(12))
def test_what_is_proposed_is_new_and_passes_the_gate(seed: int) -> None:
    first, second = scored(MECHANICAL, "mechanical", a=1.0), scored(PATIENT, "patient", a=0.0)
    proposal = propose(seed, first, second)
    assert proposal == propose(seed, first, second)
    assert not proposal.error
    assert shape(proposal.code) not in (shape(MECHANICAL), shape(PATIENT))
    assert not gate.check(proposal.code)
    assert proposal.parents[0] == first.design.id
    assert proposal.operator in ("parameters", "component", "crossover")


def test_a_space_that_is_used_up_says_so() -> None:
    tiny = DESIGN.replace("(1, 2, 3, 4, 5, 6, 7, 8)", "(2,)").replace("(1, 2, 3)", "(1,)")
    assert "nothing new" in propose(1, scored(tiny, "tiny")).error


def test_all_declarations_of_the_built_in_designs_hold() -> None:
    for name in names():
        for each in parameters(source(name)).values():
            assert each.value in each.choices, (name, each)


def test_designs_that_do_the_very_same_are_twins() -> None:
    made = [DesignRecord(id, id, id, standing=standing) for id, standing in
            (("a", "seed"), ("b", "archived"), ("c", "archived"))]  # fmt: skip
    rows = [
        ResultRecord(id, f"t{number}", 0, "search", 1.0, "x", detail={"behaviour": said})
        for id, said in (("a", "same"), ("b", "same"), ("c", "other"))
        for number in range(ENOUGH)
    ]
    assert twins(made, rows) == {"b": "a"}
    assert twins(made, rows[:-1][: ENOUGH + 1]) == {}
    assert shape("x = 1  # a\n") == shape('"""D."""\nx = 1\n')
