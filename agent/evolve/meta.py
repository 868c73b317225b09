"""The meta agent: reads a few designs with what came of them, writes another, reflects twice, and mends what breaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field

import prompts
from agent.evolve.kit_page import kit_page
from agent.evolve.novelty import shape
from agent.evolve.proposer import Occasion, Proposal
from agent.evolve.reader import Scored
from agent.model.errors import ContextTooLong, InvalidAnswer, Refused
from agent.model.types import Message, Model, Request, Response
from search.budget import BudgetExceeded
from tools.errors import BudgetExhausted

ROLE = "designer"
REFLECTIONS = 2
REPAIRS = 3
TEMPERATURE = 0.8
TOKENS = 8192
FAILURES = 5
_OUTCOME = 200
_THOUGHT = 2000


class Written(BaseModel):
    """A design as the meta agent writes it."""

    thought: str = Field(max_length=8000, description="the insight, the overall idea, how it is implemented")
    name: str = Field(max_length=80, description="a short name")
    code: str = Field(max_length=60_000, description="the whole Python module")


@dataclass(frozen=True)
class MetaAgent:
    """Writes designs with a model.

    Attributes:
        model: answers; its journal makes a resumed proposal cost nothing twice.
        tasks: the issues of the search tasks, by id.
    """

    model: Model
    tasks: Mapping[str, str]

    async def propose(self, occasion: Occasion) -> Proposal:
        """See `agent.evolve.proposer.Proposer`."""
        talk = _Talk(self.model, occasion.number, opening(occasion, self.tasks))
        written: Written | None = None
        try:
            written = await talk.ask("")
            for turn in range(1, REFLECTIONS + 1):
                written = await talk.ask(prompts.render("meta_reflect", turn=turn))
            error = await _problem(occasion, written)
            for _ in range(REPAIRS):
                if not error:
                    break
                written = await talk.ask(prompts.render("meta_debug", error=error))
                error = await _problem(occasion, written)
        except (ContextTooLong, InvalidAnswer, Refused) as failure:
            error = f"the meta agent's answer is of no use: {failure}"
        except BudgetExceeded as failure:
            raise BudgetExhausted(f"no money is left for the meta agent: {failure}") from failure
        parents = tuple(each.design.id for each in occasion.parents)
        name = " ".join(written.name.split()) if written else ""
        return Proposal(
            name or f"design_{occasion.number + 1}",
            written.code if written else "",
            written.thought if written else "",
            "meta",
            parents,
            meta={"calls": talk.calls, "usd": talk.usd, "scope": talk.scope},
            error=error,
        )


class _Talk:
    """One conversation of the meta agent."""

    def __init__(self, model: Model, number: int, opening: tuple[Message, ...]) -> None:
        self.scope = f"proposal {number}"
        self.calls = 0
        self.usd = 0.0
        self._model = model
        self._messages = opening

    async def ask(self, turn: str) -> Written:
        """The design that answers the next turn."""
        if turn:
            self._messages = (*self._messages, Message("user", turn))
        request = Request(
            ROLE, self._messages, schema=Written, temperature=TEMPERATURE, max_tokens=TOKENS, scope=self.scope
        )
        response: Response = await self._model.complete(request)
        self.calls += 1
        self.usd += response.cost
        assert isinstance(response.parsed, Written)
        self._messages = (*self._messages, Message("assistant", response.text))
        return response.parsed


def opening(occasion: Occasion, tasks: Mapping[str, str]) -> tuple[Message, ...]:
    """What the meta agent is told: the kit, the designs with their outcomes, what failed lately, the hardest task."""
    refused = [each for each in occasion.archive if each.design.standing == "refused"][-FAILURES:]
    failures = "\n".join(f"{each.design.name}: {_line(each.design.error)}" for each in refused)
    designs = [described(each) for each in occasion.parents]
    task = hardest(occasion.parents, tuple(tasks))
    text = prompts.render("meta", kit=kit_page(), designs=designs, failures=failures, task=task, example=tasks[task])
    return Message("system", prompts.render("meta_system"), cache=True), Message("user", text)


def hardest(designs: Sequence[Scored], tasks: Sequence[str]) -> str:
    """The task on which designs do worst by their mean score; the first of equals, and of all when none was tried."""

    def score(task: str) -> float:
        found = [each.scores[task] for each in designs if task in each.scores]
        return sum(found) / len(found) if found else 1.0

    return min(tasks, key=score)


def described(each: Scored) -> dict[str, Any]:
    """A design for the prompt, with its outcome on each task."""
    design, interval = each.design, each.interval
    score = ""
    if each.mean is not None and interval is not None:
        score = f"mean {each.mean:.2f} [{interval.low:.2f}, {interval.high:.2f}] on {len(each.scores)} tasks, "
        score += f"{each.calls:.1f} calls a task"
    lines = [
        f"{task}: {value:g}" + (f" ({_line(each.failures[task])})" if each.failures.get(task) else "")
        for task, value in each.scores.items()
    ]
    return {
        "name": design.name,
        "id": design.id[:8],
        "score": score,
        "thought": design.thought[:_THOUGHT],
        "code": design.code,
        "outcomes": "\n".join(lines),
    }


async def _problem(occasion: Occasion, written: Written) -> str:
    """What is wrong with a design as it was written: it exists already, or it breaks when it is tried."""
    try:
        known = shape(written.code) in occasion.shapes
    except ValueError:  # no text that Python could ever read
        return "the code is no text"
    if known:
        return "this design is in the archive already: write one that differs in what it does"
    return await occasion.trial(written.code)


def _line(text: str) -> str:
    return " ".join(text.split())[:_OUTCOME]
