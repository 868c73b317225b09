"""Episodes: the tool loop with both protocols, its bounds, and what the model is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from scripted import ScriptedModel, call, text, written

from agent.model.errors import ContextTooLong
from agent.model.types import Response
from agent.roles.episode import Ending, Episode, clip
from agent.roles.team import Team
from agent.roles.tools import Parameter, Tool, ToolError


class Ledger:
    """Two tools over a list of numbers."""

    def __init__(self) -> None:
        self.numbers: list[int] = []

    async def add(self, arguments: Mapping[str, Any]) -> str:
        if arguments["number"] < 0:
            raise ToolError("no debts")
        self.numbers.append(arguments["number"])
        return f"sum {sum(self.numbers)} " + "." * int(arguments.get("padding", 0))

    async def submit(self, arguments: Mapping[str, Any]) -> str:
        if not self.numbers:
            raise ToolError("nothing to submit")
        return str(arguments["summary"])

    def tools(self) -> tuple[Tool, ...]:
        number = Parameter("number", "integer", "what to add")
        padding = Parameter("padding", "integer", "length of the answer", required=False)
        summary = Parameter("summary", "string", "what was done")
        return (
            Tool("add", "adds", (number, padding), self.add),
            Tool("submit", "ends", (summary,), self.submit, ends=True),
        )


async def play(
    *answers: Response | Exception, turns: int = 20, as_text: bool = False
) -> tuple[Ending, ScriptedModel, Ledger]:
    ledger, model = Ledger(), ScriptedModel(answers)
    team = Team(model, "The context.")
    ending = await Episode(team, "solver", ledger.tools(), max_turns=turns, text=as_text).run("Your turn.")
    return ending, model, ledger


async def test_calls_are_carried_out_until_submit() -> None:
    ending, model, ledger = await play(call("add", number=2), call("add", number=3), call("submit", summary="five"))
    assert ending == Ending(True, "five", 3)
    assert ledger.numbers == [2, 3]
    assert [message.role for message in model.requests[-1].messages][:3] == ["system", "user", "user"]
    assert model.requests[-1].messages[-1].content.startswith("sum 5")


async def test_the_text_protocol_does_the_same() -> None:
    ending, model, ledger = await play(written("add", number=2), written("submit", summary="two"), as_text=True)
    assert ending.submitted
    assert ledger.numbers == [2]
    assert model.requests[0].tools == ()
    assert {message.role for message in model.requests[-1].messages} == {"system", "user", "assistant"}


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (call("add"), "needs the argument 'number'"),
        (call("add", number="2"), "must be of type integer"),
        (call("add", number=True), "must be of type integer"),
        (call("add", number=1, colour="red"), "no argument 'colour'"),
        (call("subtract", number=1), "there is no tool 'subtract'"),
        (call("add", number=-1), "ERROR: no debts"),
        (call("submit", summary="early"), "nothing to submit"),
    ],
)
async def test_a_bad_call_is_explained_and_the_episode_goes_on(answer: Response, told: str) -> None:
    ending, model, _ = await play(answer, call("add", number=1), call("submit", summary="ok"))
    assert ending.submitted
    assert told in model.requests[1].messages[-1].content


@pytest.mark.parametrize("block", ["```call\n{not json}\n```", '```call\n{"tol": 1}\n```', "```call\n[]\n```"])
async def test_a_malformed_text_call_is_explained(block: str) -> None:
    ending, model, _ = await play(text(block), written("add", number=1), written("submit", summary="ok"), as_text=True)
    assert ending.submitted
    assert "ERROR" in model.requests[1].messages[-1].content


async def test_three_answers_without_a_call_end_it() -> None:
    ending, model, _ = await play(text("hm"), text("well"), text("no"))
    assert not ending.submitted
    assert ending.turns == 3
    assert "Call exactly one" in model.requests[1].messages[-1].content


async def test_turns_are_bounded_and_the_end_is_announced() -> None:
    ending, model, _ = await play(*(call("add", number=n) for n in range(4)), turns=4)
    assert ending == Ending(False, "out of turns (4)", 4)
    assert "You have 2 turns left" in model.requests[2].messages[-1].content


async def test_a_loop_is_pointed_out_and_then_stopped() -> None:
    ending, model, _ = await play(*(call("add", number=0) for _ in range(10)))
    assert not ending.submitted
    assert "stuck" in ending.summary
    assert ending.turns == 6
    assert "very call before" in model.requests[3].messages[-1].content


async def test_a_context_that_is_too_long_is_compacted_and_asked_again() -> None:
    answers: list[Response | Exception] = [call("add", number=n, padding=5000) for n in range(6)]
    answers += [ContextTooLong("too long"), call("submit", summary="ok")]
    ending, model, _ = await play(*answers)
    assert ending.submitted
    before, after = (sum(len(m.content) for m in request.messages) for request in model.requests[-2:])
    assert after < before * 0.7
    assert "left out to save space" in model.requests[-1].messages[4].content
    assert "sum 15" in model.requests[-1].messages[-1].content


def test_clip_keeps_head_and_tail_and_says_what_is_missing() -> None:
    clipped = clip("a" * 1000 + "b" * 1000, 200)
    assert clipped.startswith("a" * 100)
    assert clipped.endswith("b" * 100)
    assert "1800 characters left out" in clipped
