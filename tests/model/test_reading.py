"""What models and providers write, read without trust."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from agent.model.classify import classify, readable, retry_after
from agent.model.errors import AccessDenied, FatalModelError, ModelError, TransientError, restore
from agent.model.redaction import redact, redact_value
from agent.model.reply import read_reply
from agent.model.structured import instruction, parse
from agent.model.types import Message, Request, ToolCall, ToolSpec
from agent.model.wire import fingerprint, to_wire

TOOLS = (ToolSpec("view", "", {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}),)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
calls = st.lists(
    anything
    | st.fixed_dictionaries(
        {"id": anything, "function": st.fixed_dictionaries({"name": anything, "arguments": anything})}
    ),
    max_size=4,
)
messages = anything | st.fixed_dictionaries({"content": anything, "tool_calls": anything | calls, "refusal": anything})
bodies = st.fixed_dictionaries(
    {
        "choices": anything
        | st.lists(st.fixed_dictionaries({"message": messages, "finish_reason": anything}), min_size=1, max_size=2),
        "usage": anything
        | st.fixed_dictionaries(
            {"prompt_tokens": anything, "completion_tokens": anything, "prompt_tokens_details": anything}
        ),
    }
)


@given(bodies)
def test_any_body_is_read_or_refused_safely(body: dict) -> None:
    try:
        reply = read_reply(body, TOOLS)
    except TransientError:
        return  # it holds no message
    reply.text.encode()
    assert len({call.id for call in reply.calls}) == len(reply.calls)
    for call in reply.calls:
        json.dumps([call.id, call.name, call.raw]).encode()
        assert call.error or isinstance(call.arguments["n"], int)
    if reply.usage:
        assert 10**9 >= reply.usage.prompt >= reply.usage.cached >= 0
        assert 10**9 >= reply.usage.completion >= 0


class Inner(BaseModel):
    name: str


class Answer(BaseModel):
    score: float
    inner: Inner | None = None


@pytest.mark.parametrize(
    "text",
    [
        '{"score": 1}',
        '```json\n{"score": 1}\n```',
        'I think {this} and {"name": "x"} are not it, but\n{"score": 1} is. {"score": 2}',
        '{"score": 1, "inner": {"name": "line\nbreak"}}',
        '{"score": 1',
        "{" * 2000 + '{"score": 1}',
        "[" * 100_000 + '{"score": 1}',
    ],
)
def test_the_object_is_found(text: str) -> None:
    if text.endswith("1") or text.startswith("{{{"):
        with pytest.raises(ValueError, match="no JSON object"):
            parse(text, Answer)
    else:
        assert parse(text, Answer).score == 1


def test_the_first_object_is_the_one_that_is_criticised() -> None:
    with pytest.raises(ValueError, match=r"score: Field required; inner\.name: Field required"):
        parse('{"inner": {}} {"score": "x"}', Answer)
    assert '"score"' in instruction(Answer)


@given(st.text(), st.text())
def test_prose_around_an_object_does_not_matter(before: str, after: str) -> None:
    text = f'{before.replace("{", "")}{{"score": 0.25}}{after}'
    assert parse(text, Answer).score == 0.25


@pytest.mark.parametrize(
    ("headers", "text", "seconds"),
    [
        ({"Retry-After": "2"}, "", 2),
        ({"retry-after-ms": "1500", "retry-after": "9"}, "", 1.5),
        ({"RETRY-AFTER": "Thu, 01 Jan 1970 00:01:40 GMT"}, "", 100),
        ({"retry-after": "-5"}, "", 0),
        ({"retry-after": "soon"}, "", None),
        ({"retry-after": "nan"}, "", None),
        ({}, 'details: "retryDelay": "34s"', 34),
        ({}, "Please try again in 250ms. Visit", 0.25),
        ({}, "no idea", None),
    ],
)
def test_every_way_to_say_wait(headers: dict, text: str, seconds: float | None) -> None:
    assert retry_after(headers, text, now=0.0) == seconds


class StatusError(Exception):
    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status_code = status


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (StatusError('You exceeded your current quota, "retryDelay": "3s"', 429), TransientError),
        (StatusError("You exceeded your current quota, see billing", 429), AccessDenied),
        (StatusError("odd", 599), TransientError),
        (StatusError("odd", 499), TransientError),
        (KeyError("choices"), FatalModelError),
        (RuntimeError(), FatalModelError),
    ],
)
def test_every_exception_has_a_class(error: Exception, kind: type[ModelError]) -> None:
    found = classify(error, "openai/hand")
    assert type(found) is kind
    assert "openai/hand: " in str(found)


def test_stored_failures_come_back_as_what_they_were() -> None:
    for name in ("transient", "context", "refused", "invalid", "access", "fatal"):
        assert restore(name, "m", "h").kind == name
    assert restore("of a later version", "m").kind == "fatal"


@given(st.text(st.characters(exclude_categories=())))
def test_error_texts_are_one_short_printable_line(text: str) -> None:
    line = readable(f"<html><script>alert(1)</script>{text * 3}")
    assert len(line) <= 300
    assert line.isprintable()
    assert "alert" not in line


def test_secrets_are_replaced_longest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_API_KEY", "abcdefgh")
    monkeypatch.setenv("B_SECRET", "abcdefgh-and-more")
    monkeypatch.setenv("C_TOKEN", "short")
    monkeypatch.setenv("KEYBOARD", "qwertyuiop")
    assert redact("abcdefgh-and-more abcdefgh short qwertyuiop") == "[B_SECRET] [A_API_KEY] short qwertyuiop"
    assert redact_value({"a": ["abcdefgh", 1, None]}) == {"a": ["[A_API_KEY]", 1, None]}


def test_what_shapes_the_answer_is_the_fingerprint() -> None:
    base = Request("solver", (Message("user", "q"),), model="m")
    call = ToolCall("1", "view", {"n": 1})
    others = [
        Request("solver", (Message("user", "q!"),), model="m"),
        Request("solver", (Message("system", "q"),), model="m"),
        Request("solver", base.messages, model="n"),
        Request("solver", base.messages, model="m", sample=1),
        Request("solver", base.messages, model="m", temperature=0.5),
        Request("solver", base.messages, model="m", max_tokens=1),
        Request("solver", base.messages, model="m", tools=TOOLS),
        Request("solver", base.messages, model="m", schema=Answer),
        Request("solver", (*base.messages, Message("assistant", "", (call,))), model="m"),
    ]
    assert len({fingerprint(request) for request in [base, *others]}) == 10
    same = Request("critic", (Message("user", "q", cache=True),), model="m", scope="elsewhere")
    assert fingerprint(same) == fingerprint(base)


def test_cache_marks_are_for_models_that_take_them() -> None:
    turns = tuple(Message("user", str(number), cache=True) for number in range(6))
    marked = to_wire(Request("solver", turns, model="anthropic/claude-x"), turns, 10).body["messages"]
    assert [isinstance(message["content"], list) for message in marked] == [False, False, True, True, True, True]
    assert marked[-1]["content"][0]["cache_control"] == {"type": "ephemeral"}
    plain = to_wire(Request("solver", turns, model="openai/x"), turns, 10).body["messages"]
    assert [message["content"] for message in plain] == list("012345")


def test_the_client_reads_no_files_of_the_repository_and_is_loaded_late(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OPENAI_API_KEY=stolen\nOPENAI_API_BASE=http://evil.invalid\n")
    script = (
        "import sys, os\n"
        "import agent.model.open\n"
        "assert 'litellm' not in sys.modules\n"
        "from agent.model.client import load\n"
        "load()\n"
        "print(os.environ.get('OPENAI_API_KEY'), os.environ.get('OPENAI_API_BASE'))\n"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI", "LITELLM"))}
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "None None\n"
    assert done.stderr == ""
