"""Durable execution: what a run was answered before is answered from its store, and not paid again."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from agent.model.errors import ModelError, restore
from agent.model.redaction import redact, redact_value
from agent.model.structured import parse
from agent.model.types import Model, Request, Response, ToolCall, Usage
from agent.model.wire import fingerprint, message_json
from agent.store.records import CallRecord
from agent.store.store import RunStore

_INLINE = 50_000
"""Characters up to which hashing a request takes less than handing it to a thread."""


class JournaledModel:
    """Asks the run's journal first, `inner` after that, and writes the answer down before anyone sees it.

    The key of a call is its scope, role and fingerprint, and how many equal ones this process asked before it. A
    failure that asking again would not mend is answered from the journal too; one that a person or time may have
    mended is asked anew.
    """

    def __init__(self, inner: Model, run: RunStore) -> None:
        self._inner = inner
        self._run = run
        self._asked: Counter[tuple[str, str, str]] = Counter()
        self._earlier = run.call_keys()  # what this process asks it asks with a new ordinal: only these can be found

    async def complete(self, request: Request) -> Response:
        """The answer to `request`, `source` says from where."""
        long = sum(len(message.content) for message in request.messages) > _INLINE
        identity = await asyncio.to_thread(fingerprint, request) if long else fingerprint(request)
        key = (request.scope, request.role, identity)
        ordinal = self._asked[key]
        self._asked[key] += 1
        if (*key, ordinal) in self._earlier:
            stored = await asyncio.to_thread(self._run.lookup_call, *key, ordinal)
            assert stored is not None
            known = recall(stored, request)
            if known is not None:
                return known
        try:
            response = await self._inner.complete(request)
        except ModelError as error:
            await asyncio.to_thread(self._write, failed_call(request, identity, ordinal, error), request)
            raise
        await asyncio.to_thread(self._write, finished_call(request, identity, ordinal, response), request)
        return response

    def _write(self, call: CallRecord, request: Request) -> None:
        contents = redact_value([message_json(message) for message in request.messages])
        tools = [asdict(tool) for tool in request.tools]
        self._run.record_call(call, contents, tools=tools)


def recall(call: CallRecord, request: Request) -> Response | None:
    """The stored answer to `request`; None when it must be asked again.

    Raises:
        ModelError: the stored call failed for good.
    """
    if call.response is None:
        failure = call.error or {}
        error = restore(str(failure.get("kind")), str(failure.get("message")), str(failure.get("hint", "")))
        if not error.final:
            return None
        error.usage, error.cost, error.tries = _usage(call), call.cost, call.tries
        raise error
    calls = tuple(ToolCall(**item) for item in call.response["tool_calls"])
    text = str(call.response["text"])
    return Response(
        text=text,
        tool_calls=calls,
        parsed=parse(text, request.schema) if request.schema and not calls else None,
        usage=_usage(call),
        cost=call.cost,
        finish="tool_calls" if calls else "stop",
        source="journal",
        seconds=call.seconds,
        tries=call.tries,
    )


def finished_call(request: Request, identity: str, ordinal: int, response: Response) -> CallRecord:
    """The record of an answered request."""
    body = {"text": response.text, "tool_calls": [asdict(call) for call in response.tool_calls]}
    return replace(
        _call(request, identity, ordinal, response.usage),
        response=redact_value(body),
        cost=response.cost,
        seconds=response.seconds,
        source=response.source,
        tries=response.tries,
    )


def failed_call(request: Request, identity: str, ordinal: int, error: ModelError) -> CallRecord:
    """The record of a request that got no usable answer."""
    body = {"kind": error.kind, "message": redact(str(error)), "hint": error.hint, "status": error.status}
    return replace(
        _call(request, identity, ordinal, error.usage), error=body, cost=error.cost, source="live", tries=error.tries
    )


def _call(request: Request, identity: str, ordinal: int, usage: Usage) -> CallRecord:
    return CallRecord(
        scope=request.scope,
        role=request.role,
        model=request.model,
        fingerprint=identity,
        ordinal=ordinal,
        request=_parameters(request),
        prompt=usage.prompt,
        completion=usage.completion,
        cached=usage.cached,
        estimated=usage.estimated,
    )


def _parameters(request: Request) -> Mapping[str, Any]:
    schema = request.schema.__name__ if request.schema else None
    return {
        "temperature": request.temperature,
        "max_tokens": request.max_tokens,
        "sample": request.sample,
        "schema": schema,
    }


def _usage(call: CallRecord) -> Usage:
    return Usage(call.prompt, call.completion, call.cached, call.estimated)
