"""The calls behind a node as a conversation: each step shows what was new in it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.store.records import CallRecord
from agent.store.store import Store
from agent.viewer.markup import bounded, pretty

OPENING = 2
"""System prompt and issue begin every conversation of a run (`agent.roles.team`)."""


@dataclass(frozen=True)
class Turn:
    """One message, or one tool call of an answer.

    Attributes:
        author: system, user, assistant, tool, or ``call``.
        name: the tool, for a call.
        text: bounded.
    """

    author: str
    text: str
    name: str = ""

    @property
    def lines(self) -> int:
        """How many lines it has."""
        return self.text.count("\n") + 1

    @property
    def head(self) -> str:
        """Its first words, on one line."""
        line = " ".join(self.text[:400].split())
        return line[:110] + ("…" if len(line) > 110 else "")


@dataclass(frozen=True)
class Step:
    """One call of a model.

    Attributes:
        number: its place among all calls of the run, from 1; part of its address.
        shared: messages in front that an earlier step showed already.
        sent: the other messages of the request.
        answer: what came back.
        error: why nothing usable did, or "".
    """

    number: int
    call: CallRecord
    shared: int
    sent: tuple[Turn, ...]
    answer: tuple[Turn, ...]
    error: str

    @property
    def cached_share(self) -> float:
        """Share of the prompt that the provider's cache served, in [0, 1]."""
        return self.call.cached / self.call.prompt if self.call.prompt else 0.0

    @property
    def summary(self) -> str:
        """What the step did, in a line."""
        calls = [f"{turn.name}({turn.head[:60]})" for turn in self.answer if turn.author == "call"]
        return "; ".join(calls) or (self.answer[0].head if self.answer else self.error[:110])


def steps(store: Store, calls: Sequence[CallRecord], scopes: Collection[str], *, opening: bool = False) -> list[Step]:
    """Of all `calls` of a run those made in `scopes`, in order; with `opening`, what begins every one is shown once."""
    numbered = [(number, call) for number, call in enumerate(calls, 1) if call.scope in scopes]
    hashes = list(dict.fromkeys(hash for _, call in numbered for hash in call.messages))
    contents = store.messages(hashes)
    found: list[Step] = []
    earlier: list[tuple[str, ...]] = []
    for number, call in numbered:
        shared = max((_common(call.messages, other) for other in earlier), default=0)
        shared = max(shared, min(OPENING, len(call.messages) - 1)) if not opening else shared
        sent = [turn for hash in call.messages[shared:] for turn in _turns(contents.get(hash, {}))]
        error = f"{call.error.get('kind')}: {call.error.get('message')}" if call.error else ""
        found.append(Step(number, call, shared, tuple(sent), tuple(_answer(call.response)), error))
        earlier.append(call.messages)
    return found


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    return next((place for place, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _turns(message: Mapping[str, Any]) -> list[Turn]:
    content = message.get("content") or ""
    text = content if isinstance(content, str) else pretty(content)
    turns = [Turn(str(message.get("role", "")), bounded(text, 40_000))] if text else []
    for call in message.get("tool_calls") or ():
        function = call.get("function", {})
        turns.append(Turn("call", bounded(_arguments(function.get("arguments")), 40_000), str(function.get("name"))))
    return turns


def _answer(response: Mapping[str, Any] | None) -> list[Turn]:
    if response is None:
        return []
    text = str(response.get("text") or "")
    if text.lstrip().startswith("{"):
        text = _arguments(text)
    turns = [Turn("assistant", bounded(text, 40_000))] if text.strip() else []
    for call in response.get("tool_calls") or ():
        arguments = call.get("arguments") or call.get("raw")
        turns.append(Turn("call", bounded(_arguments(arguments), 40_000), str(call.get("name"))))
    return turns


def _arguments(value: Any) -> str:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return str(value)
    return pretty(value)
