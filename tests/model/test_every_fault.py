"""Every way of an endpoint to fail, through both ways to ask one: what is asked again, and what comes out."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator

import faulty_server as faults
import more_faults as more
import pytest

from agent.model.catalog import Catalog, Price
from agent.model.chat import Chat, RetryPolicy
from agent.model.direct import DirectTransport
from agent.model.errors import (
    AccessDenied,
    ContextTooLong,
    FatalModelError,
    InvalidAnswer,
    ModelError,
    Refused,
    TransientError,
)
from agent.model.transport import LitellmTransport, Transport
from agent.model.types import Message, Request
from agent.model.wire import to_wire
from search.budget import Budget
from tools.errors import InfrastructureError

KEY = "sk-test-0123456789"
QUESTION = Request("solver", (Message("user", "what?"),), model="openai/hand", max_tokens=100)
PRICE = Price(1e-3, 2e-3, 1e-4, 1e-3)
DEADLINE = 5.0

# an answer for one way to ask, for the other something to ask again
EITHER = ("content_list", "usage_list", "usage_nan", "usage_text", "usage_fractions", "utf16")
ALL_AGAIN = {**faults.TRANSIENT, **more.TRANSIENT}
SLOW = {**faults.SLOW, **more.SLOW}
ALL_FINE = {**faults.FINE, **more.FINE}
AGAIN = {name: fault for name, fault in ALL_AGAIN.items() if name not in EITHER}
FINE = {name: fault for name, fault in ALL_FINE.items() if name not in EITHER}
ONCE: dict[str, tuple[faults.Fault, type[ModelError]]] = {
    **{name: (fault, AccessDenied) for name, fault in {**faults.DENIED, **more.DENIED}.items()},
    **{name: (fault, FatalModelError) for name, fault in {**faults.FATAL, **more.FATAL}.items()},
    **{name: (fault, ContextTooLong) for name, fault in faults.CONTEXT.items()},
    "400_filter": (faults.REFUSED["400_filter"], Refused),
}
TWICE: dict[str, tuple[faults.Fault, type[ModelError]]] = {
    **{name: (fault, InvalidAnswer) for name, fault in faults.EMPTY.items()},
    **{name: (fault, Refused) for name, fault in faults.REFUSED.items() if name != "400_filter"},
}
KINDS = {*ALL_AGAIN, *SLOW, *ALL_FINE, *ONCE, *TWICE, *more.ODD}


@pytest.fixture(scope="module")
def running() -> Iterator[faults.Server]:
    with faults.serving() as server:
        transport = LitellmTransport(options={"api_base": server.url, "api_key": "none"})
        asyncio.run(transport.send(to_wire(QUESTION, QUESTION.messages, 100)))  # what is imported late counts not
        yield server


@pytest.fixture
def server(running: faults.Server) -> faults.Server:
    running.script.clear()
    running.requests.clear()
    running.default = faults.Fault(payload=faults.body())
    return running


@pytest.fixture(params=["litellm", "direct"])
async def transport(request: pytest.FixtureRequest, server: faults.Server, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    made = way(request.param, server.url)
    yield made
    await made.close()


def way(name: str, base: str, deadline: float = DEADLINE) -> Transport:
    """A way to ask an endpoint."""
    if name == "direct":
        return DirectTransport(deadline=deadline, base=base)
    return LitellmTransport(deadline=deadline, options={"api_base": base})


@pytest.fixture
def budget() -> Budget:
    return Budget(usd=100.0)


@pytest.fixture
def chat(transport: Transport, budget: Budget) -> Chat:
    return talk(transport, budget, tries=3)


def talk(transport: Transport, budget: Budget, tries: int) -> Chat:
    """A chat that never waits."""

    async def sleep(_seconds: float) -> None:
        await asyncio.sleep(0)

    now = iter(range(10**9))  # time passes by looking at it, so that waits end at once
    return Chat(
        transport,
        Catalog(PRICE),
        budget=budget,
        retries=RetryPolicy(tries=tries),
        sleep=sleep,
        clock=lambda: float(next(now)),
    )


def told(error: ModelError) -> None:
    """What a failure says is one short printable line, without markup and keys; its price is a number."""
    text = f"{error} {error.hint}"
    assert text.isprintable()
    assert "<" not in text
    assert KEY not in text
    assert len(str(error)) < 600
    assert math.isfinite(error.cost)
    assert error.cost >= 0


def test_there_are_more_than_sixty_kinds() -> None:
    assert len(KINDS) >= 120
    assert len(ALL_AGAIN) + len(SLOW) + len(ALL_FINE) + len(ONCE) + len(TWICE) + len(more.ODD) == len(KINDS)


@pytest.mark.parametrize("name", sorted(AGAIN))
async def test_it_is_asked_again_and_answered(name: str, chat: Chat, server: faults.Server, budget: Budget) -> None:
    server.script.append(AGAIN[name])
    response = await chat.complete(QUESTION)
    assert (response.text, response.tries, len(server.requests)) == ("fine", 2, 2)
    assert response.cost == pytest.approx(budget.spent.usd)
    assert response.cost >= 0.14


@pytest.mark.parametrize("kind", ["litellm", "direct"])
async def test_what_does_not_end_is_cut_and_asked_again(
    kind: str, server: faults.Server, budget: Budget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    for name, fault in SLOW.items():
        transport = way(kind, server.url, 0.3)
        server.requests.clear()
        server.script.append(fault)
        response = await talk(transport, budget, tries=20).complete(QUESTION)
        await transport.close()
        assert response.text == "fine"
        assert len(server.requests) >= 2, name
        assert response.usage.estimated, "what was cut may have been billed"


@pytest.mark.parametrize("name", EITHER)
async def test_it_is_understood_or_asked_again(name: str, chat: Chat, server: faults.Server) -> None:
    server.script.append({**ALL_AGAIN, **ALL_FINE}[name])
    response = await chat.complete(QUESTION)
    assert response.text == "fine"
    assert response.tries == len(server.requests) <= 2
    assert 0 < response.cost < math.inf


@pytest.mark.parametrize("name", sorted(ONCE))
async def test_it_is_asked_once(name: str, chat: Chat, server: faults.Server, transport: Transport) -> None:
    fault, kind = ONCE[name]
    server.default = fault
    with pytest.raises(kind) as failure:
        await chat.complete(QUESTION)
    told(failure.value)
    # litellm itself tries a 422 once more, without the parameters that a provider may not know
    assert len(server.requests) == (2 if name == "422" and isinstance(transport, LitellmTransport) else 1)
    assert isinstance(failure.value, InfrastructureError) == (kind in (AccessDenied, FatalModelError))


@pytest.mark.parametrize("name", sorted(TWICE))
async def test_it_is_pointed_out_once(name: str, chat: Chat, server: faults.Server) -> None:
    fault, kind = TWICE[name]
    server.default = fault
    with pytest.raises(kind) as failure:
        await chat.complete(QUESTION)
    told(failure.value)
    assert len(server.requests) == 2
    assert not isinstance(failure.value, InfrastructureError)


@pytest.mark.parametrize("name", sorted(FINE))
async def test_it_is_an_answer(name: str, chat: Chat, server: faults.Server) -> None:
    server.default = FINE[name]
    response = await chat.complete(QUESTION)
    assert (response.text, response.tries, len(server.requests)) == ("fine", 1, 1)
    assert response.tool_calls == ()
    assert response.usage.prompt > 0
    assert 0 < response.cost < math.inf


@pytest.mark.parametrize("name", sorted(more.ODD))
async def test_whatever_it_is_it_ends_well(name: str, chat: Chat, server: faults.Server, budget: Budget) -> None:
    server.default = more.ODD[name]
    try:
        response = await chat.complete(QUESTION)
    except ModelError as error:
        told(error)
    else:
        response.text.encode()
        assert 0 < response.cost < math.inf
    assert 0 <= budget.spent.usd < math.inf
    assert 1 <= len(server.requests) <= 3


@pytest.mark.parametrize("name", ["connection", "name", "tls"])
async def test_nobody_answers(name: str, transport: Transport, server: faults.Server) -> None:
    places = {
        "connection": "http://127.0.0.1:9/v1",
        "name": "http://nobody.invalid/v1",
        "tls": server.url.replace("http:", "https:"),
    }
    there = way("direct" if isinstance(transport, DirectTransport) else "litellm", places[name])
    with pytest.raises(TransientError) as failure:
        await there.send(to_wire(QUESTION, QUESTION.messages, 100))
    told(failure.value)
    await there.close()


async def test_without_a_key_nothing_is_tried_again(
    server: faults.Server, budget: Budget, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hosted model's client refuses to ask; an own server says 401."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(AccessDenied, match="OPENAI_API_KEY") as failure:
        await talk(way("litellm", server.url), budget, tries=9).complete(QUESTION)
    assert "OPENAI_API_KEY" in failure.value.hint
    assert server.requests == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_takes_no_key_along(status: int, chat: Chat, server: faults.Server) -> None:
    """To another server, even on this machine."""
    with faults.serving() as other:
        server.headers.clear()
        server.default = faults.Fault(status, b"", headers={"Location": f"{other.url}/chat/completions"})
        try:
            await chat.complete(QUESTION)
        except ModelError as error:
            told(error)
        assert "authorization" in server.headers[-1]
        assert not [seen for seen in other.headers if "authorization" in seen]


async def test_a_huge_answer_is_not_read_to_its_end(server: faults.Server) -> None:
    server.default = faults.Fault(payload=b'{"a": "' + b"x" * (66 * 2**20))
    transport = DirectTransport(deadline=30, base=server.url)
    with pytest.raises(TransientError, match="not JSON"):
        await transport.send(to_wire(QUESTION, QUESTION.messages, 100))
    await transport.close()
