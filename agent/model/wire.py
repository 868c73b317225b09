"""A request as the JSON that goes out, and its identity."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.model.types import Message, Request, ToolSpec
from agent.store.encoding import digest, dump

_BREAKPOINTS = 4
"""Anthropic accepts this many cache marks in a request; the last ones reach furthest."""


@dataclass(frozen=True)
class Wire:
    """One request as a provider sees it, and what a recording needs to tell equal ones apart.

    Attributes:
        body: model, messages, tools, temperature and max_tokens in OpenAI's form.
        sample: ordinal among wanted repetitions.
        scope: the node it is asked for.
    """

    body: Mapping[str, Any]
    sample: int = 0
    scope: str = ""

    @property
    def model(self) -> str:
        """The model's full name."""
        return str(self.body["model"])

    @property
    def prompt_tokens(self) -> int:
        """At most how many tokens the request is: a byte-level token is rarely under 3 bytes of text."""
        messages: list[dict[str, Any]] = self.body["messages"]
        text = json.dumps([messages, self.body.get("tools", [])], ensure_ascii=False)
        return len(text.encode("utf-8", "replace")) // 3 + 8 * len(messages)


def to_wire(request: Request, messages: Sequence[Message], max_tokens: int) -> Wire:
    """The JSON for `request`, with `messages` for its own (re-asks lengthen them)."""
    body: dict[str, Any] = {
        "model": request.model,
        "messages": _messages(messages, marked="claude" in request.model.lower()),
        "temperature": request.temperature,
        "max_tokens": max_tokens,
    }
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
    return Wire(body, request.sample, request.scope)


def message_json(message: Message) -> dict[str, Any]:
    """One message in OpenAI's form; what UTF-8 cannot say is replaced."""
    content: str | None = message.content.encode("utf-8", "replace").decode()
    answer: dict[str, Any] = {"role": message.role, "content": content}
    if message.tool_calls:
        answer["content"] = content or None
        answer["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": _arguments(call.arguments)},
            }
            for call in message.tool_calls
        ]
    if message.role == "tool":
        answer["tool_call_id"] = message.tool_call_id
    return answer


def fingerprint(request: Request) -> str:
    """Identity of what is asked, without for whom: SHA-256 of all that shapes the answer."""
    wire = to_wire(request, request.messages, request.max_tokens)
    schema = request.schema.model_json_schema() if request.schema else None
    return digest(dump([request.model, conversation_identity(wire.body), schema, request.sample]))


def conversation_identity(body: Mapping[str, Any]) -> list[Any]:
    """What a request body asks, whatever the client: ids of tool calls become ordinals, text parts are joined."""
    names: dict[str, int] = {}
    turns = []
    for message in body.get("messages", []):
        calls = [
            [names.setdefault(call.get("id", ""), len(names)), call["function"]["name"], call["function"]["arguments"]]
            for call in message.get("tool_calls") or []
        ]
        answered = names.get(message.get("tool_call_id", ""), -1)
        turns.append([message.get("role"), text_of(message.get("content")), calls, answered])
    tools = sorted(dump(tool) for tool in body.get("tools") or [])
    return [turns, tools, body.get("temperature"), body.get("max_tokens") or body.get("max_completion_tokens")]


def text_of(content: Any) -> str:
    """The text of a message's content: a string, a list of parts, or nothing."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = (part.get("text", "") if isinstance(part, Mapping) else part for part in content)
        return "".join(part for part in parts if isinstance(part, str))
    return ""


def _messages(messages: Sequence[Message], *, marked: bool) -> list[dict[str, Any]]:
    marks = [place for place, message in enumerate(messages) if message.cache and message.content]
    wanted = set(marks[-_BREAKPOINTS:]) if marked else set()
    answer = []
    for place, message in enumerate(messages):
        body = message_json(message)
        if place in wanted:
            part = {"type": "text", "text": body["content"], "cache_control": {"type": "ephemeral"}}
            body["content"] = [part]
        answer.append(body)
    return answer


def _tool(tool: ToolSpec) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
    return {"type": "function", "function": function}


def _arguments(arguments: Mapping[str, Any]) -> str:
    return json.dumps(arguments, sort_keys=True)
