import json
from pathlib import Path

import faulty_server as faults
import journal_worker
import pytest

from agent.model.catalog import FreeCatalog
from agent.model.chat import Chat, RetryPolicy
from agent.model.errors import FatalModelError
from agent.model.open import open_model, open_transport
from agent.model.recorded import RecordedTransport, RecordingTransport
from agent.model.routing import RoleModels, RoutedModel
from agent.model.types import Message, Request, ToolCall, ToolSpec
from tools.errors import InputError

VIEW = ToolSpec("view", "shows a file", {"type": "object", "properties": {"path": {"type": "string"}}})


def question(text: str, **more) -> Request:
    return Request("solver", (Message("system", "be good"), Message("user", text)), **more)


async def conversation(model) -> list:
    """An episode: each request holds the answers before it."""
    messages = (Message("user", "begin"),)
    heard = []
    for step in range(3):
        response = await model.complete(Request("solver", messages, tools=(VIEW,), scope=f"n{step}"))
        heard.append((response.text, [call.arguments for call in response.tool_calls]))
        messages += (Message("assistant", response.text, response.tool_calls),)
        messages += tuple(Message("tool", "file", tool_call_id=call.id) for call in response.tool_calls)
    return heard


def script(server: faults.Server) -> None:
    answers = [
        faults.tools(faults.tool(id="call_17_0"), faults.tool('{"path": "b"}', id="call_17_1")),
        faults.body({"content": ""}),  # asked again with a note: the replay must do so too
        faults.tools(faults.tool('{"path": "c"}', id="call_19_0"), content="and"),
        faults.body({"content": "done"}),
    ]
    server.script += [faults.Fault(payload=answer) for answer in answers]


async def test_a_recording_replays_the_conversation(tmp_path: Path) -> None:
    with faults.serving() as server:
        script(server)
        transport = RecordingTransport(journal_worker.HttpTransport(server.url), tmp_path / "t.jsonl")
        live = RoutedModel(Chat(transport, FreeCatalog()), RoleModels("openai/hand"))
        heard = await conversation(live)
        asked = server.requests
    assert (
        await conversation(open_model(RoleModels("openai/hand"), transport=open_transport(replay=tmp_path / "t.jsonl")))
        == heard
    )
    assert len(asked) == 4
    # a transcript kept by the server, under another client's names for model and calls, is as good
    lines = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text().splitlines()]
    for line, request in zip(lines, asked, strict=True):
        line["request"] = {**request, "model": "another"}
        del line["scope"], line["sample"]
    (tmp_path / "s.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    response = await open_model(RoleModels(), transport=open_transport(replay=tmp_path / "s.jsonl")).complete(
        Request("solver", (Message("user", "begin"),), tools=(VIEW,))
    )
    assert response.source == "replay"
    assert response.cost == 0
    assert await conversation(open_model(RoleModels(), transport=open_transport(replay=tmp_path / "s.jsonl"))) == heard


def transcript(path: Path, *pairs: tuple[str, str], **more) -> RecordedTransport:
    lines = [
        {
            "request": {
                "messages": [{"role": "system", "content": "be good"}, {"role": "user", "content": asked}],
                "temperature": 0.0,
                "max_tokens": 4096,
            },
            "response": faults.body({"content": answer}),
            **{name: values[place] for name, values in more.items()},
        }
        for place, (asked, answer) in enumerate(pairs)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return RecordedTransport(path)


async def ask(transport: RecordedTransport, text: str, **more) -> str:
    chat = Chat(transport, FreeCatalog(), retries=RetryPolicy(tries=1))
    return (await chat.complete(question(text, model="m", **more))).text


async def test_equal_requests_get_their_answers_in_order_and_the_last_one_stays(tmp_path: Path) -> None:
    transport = transcript(tmp_path / "t", ("a", "1"), ("b", "x"), ("a", "2"))
    assert [await ask(transport, text) for text in "aabaa"] == ["1", "2", "x", "2", "2"]


async def test_scope_and_sample_tell_equal_requests_apart(tmp_path: Path) -> None:
    pairs = [("a", "1"), ("a", "2"), ("a", "3")]
    transport = transcript(tmp_path / "t", *pairs, scope=["n1", "n2", "n2"], sample=[0, 0, 1])
    assert await ask(transport, "a", scope="n2", sample=1) == "3"
    assert await ask(transport, "a", scope="n2") == "2"
    assert await ask(transport, "a", scope="n1") == "1"


async def test_what_was_not_recorded_says_where_it_went_astray(tmp_path: Path) -> None:
    transport = transcript(tmp_path / "t.jsonl", ("a", "1"), ("b", "2"))
    with pytest.raises(
        FatalModelError, match=r"not in t\.jsonl: 1 of its 2 messages match.*says 'c', recorded was 'a'"
    ):
        await ask(transport, "c")
    with pytest.raises(FatalModelError, match="same messages is, but its tools"):
        await ask(transport, "a", temperature=1.0)
    (tmp_path / "empty").write_text("")
    with pytest.raises(FatalModelError, match="the transcript is empty"):
        await ask(RecordedTransport(tmp_path / "empty"), "a")


@pytest.mark.parametrize("text", ["{", "[]", '{"request": {}}', '{"request": {}, "response": 3}', "\n"])
def test_what_is_no_transcript_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "t").write_text(text)
    with pytest.raises(InputError, match="t line 1 is not a recorded answer"):
        RecordedTransport(tmp_path / "t")
    with pytest.raises(InputError, match="cannot read"):
        RecordedTransport(tmp_path / "none")


async def test_names_of_tool_calls_do_not_matter(tmp_path: Path) -> None:
    with faults.serving() as server:
        transport = RecordingTransport(journal_worker.HttpTransport(server.url), tmp_path / "t")
        for chat, id in ((transport, "x"), (None, "y")):
            call = ToolCall(id, "view", {"path": "a"})
            messages = (Message("user", "q"), Message("assistant", "", (call,)), Message("tool", "r", tool_call_id=id))
            model = Chat(chat or RecordedTransport(tmp_path / "t"), FreeCatalog())
            assert (await model.complete(Request("solver", messages, model="m"))).text == "fine"
        assert len(server.requests) == 1
