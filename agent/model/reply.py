"""Reading what a provider sent: everything in it is bounded, checked and safe to store."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.model.errors import TransientError
from agent.model.redaction import redact
from agent.model.types import ToolCall, ToolSpec, Usage
from agent.model.wire import text_of

MAX_TEXT = 1_000_000
MAX_CALLS = 32
MAX_TOKENS = 10**9
_CUT = {"length", "max_tokens"}
_FILTERED = {"content_filter", "safety", "refusal"}
_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


@dataclass(frozen=True)
class Reply:
    """What came back on one try.

    Attributes:
        text: what the model wrote.
        calls: the tools it wants to run.
        cut: it stopped at the token limit.
        refusal: why it does not answer ("" when it does).
        usage: tokens by the provider's count, None when it gave no usable one.
        cache_writes: tokens of the prompt that were written to the provider's cache.
    """

    text: str
    calls: tuple[ToolCall, ...] = ()
    cut: bool = False
    refusal: str = ""
    usage: Usage | None = None
    cache_writes: int = 0


def read_reply(body: Mapping[str, Any], tools: Sequence[ToolSpec]) -> Reply:
    """Read a completion in OpenAI's form.

    Raises:
        TransientError: it holds no message.
    """
    choices = body.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, Mapping) else None
    if not isinstance(first, Mapping) or not isinstance(message, Mapping):
        raise TransientError("the provider sent an answer without a message", billed=True)
    finish = str(first.get("finish_reason") or "").lower()
    text = _clean(text_of(message.get("content")))
    extra = message.get("provider_specific_fields")
    refusal = message.get("refusal") or (extra.get("refusal") if isinstance(extra, Mapping) else None) or ""
    if finish in _FILTERED:
        refusal = refusal or "the provider's filter stopped the answer"
    usage = _usage(body.get("usage"))
    return Reply(
        text,
        _calls(message.get("tool_calls"), tools) if tools and not refusal else (),
        finish in _CUT,
        _clean(str(refusal))[:1000],
        usage,
        _cache_writes(body.get("usage")) if usage else 0,
    )


def _clean(text: str) -> str:
    """Bounded, storable, and without our keys: an endpoint that repeats them would spread them into every record."""
    return redact(text[:MAX_TEXT].encode("utf-8", "replace").decode())


def _calls(found: Any, tools: Sequence[ToolSpec]) -> tuple[ToolCall, ...]:
    if not isinstance(found, list):
        return ()
    offered = {tool.name: tool for tool in tools}
    seen: set[str] = set()
    calls = []
    for place, item in enumerate(entry for entry in found[:MAX_CALLS] if isinstance(entry, Mapping)):
        id = str(item.get("id") or f"call_{place}")[:200]
        while id in seen:
            id += "_"
        seen.add(id)
        function = item.get("function")
        calls.append(_call(id, function if isinstance(function, Mapping) else {}, offered))
    return tuple(calls)


def _call(id: str, function: Mapping[str, Any], offered: Mapping[str, ToolSpec]) -> ToolCall:
    name = _clean(str(function.get("name") or ""))[:64]
    given = function.get("arguments")
    raw = _clean(given if isinstance(given, str) else json.dumps(given or {}))
    arguments, error = _decode(raw)
    if name not in offered:
        error = f"there is no tool {name!r}; there are: {', '.join(sorted(offered)) or 'none'}"
    elif not error:
        error = _mismatch(arguments, offered[name].parameters)
    return ToolCall(id, name, {} if error else arguments, raw, error)


def _decode(raw: str) -> tuple[dict[str, Any], str]:
    try:
        value = json.loads(raw or "{}", strict=False)
    except (ValueError, RecursionError) as error:
        return {}, f"the arguments are not JSON ({error}); send the call again"
    if not isinstance(value, dict):
        return {}, f"the arguments must be a JSON object, not {type(value).__name__}; send the call again"
    return value, ""


def _mismatch(arguments: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """Where top-level arguments do not fit the tool's schema, in words for the model."""
    known: Mapping[str, Any] = schema.get("properties", {})
    missing = [name for name in schema.get("required", ()) if name not in arguments]
    if missing:
        return f"missing argument {', '.join(missing)}"
    if known and (unknown := sorted(arguments.keys() - known.keys())):
        return f"unknown argument {', '.join(unknown)}; there are: {', '.join(sorted(known))}"
    for name, value in sorted(arguments.items()):
        kind = known.get(name, {}).get("type")
        wanted = _JSON_TYPES.get(kind, ()) if isinstance(kind, str) else ()
        if wanted and (not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted)):
            return f"argument {name} must be of type {kind}, not {type(value).__name__}"
    return ""


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return 0
    return min(max(0, int(value)), MAX_TOKENS)


def _usage(found: Any) -> Usage | None:
    if not isinstance(found, Mapping):
        return None
    prompt, completion = _count(found.get("prompt_tokens")), _count(found.get("completion_tokens"))
    if prompt == 0:
        return None  # no request is empty: the provider did not count
    details = found.get("prompt_tokens_details")
    cached = _count(details.get("cached_tokens")) if isinstance(details, Mapping) else 0
    cached = max(cached, _count(found.get("cache_read_input_tokens")))
    return Usage(prompt, completion, min(prompt, cached))


def _cache_writes(found: Any) -> int:
    return _count(found.get("cache_creation_input_tokens")) if isinstance(found, Mapping) else 0
