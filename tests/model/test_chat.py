"""Faults of a real endpoint through real litellm: what is asked again, how often, and what comes out."""

import asyncio
import time

import faulty_server as faults
import pytest
from pydantic import BaseModel

from agent.model.catalog import Catalog, Price
from agent.model.chat import EMPTY_NOTE, REFUSED_NOTE, Chat, RetryPolicy
from agent.model.context import complete_shrinking
from agent.model.errors import (
    AccessDenied,
    ContextTooLong,
    FatalModelError,
    InvalidAnswer,
    ModelError,
    Refused,
    TransientError,
)
from agent.model.gate import LocalGate
from agent.model.transport import LitellmTransport
from agent.model.types import Message, Request, Response, ToolSpec
from agent.model.wire import to_wire
from search.budget import Amount, Budget, BudgetExceeded
from tools.errors import InfrastructureError, InputError

TOOL = ToolSpec(
    "view",
    "shows a file",
    {"type": "object", "properties": {"path": {"type": "string"}, "start": {"type": "integer"}}, "required": ["path"]},
)
QUESTION = Request("solver", (Message("user", "what?"),), model="openai/hand", max_tokens=100)
DOLLAR = Price(1e-3, 2e-3, 1e-4, 1e-3)


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self):
        self.now = 0.0
        self.slept = []

    async def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)

    def __call__(self):
        return self.now


@pytest.fixture(scope="module", autouse=True)
def warm():
    """The client imports parts of itself in its first call, which would count against the short deadlines here."""
    with faults.serving() as server:
        transport = LitellmTransport(options={"api_base": server.url, "api_key": "none"})
        asyncio.run(transport.send(to_wire(QUESTION, QUESTION.messages, 100)))


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789")
    with faults.serving() as server:
        yield server


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def budget():
    return Budget(usd=100.0)


def asking(server, clock, budget, deadline):
    transport = LitellmTransport(deadline=deadline, options={"api_base": server.url})
    return Chat(transport, Catalog(DOLLAR), budget=budget, retries=RetryPolicy(tries=3), sleep=clock.sleep, clock=clock)


@pytest.fixture
def chat(server, clock, budget):
    """Its deadline never comes: on a busy machine a short one may pass before a question has reached the server."""
    return asking(server, clock, budget, 60.0)


@pytest.fixture
def hurried(server, clock, budget):
    return asking(server, clock, budget, 0.8)


@pytest.mark.parametrize("name", sorted(faults.SLOW))
async def test_what_takes_too_long_is_asked_again(name, hurried, server):
    server.script.append(faults.SLOW[name])
    response = await hurried.complete(QUESTION)
    assert response.text == "fine"
    assert response.tries >= len(server.requests) >= 2


@pytest.mark.parametrize("name", sorted(faults.TRANSIENT))
async def test_what_may_pass_is_asked_again(name, chat, server, clock):
    server.script += [faults.TRANSIENT[name]] * 2
    response = await chat.complete(QUESTION)
    assert response.text == "fine"
    assert response.tries == len(server.requests) == 3
    assert len(clock.slept) >= 2
    assert server.requests[0] == server.requests[2]


@pytest.mark.parametrize("name", ["503", "reset", "bad_json", "no_choices", "html_200", "429_bare"])
async def test_what_does_not_pass_is_given_up(name, chat, server):
    server.default = faults.TRANSIENT[name]
    with pytest.raises(TransientError) as failure:
        await chat.complete(QUESTION)
    assert len(server.requests) == failure.value.tries == 3
    assert isinstance(failure.value, InfrastructureError)
    assert "<" not in str(failure.value)


async def test_what_always_takes_too_long_is_given_up(hurried, server):
    server.default = faults.SLOW["drip"]
    with pytest.raises(TransientError, match=r"no whole answer within 0\.8 s") as failure:
        await hurried.complete(QUESTION)
    assert failure.value.tries == 3


@pytest.mark.parametrize(
    ("name", "seconds"),
    [("429_seconds", 7), ("429_ms", 2.5), ("503", 3), ("429_days", 120), ("429_date", 30)],
)
async def test_the_provider_says_how_long_to_wait(name, seconds, chat, server, clock):
    server.script.append(faults.TRANSIENT[name])
    await chat.complete(QUESTION)
    assert clock.slept[0] == pytest.approx(seconds, abs=2 if "date" in name else 0.01)


