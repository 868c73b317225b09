"""Recordings: a transcript answers again what it was asked before, without a provider.

A transcript is one JSON object a line: `request` and `response` as they were on the wire, `seconds`, and optionally
`scope` and `sample`, which tell equal requests apart. Lines without `request` are the answers of their scope in order:
such a transcript holds nothing of the repository but what the model wrote, and outlives changes of prompts.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent.model.errors import FatalModelError
from agent.model.redaction import redact_value
from agent.model.transport import Transport
from agent.model.types import Source
from agent.model.wire import Wire, conversation_identity
from agent.store.encoding import digest, dump
from tools.errors import InputError


class RecordingTransport:
    """Writes every completion that `inner` brings to a transcript, before it is used."""

    def __init__(self, inner: Transport, path: Path) -> None:
        self.source = inner.source
        self._inner = inner
        self._path = path
        self._writing = threading.Lock()

    async def send(self, wire: Wire) -> Mapping[str, Any]:
        """Ask `inner`, write the pair down."""
        began = time.monotonic()
        body = await self._inner.send(wire)
        line = {
            "request": wire.body,
            "response": body,
            "seconds": round(time.monotonic() - began, 2),
            "scope": wire.scope,
            "sample": wire.sample,
        }
        await asyncio.to_thread(self._write, dump(redact_value(line)) + "\n")
        return body

    async def close(self) -> None:
        """Close what it records."""
        await self._inner.close()

    def _write(self, line: str) -> None:
        with self._writing:
            file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                os.write(file, line.encode("ascii"))  # in one piece: workers of a cluster write to the same file
            finally:
                os.close(file)


class RecordedTransport:
    """Answers from a transcript.

    A request finds its answer by its conversation, tools, temperature and token limit; the model's name does not
    count. Of equal ones the first with its scope and sample is taken, then the first that names none; the last
    answer left is given as often as it is asked for. An answer without a request is given to the next request of its
    scope, once.

    Raises:
        InputError: the file cannot be read as a transcript.
    """

    source: Source = "replay"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._answers: dict[str, list[dict[str, Any]]] = {}
        self._ordered: dict[str, list[dict[str, Any]]] = {}
        self._asked: list[list[Any]] = []
        number = 0
        try:
            for line in path.read_text(encoding="utf-8").splitlines():
                number += 1
                self._add(json.loads(line))
        except (OSError, UnicodeDecodeError) as error:
            hint = "give the file that --record wrote"
            raise InputError(f"cannot read the transcript {path}: {error}", hint=hint) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{path} line {number} is not a recorded answer: {error!r}") from error

    @property
    def unordered(self) -> bool:
        """Whether each request has one answer, whatever was asked before: then several processes may read the file."""
        keys = [[(pair.get("scope"), pair.get("sample")) for pair in found] for found in self._answers.values()]
        return not self._ordered and all(len(found) == len(set(found)) for found in keys)

    async def send(self, wire: Wire) -> Mapping[str, Any]:
        """The recorded answer to `wire`."""
        if self._ordered:
            return self._next(wire.scope)
        identity = conversation_identity(wire.body)
        answers = self._answers.get(_key(identity), [])
        if not answers:
            raise FatalModelError(f"this request is not in {self._path.name}: {self._nearest(identity)}")
        wanted = (wire.scope, wire.sample)
        place = next(
            (place for place, pair in enumerate(answers) if (pair.get("scope"), pair.get("sample")) == wanted),
            next((place for place, pair in enumerate(answers) if "scope" not in pair), 0),
        )
        pair = answers[place] if len(answers) == 1 else answers.pop(place)
        response: Mapping[str, Any] = pair["response"]
        return response

    async def close(self) -> None:
        """Nothing is open."""

    def _next(self, scope: str) -> Mapping[str, Any]:
        left = self._ordered.get(scope)
        if not left:
            known = ", ".join(sorted(self._ordered))
            raise FatalModelError(f"{self._path.name} has no further answer for {scope!r}; it has some for {known}")
        response: Mapping[str, Any] = left.pop(0)["response"]
        return response

    def _add(self, pair: dict[str, Any]) -> None:
        if "request" not in pair:
            pair["response"].keys()
            self._ordered.setdefault(pair["scope"], []).append(pair)
            return
        identity = conversation_identity(pair["request"])
        pair["response"].keys()
        self._asked.append(identity)
        self._answers.setdefault(_key(identity), []).append(pair)

    def _nearest(self, identity: list[Any]) -> str:
        """Where the request leaves the recorded one that it follows longest: that is what made a replay go astray."""
        turns = identity[0]
        best, other = max(((_shared(turns, asked[0]), asked) for asked in self._asked), default=(0, None), key=_first)
        if other is None:
            return "the transcript is empty"
        if other[0] == turns:
            return "one with the same messages is, but its tools, temperature or token limit differ"
        here = repr(turns[best][1])[:200] if best < len(turns) else "nothing more"
        there = repr(other[0][best][1])[:200] if best < len(other[0]) else "nothing more"
        return f"{best} of its {len(turns)} messages match a recorded one, then it says {here}, recorded was {there}"


def _first(pair: tuple[int, Any]) -> int:
    return pair[0]


def _key(identity: list[Any]) -> str:
    return digest(dump(identity))


def _shared(left: list[Any], right: list[Any]) -> int:
    return next(
        (place for place, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right))
    )
