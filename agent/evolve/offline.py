"""The meta step that needs no model: other values of declared parameters, components of others, and crossover."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from agent.evolve.components import components, transplanted
from agent.evolve.novelty import shape
from agent.evolve.parameters import Parameter, Value, parameters, with_values
from agent.evolve.proposer import Occasion, Proposal
from agent.evolve.reader import Scored
from agent.isolation import gate

TRIES = 40
"""Draws until something new comes out; small spaces run dry."""
FAR = 0.3
"""How often a parameter takes any of its values rather than a neighbouring one."""
MORE = 0.35
"""Chance that one more parameter is changed, and again."""
WEIGHTS = {"parameters": 0.5, "component": 0.25, "crossover": 0.25}

Change = tuple[str, str, tuple[str, ...]]
"""Code, what was done, and the parents."""


class Offline:
    """Draws an operator, and changes the first parent by it. What exists already is not proposed again."""

    async def propose(self, occasion: Occasion) -> Proposal:
        """See `agent.evolve.proposer.Proposer`."""
        rng, first = occasion.rng, occasion.parents[0]
        operators: dict[str, Callable[[Occasion], Change | None]]
        operators = {"parameters": _parameters, "component": _component, "crossover": _crossover}
        for _ in range(TRIES):
            operator = rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
            change = operators[operator](occasion)
            if change is None or shape(change[0]) in occasion.shapes or gate.check(change[0]):
                continue
            code, done, parents = change
            name = f"{_stem(first.design.name)}_{occasion.number + 1}"
            return Proposal(name, code, f"{first.design.name} with {done}.", operator, parents)
        reason = "nothing new was found by the operators: declare more PARAMETERS, or start with more designs"
        return Proposal(f"nothing_{occasion.number + 1}", "", "", "parameters", (first.design.id,), error=f"{reason}")


def _parameters(occasion: Occasion) -> Change | None:
    """Other values of one or a few declared parameters."""
    rng, first = occasion.rng, occasion.parents[0].design
    open_ones = [each for each in parameters(first.code).values() if each.others]
    if not open_ones:
        return None
    rng.shuffle(open_ones)
    count = 1
    while count < len(open_ones) and rng.random() < MORE:
        count += 1
    values = {each.name: _other(each, rng) for each in open_ones[:count]}
    done = ", ".join(f"{name} {value!r}" for name, value in sorted(values.items()))
    return with_values(first.code, values), done, (first.id,)


def _other(parameter: Parameter, rng: random.Random) -> Value:
    near = parameter.neighbours
    return rng.choice(parameter.others if not near or rng.random() < FAR else near)


def _component(occasion: Occasion) -> Change | None:
    """A function as another design has it."""
    rng, first = occasion.rng, occasion.parents[0].design
    donor = rng.choice(_usable(occasion)).design
    names = sorted(components(first.code).keys() & components(donor.code).keys())
    rng.shuffle(names)
    for name in names:
        code = transplanted(first.code, name, donor.code)
        if code is not None:
            return code, f"{name} of {donor.name}", (first.id, donor.id)
    return None


def _crossover(occasion: Occasion) -> Change | None:
    """Parameters and components of two designs, each from either."""
    rng, first = occasion.rng, occasion.parents[0].design
    others = [each for each in (*occasion.parents[1:], *_usable(occasion)) if each.design.id != first.id]
    if not others:
        return None
    chances = [0.1 + (each.mean or 0.0) for each in others]
    mate = rng.choices(others, chances)[0].design
    mine, theirs = parameters(first.code), parameters(mate.code)
    values = {
        name: theirs[name].value
        for name in sorted(mine.keys() & theirs.keys())
        if theirs[name].value in mine[name].others and rng.random() < 0.5
    }
    code = with_values(first.code, values)
    taken = [f"{name} {value!r}" for name, value in values.items()]
    for name in sorted(components(code).keys() & components(mate.code).keys()):
        if rng.random() < 0.5 and (made := transplanted(code, name, mate.code)) is not None:
            code = made
            taken.append(name)
    return (code, f"{', '.join(taken)} of {mate.name}", (first.id, mate.id)) if taken else None


def _usable(occasion: Occasion) -> Sequence[Scored]:
    return [each for each in occasion.archive if each.design.standing != "refused"]


def _stem(name: str) -> str:
    head, _, tail = name.rpartition("_")
    return head if head and tail.isdigit() else name
