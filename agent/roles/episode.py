"""An episode: a model works with tools until it is done, stuck, or out of turns."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import prompts
from agent.model.errors import ContextTooLong
from agent.model.types import Message, Response, ToolCall
from agent.roles.team import Team
from agent.roles.tools import Tool, ToolError

MAX_OBSERVATION = 12_000
MAX_HISTORY = 300_000
MALFORMED_IN_A_ROW = 3
REPEATS = 3
WARN_AT = 2

CALL_BLOCK = re.compile(r"^```call[ \t]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Ending:
    """How an episode ended.

    Attributes:
        submitted: the model said that it is done.
        summary: what it said then, or why the episode ended otherwise.
        turns: answers of the model.
    """

    submitted: bool
    summary: str
    turns: int


class Episode:
    """A conversation of one role with its tools.

    Args:
        team: puts the requests.
        role: who works.
        tools: what may be called.
        max_turns: answers until it ends.
        text: the model writes its calls as text instead of using the provider's tool calls.
        edits_tool: in the text protocol, the tool that takes a message with edits and no call.
    """

    def __init__(
        self,
        team: Team,
        role: str,
        tools: Sequence[Tool],
        *,
        max_turns: int,
        text: bool = False,
        edits_tool: Tool | None = None,
        temperature: float = 0.0,
        sample: int = 0,
    ) -> None:
        self._team = team
        self._role = role
        self._tools = {tool.name: tool for tool in tools}
        self._max_turns = max_turns
        self._text = text
        self._edits_tool = edits_tool
        self._temperature = temperature
        self._sample = sample
        self._messages: list[Message] = []
        self._seen: Counter[str] = Counter()
        self._malformed = 0
        self._failed = False

    async def run(self, turn: str) -> Ending:
        """Works on `turn` to an ending; what it did to the workspace stays there."""
        self._messages = list(self._team.opening(turn))
        for count in range(1, self._max_turns + 1):
            response = await self._complete()
            calls = self._calls(response)
            self._messages.append(Message("assistant", response.text, () if self._text else response.tool_calls))
            if not calls:
                self._malformed += 1
                if self._malformed >= MALFORMED_IN_A_ROW:
                    return Ending(False, "the model made no usable call three times in a row", count)
                self._observe_problem("Your message contained no call.")
                continue
            self._malformed = 0
            self._failed = False
            for call in calls:
                ending = await self._carry_out(call, count)
                if ending is not None:
                    return ending
            self._warn(self._max_turns - count)
        return Ending(False, f"out of turns ({self._max_turns})", self._max_turns)

    async def _complete(self) -> Response:
        specs = () if self._text else tuple(tool.spec for tool in self._tools.values())
        self._compact(MAX_HISTORY)
        while True:
            try:
                return await self._team.complete(
                    self._role,
                    tuple(self._messages),
                    tools=specs,
                    temperature=self._temperature,
                    sample=self._sample,
                    max_tokens=8192,
                )
            except ContextTooLong:
                size = sum(len(message.content) for message in self._messages)
                if not self._compact(size * 2 // 3):
                    raise

    def _calls(self, response: Response) -> list[ToolCall]:
        if not self._text:
            return list(response.tool_calls)
        found = [_decode(index, block) for index, block in enumerate(CALL_BLOCK.findall(response.text))]
        if not found and self._edits_tool is not None and _has_edits(response.text):
            found = [ToolCall("0", self._edits_tool.name, {"text": response.text})]
        return found

    async def _carry_out(self, call: ToolCall, turn: int) -> Ending | None:
        """Does one call and shows the model what came of it; an ending when the episode is over."""
        tool = self._tools.get(call.name) or (
            self._edits_tool if self._edits_tool and call.name == self._edits_tool.name else None
        )
        ends = False
        failed = True
        if call.error:
            text = call.error
        elif tool is None:
            text = f"there is no tool {call.name!r}; the tools are {', '.join(self._tools)}"
        elif tool.ends and self._failed:
            text = f"ERROR: an earlier call of the same message failed, so this {call.name} was not done"
        else:
            try:
                text = await tool.call(call.arguments)
                ends, failed = tool.ends, False
            except ToolError as error:
                text = f"ERROR: {error}"
        self._failed |= failed
        if ends:
            return Ending(True, text, turn)
        key = json.dumps([call.name, dict(call.arguments), text], sort_keys=True, default=str)
        self._seen[key] += 1
        if self._seen[key] >= 2 * REPEATS:
            return Ending(False, f"stuck: the same call of {call.name} with the same result {2 * REPEATS} times", turn)
        if self._seen[key] >= REPEATS:
            text += "\n\nYou have made this very call before, with this very result. Do something else."
        self._observe(call, clip(text))
        return None

    def _observe(self, call: ToolCall, text: str) -> None:
        if self._text:
            self._messages.append(Message("user", text))
        else:
            self._messages.append(Message("tool", text, tool_call_id=call.id))

    def _observe_problem(self, problem: str) -> None:
        self._messages.append(Message("user", prompts.render("no_call", problem=problem, text=self._text)))

    def _warn(self, left: int) -> None:
        if left == WARN_AT:
            last = self._messages[-1]
            note = prompts.render("last_turns", turns=left)
            self._messages[-1] = replace(last, content=f"{last.content}\n\n{note}")

    def _compact(self, limit: int) -> bool:
        """Leaves out the oldest long results until the conversation has at most `limit` characters."""
        size = sum(len(message.content) for message in self._messages)
        shortened = False
        first = len(self._team.opening("")) + 1
        for index in range(first, len(self._messages) - 2):
            if size <= limit:
                break
            message = self._messages[index]
            if message.role == "assistant" or len(message.content) < 400:
                continue
            note = f"[{len(message.content)} characters left out to save space; call again if you need them]"
            size -= len(message.content) - len(note)
            self._messages[index] = replace(message, content=note)
            shortened = True
        return shortened


def clip(text: str, limit: int = MAX_OBSERVATION) -> str:
    """Head and tail of a long text, with a note of what was left out between them."""
    if len(text) <= limit + limit // 10:  # a note in place of a few characters helps nobody
        return text
    half = limit // 2
    return f"{text[:half]}\n\n[... {len(text) - 2 * half} characters left out ...]\n\n{text[-half:]}"


def _has_edits(text: str) -> bool:
    from tools.edits import parse_edits

    edits, failures = parse_edits(text)
    return bool(edits or failures)


def _decode(index: int, block: str) -> ToolCall:
    try:
        value: Any = json.loads(block, strict=False)
    except json.JSONDecodeError as error:
        return ToolCall(str(index), "", {}, block, f"ERROR: the call is not valid JSON: {error}")
    if not isinstance(value, dict) or not isinstance(value.get("tool"), str):
        return ToolCall(str(index), "", {}, block, 'ERROR: the call must be a JSON object with the key "tool"')
    name = value.pop("tool")
    return ToolCall(str(index), name, value, block)