async def test_waits_of_our_own_are_bounded(server, clock):
    transport = LitellmTransport(options={"api_base": server.url})
    policy = RetryPolicy(tries=9, longest=10)
    chat = Chat(transport, Catalog(DOLLAR), retries=policy, sleep=clock.sleep, clock=clock)
    server.script += [faults.TRANSIENT["500"]] * 8
    assert (await chat.complete(QUESTION)).text == "fine"
    assert len(clock.slept) == 8
    assert max(clock.slept) <= 10


@pytest.mark.parametrize(
    ("name", "kind"),
    [(name, AccessDenied) for name in faults.DENIED] + [(name, FatalModelError) for name in faults.FATAL],
)
async def test_what_cannot_pass_is_asked_once(name, kind, chat, server, clock):
    server.default = faults.ALL[name]
    with pytest.raises(kind) as failure:
        await chat.complete(QUESTION)
    assert len(server.requests) == (2 if name == "422" else 1)  # litellm itself tries a 422 without odd parameters
    assert clock.slept == []
    assert failure.value.hint
    assert isinstance(failure.value, InfrastructureError)
    assert failure.value.cost == 0


async def test_the_hint_names_the_key(chat, server):
    server.default = faults.DENIED["401"]
    with pytest.raises(AccessDenied) as failure:
        await chat.complete(QUESTION)
    assert "OPENAI_API_KEY" in failure.value.hint
    server.default = faults.DENIED["429_quota"]
    with pytest.raises(AccessDenied) as failure:
        await chat.complete(QUESTION)
    assert "credit" in failure.value.hint


async def test_a_key_in_an_error_is_not_repeated(chat, server):
    server.default = faults.Fault(401, faults.error("Incorrect API key provided: sk-test-0123456789"))
    with pytest.raises(AccessDenied) as failure:
        await chat.complete(QUESTION)
    assert "sk-test" not in str(failure.value)
    assert "[OPENAI_API_KEY]" in str(failure.value)


