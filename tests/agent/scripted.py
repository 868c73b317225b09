"""A model that answers from a list, and keeps what it was asked."""

from __future__ import annotations

import json
from collections.abc import Iterable

from agent.model.types import Request, Response, ToolCall, Usage


def call(tool: str, **arguments: object) -> Response:
    """An answer that calls one tool."""
    return Response("", (ToolCall(f"call-{tool}", tool, arguments),), usage=Usage(100, 10), finish="tool_calls")


def text(content: str) -> Response:
    """An answer of text."""
    return Response(content, usage=Usage(100, 10))


def written(tool: str, **arguments: object) -> Response:
    """An answer of the text protocol."""
    return text("I do this.\n\n```call\n" + json.dumps({"tool": tool} | arguments) + "\n```")


class ScriptedModel:
    """Gives its answers in order; a schema is checked as the model layer does."""

    def __init__(self, answers: Iterable[Response | Exception]) -> None:
        self.answers = list(answers)
        self.requests: list[Request] = []

    async def complete(self, request: Request) -> Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if request.schema is not None:
            parsed = request.schema.model_validate_json(answer.text)
            return Response(answer.text, parsed=parsed, usage=answer.usage)
        return answer
