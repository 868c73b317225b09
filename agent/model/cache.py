"""Answers kept across runs, so that the same question to the same model is paid once."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from agent.model.journal import finished_call, recall
from agent.model.types import Model, Request, Response
from agent.model.wire import fingerprint, message_json
from agent.store.store import Store


class CachedModel:
    """Asks a cache first; its answers cost nothing.

    The key is everything that shapes the answer (model, messages, tools, schema, temperature, token limit, sample)
    and the version of Treewright. The n-th equal request of a process gets the n-th answer kept, so that wanted
    repetitions stay different.

    Args:
        inner: who is asked when the cache does not know.
        path: the SQLite file.
    """

    def __init__(self, inner: Model, path: Path) -> None:
        self._inner = inner
        self._store = Store.open(path)
        self._answers = self._store.create_run("answers", task={}, config={})
        self._scope = version("treewright")
        self._asked: Counter[str] = Counter()

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()

    async def complete(self, request: Request) -> Response:
        """The answer to `request`; only good answers are kept."""
        identity = await asyncio.to_thread(fingerprint, request)
        ordinal = self._asked[identity]
        self._asked[identity] += 1
        kept = await asyncio.to_thread(self._answers.lookup_call, self._scope, "", identity, ordinal)
        known = None if kept is None else recall(kept, request)
        if known is not None:
            return replace(known, source="cache", cost=0.0)
        response = await self._inner.complete(request)
        call = finished_call(replace(request, scope=self._scope, role=""), identity, ordinal, response)
        await asyncio.to_thread(
            self._answers.record_call, call, [message_json(message) for message in request.messages]
        )
        return response
