"""What goes to a model and what comes back, free of any provider's client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from pydantic import BaseModel

Author = Literal["system", "user", "assistant", "tool"]
Finish = Literal["stop", "tool_calls"]
Source = Literal["live", "journal", "cache", "replay"]


@dataclass(frozen=True)
class ToolSpec:
    """A tool the model may call.

    Attributes:
        name: letters, digits, `_` and `-`; at most 64 of them.
        description: what it does, for the model.
        parameters: JSON schema of the arguments object.
    """

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class ToolCall:
    """One call the model asked for.

    Attributes:
        id: unique within its message, also when the provider repeats an id.
        name: the tool's name as the model wrote it; `error` says when no such tool was offered.
        arguments: the decoded arguments; empty when they could not be decoded.
        raw: the arguments as the model wrote them, bounded.
        error: why the call cannot be run ("" when it can), worded for the model to read.
    """

    id: str
    name: str
    arguments: Mapping[str, Any]
    raw: str = ""
    error: str = ""


@dataclass(frozen=True)
class Message:
    """One turn of a conversation.

    Attributes:
        role: who speaks.
        content: the text.
        tool_calls: what an assistant turn asked for.
        tool_call_id: which call a `tool` turn answers.
        cache: a hint that the conversation up to here is shared by many requests (prompt caching).
    """

    role: Author
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    cache: bool = False


@dataclass(frozen=True)
class Request:
    """One question to a model.

    Attributes:
        role: which role of the agent asks (planner, solver, ...); picks the model and the ledger line.
        messages: the conversation so far.
        model: name in litellm's spelling (`provider/name`); "" takes the one configured for the role.
        tools: what the model may call.
        schema: the answer must be a JSON object of this shape; the checked one is `Response.parsed`.
        temperature: in [0, 2].
        max_tokens: limit of the answer, in tokens.
        sample: ordinal that tells wanted repetitions of one question apart; never sent.
        scope: the node on whose behalf this is asked; never sent.
    """

    role: str
    messages: tuple[Message, ...]
    model: str = ""
    tools: tuple[ToolSpec, ...] = ()
    schema: type[BaseModel] | None = None
    temperature: float = 0.0
    max_tokens: int = 4096
    sample: int = 0
    scope: str = ""


@dataclass(frozen=True)
class Usage:
    """Tokens of one request, all tries and re-asks included.

    Attributes:
        prompt: tokens read, the cached ones included.
        completion: tokens written.
        cached: those of `prompt` that the provider's prompt cache served.
        estimated: the provider did not say, so the counts come from the lengths of the texts.
    """

    prompt: int = 0
    completion: int = 0
    cached: int = 0
    estimated: bool = False

    @property
    def total(self) -> int:
        """Tokens read and written."""
        return self.prompt + self.completion

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.prompt + other.prompt,
            self.completion + other.completion,
            self.cached + other.cached,
            self.estimated or other.estimated,
        )


@dataclass(frozen=True)
class Response:
    """A usable answer: it has text or tool calls, and was not cut short.

    Attributes:
        text: what the model wrote, valid UTF-8, bounded.
        tool_calls: what it wants to run, in its order.
        parsed: the checked object when the request had a schema.
        usage: tokens.
        cost: US dollars, failed tries and re-asks included; 0 for a model that is free.
        finish: why the model stopped.
        source: where the answer comes from; only `live` ones cost anything now.
        seconds: from question to answer, waiting for retries included.
        tries: requests made to the provider.
    """

    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    parsed: BaseModel | None = None
    usage: Usage = field(default_factory=Usage)
    cost: float = 0.0
    finish: Finish = "stop"
    source: Source = "live"
    seconds: float = 0.0
    tries: int = 1


class Model(Protocol):
    """Anything that answers requests."""

    async def complete(self, request: Request) -> Response:
        """Answer `request`.

        Raises:
            agent.model.errors.ModelError: no usable answer could be had; the subclass says why.
            search.budget.BudgetExceeded: the worst case of this call does not fit what is left.
        """
        ...