@pytest.mark.parametrize("name", sorted(faults.CONTEXT))
async def test_too_long_is_shrunk_by_the_caller(name, chat, server):
    server.script.append(faults.CONTEXT[name])
    request = Request("solver", tuple(Message("user", str(n)) for n in range(4)), model="openai/hand", max_tokens=100)
    response, asked = await complete_shrinking(chat, request, lambda messages: messages[len(messages) // 2 :])
    assert response.text == "fine"
    assert [message["content"] for message in server.requests[-1]["messages"]] == ["2", "3"]
    assert len(asked.messages) == 2
    server.default = faults.CONTEXT[name]
    with pytest.raises(ContextTooLong):
        await complete_shrinking(chat, request, lambda messages: messages[1:] or None)
    assert len(server.requests) == 2 + 4


@pytest.mark.parametrize("name", sorted(faults.EMPTY))
async def test_an_empty_answer_is_pointed_out_once(name, chat, server):
    server.script.append(faults.EMPTY[name])
    assert (await chat.complete(QUESTION)).text == "fine"
    assert server.requests[1]["messages"][-1]["content"] == EMPTY_NOTE
    server.default = faults.EMPTY[name]
    with pytest.raises(InvalidAnswer) as failure:
        await chat.complete(QUESTION)
    assert len(server.requests) == 4
    assert not isinstance(failure.value, InfrastructureError)


@pytest.mark.parametrize("name", ["refusal", "filter", "filter_partial"])
async def test_a_refusal_is_answered_once(name, chat, server):
    server.script.append(faults.REFUSED[name])
    assert (await chat.complete(QUESTION)).text == "fine"
    assert server.requests[1]["messages"][-1]["content"] == REFUSED_NOTE
    server.default = faults.REFUSED[name]
    with pytest.raises(Refused):
        await chat.complete(QUESTION)


async def test_a_filtered_prompt_is_a_refusal(chat, server):
    server.default = faults.REFUSED["400_filter"]
    with pytest.raises(Refused):
        await chat.complete(QUESTION)
    assert len(server.requests) == 1


@pytest.mark.parametrize("name", sorted(faults.FINE))
async def test_odd_but_usable_answers_are_used(name, chat, server):
    server.default = faults.FINE[name]
    response = await chat.complete(QUESTION)
    assert (response.text, response.tries) == ("fine", 1)
    assert response.usage.prompt > 0
    assert response.cost > 0
    assert response.usage.estimated == (name in {"no_usage", "usage_null", "usage_negative"})


async def test_a_cut_answer_is_asked_for_again_with_more_room(chat, server):
    cut = faults.Fault(payload=faults.body({"content": "half a pat"}, finish="length"))
    server.script += [cut, cut]
    assert (await chat.complete(QUESTION)).text == "fine"
    assert [request["max_tokens"] for request in server.requests] == [100, 200, 400]
    server.default = cut
    with pytest.raises(InvalidAnswer) as failure:
        await chat.complete(QUESTION)
    assert failure.value.partial == "half a pat"
    assert len(server.requests) == 6


BAD_CALLS = {
    "not_json": (faults.tool("{path: a}"), "not JSON"),
    "cut_json": (faults.tool('{"path": "a'), "not JSON"),
    "not_object": (faults.tool("[1]"), "must be a JSON object"),
    "missing": (faults.tool("{}"), "missing argument path"),
    "wrong_type": (faults.tool('{"path": 3}'), "must be of type string"),
    "boolean": (faults.tool('{"path": "a", "start": true}'), "must be of type integer"),
    "unknown_argument": (faults.tool('{"path": "a", "colour": 1}'), "unknown argument colour"),
    "unknown_tool": (faults.tool("{}", name="fly"), "no tool 'fly'; there are: view"),
}


@pytest.mark.parametrize("name", sorted(BAD_CALLS))
async def test_a_bad_tool_call_is_explained_to_the_model(name, chat, server):
    call, words = BAD_CALLS[name]
    server.default = faults.Fault(payload=faults.tools(call))
    response = await chat.complete(Request("solver", QUESTION.messages, model="openai/hand", tools=(TOOL,)))
    assert words in response.tool_calls[0].error
    assert response.tool_calls[0].arguments == {}
    assert response.finish == "tool_calls"


async def test_good_tool_calls_keep_their_order_and_get_distinct_ids(chat, server):
    calls = [faults.tool('{"path": "a"}'), faults.tool('{"path": "b"}'), faults.tool('{"path": "line\none"}', id="")]
    server.default = faults.Fault(payload=faults.tools(*calls))
    response = await chat.complete(Request("solver", QUESTION.messages, model="openai/hand", tools=(TOOL,)))
    assert [call.arguments["path"] for call in response.tool_calls] == ["a", "b", "line\none"]
    assert len({call.id for call in response.tool_calls}) == 3
    assert not any(call.error for call in response.tool_calls)
    assert server.requests[0]["tools"][0]["function"]["name"] == "view"


async def test_a_flood_of_tool_calls_is_bounded(chat, server):
    server.default = faults.Fault(payload=faults.tools(*[faults.tool(id=str(n)) for n in range(500)]))
    response = await chat.complete(Request("solver", QUESTION.messages, model="openai/hand", tools=(TOOL,)))
    assert len(response.tool_calls) == 32


async def test_a_huge_answer_is_bounded_and_a_strange_one_is_storable(chat, server):
    server.default = faults.Fault(payload=faults.body({"content": "\ud800 \x1b[31m" + "x" * 3_000_000}))
    response = await chat.complete(Request("solver", (Message("user", "odd \udfff question"),), model="openai/hand"))
    assert len(response.text) == 1_000_000
    response.text.encode()
    assert server.requests[0]["messages"][0]["content"] == "odd ? question"


class Verdict(BaseModel):
    score: float
    reasons: list[str] = []


async def test_a_wanted_shape_is_told_read_and_mended_once(chat, server):
    request = Request("critic", QUESTION.messages, model="openai/hand", schema=Verdict)
    server.script.append(faults.Fault(payload=faults.body({"content": 'Here: {"score": "high"} ok?'})))
    server.default = faults.Fault(payload=faults.body({"content": '```json\n{"score": 0.5}\n```'}))
    response = await chat.complete(request)
    assert response.parsed == Verdict(score=0.5)
    assert "JSON schema" in server.requests[0]["messages"][-1]["content"]
    roles = [message["role"] for message in server.requests[1]["messages"]]
    assert roles == ["user", "assistant", "user"]
    assert "score: Input should be a valid number" in server.requests[1]["messages"][-1]["content"]
    server.default = faults.Fault(payload=faults.body({"content": "no"}))
    with pytest.raises(InvalidAnswer, match="no JSON object"):
        await chat.complete(request)
    assert len(server.requests) == 4


async def test_every_try_is_paid(chat, server, budget):
    server.script += [faults.EMPTY["content_null"], faults.TRANSIENT["503"]]
    response = await chat.complete(QUESTION)
    assert (response.tries, response.usage.prompt, response.usage.completion) == (3, 200, 40)
    assert response.cost == pytest.approx(2 * (100 * 1e-3 + 20 * 2e-3))
    assert budget.spent == Amount(usd=response.cost, tokens=240)


async def test_a_try_that_may_have_been_billed_is_charged_its_prompt(hurried, server, budget):
    server.default = faults.SLOW["drip"]
    with pytest.raises(TransientError) as failure:
        await hurried.complete(QUESTION)
    assert failure.value.usage.estimated
    assert budget.spent == Amount(usd=failure.value.cost, tokens=failure.value.usage.total)
    assert failure.value.cost > 0


async def test_cached_tokens_cost_less(chat, server):
    usage = {"prompt_tokens": 100, "completion_tokens": 0, "prompt_tokens_details": {"cached_tokens": 80}}
    server.default = faults.Fault(payload=faults.body(usage=usage))
    response = await chat.complete(QUESTION)
    assert response.usage.cached == 80
    assert response.cost == pytest.approx(20 * 1e-3 + 80 * 1e-4)


async def test_the_worst_case_must_fit_before_anything_is_sent(server, clock):
    transport = LitellmTransport(options={"api_base": server.url})
    chat = Chat(transport, Catalog(DOLLAR), budget=Budget(usd=0.2), sleep=clock.sleep, clock=clock)
    with pytest.raises(BudgetExceeded):
        await chat.complete(QUESTION)  # 100 tokens of answer alone may cost 0.2
    assert server.requests == []


@pytest.mark.parametrize("limit", [0.3, 0.65, 1.0])
async def test_many_at_once_never_overspend(limit, server, clock):
    transport = LitellmTransport(deadline=5, options={"api_base": server.url})
    budget = Budget(usd=limit)
    chat = Chat(transport, Catalog(DOLLAR), budget=budget, sleep=clock.sleep, clock=clock)
    results = await asyncio.gather(*[chat.complete(QUESTION) for _ in range(12)], return_exceptions=True)
    assert {type(result) for result in results} <= {BudgetExceeded, Response}  # whoever came first
    assert budget.spent.usd <= limit


async def test_one_total_deadline_covers_an_answer_that_drips(server, clock):
    transport = LitellmTransport(deadline=0.3, options={"api_base": server.url})
    chat = Chat(transport, Catalog(DOLLAR), retries=RetryPolicy(tries=1), sleep=clock.sleep)
    server.default = faults.SLOW["drip"]
    began = time.monotonic()
    with pytest.raises(TransientError, match=r"no whole answer within 0\.3 s"):
        await chat.complete(QUESTION)
    assert time.monotonic() - began < 15  # it would drip for hours


async def test_no_stampede_after_a_complaint(server, clock):
    transport = LitellmTransport(deadline=10, options={"api_base": server.url})
    gate = LocalGate(8, sleep=clock.sleep, clock=clock)
    chat = Chat(transport, Catalog(DOLLAR), gate=gate, sleep=clock.sleep, clock=clock)
    server.script += [faults.TRANSIENT["429_seconds"]] * 8
    server.delay = 0.05
    responses = await asyncio.gather(*[chat.complete(QUESTION) for _ in range(16)])
    assert {response.text for response in responses} == {"fine"}
    assert server.most_active <= 8
    assert len(server.requests) == 16 + 8
    assert 4 <= gate.limiters["openai/hand"].limit < 8  # halved once for the eight that were in flight together
    assert min(clock.slept) > 0


async def test_nothing_is_lost_with_faults_on_a_quarter_of_the_calls(chat, server):
    names = sorted(faults.TRANSIENT)
    for name in names:
        server.script += [faults.TRANSIENT[name], *[server.default] * 3]
    calls = 3 * len(names)
    for _ in range(calls):
        assert (await chat.complete(QUESTION)).text == "fine"
    assert len(server.requests) == calls + len(names)


@pytest.mark.parametrize(("model", "words"), [("hand", "unknown model"), ("openai/hand", "--unknown-price")])
async def test_unknown_names_and_prices_are_refused_before_any_call(model, words, server):
    chat = Chat(LitellmTransport(options={"api_base": server.url}), Catalog())
    with pytest.raises(InputError) as failure:
        await chat.complete(Request("solver", QUESTION.messages, model=model))
    assert words in f"{failure.value} {failure.value.hint}"
    with pytest.raises(InputError, match="no model is configured for the solver"):
        await chat.complete(Request("solver", QUESTION.messages))
    assert server.requests == []


async def test_nothing_listens(clock):
    transport = LitellmTransport(deadline=5, options={"api_base": "http://127.0.0.1:9/v1", "api_key": "x"})
    chat = Chat(transport, Catalog(DOLLAR), retries=RetryPolicy(tries=2), sleep=clock.sleep, clock=clock)
    with pytest.raises(ModelError) as failure:
        await chat.complete(QUESTION)
    assert isinstance(failure.value, TransientError)
    assert failure.value.tries == 2
