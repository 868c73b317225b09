"""The messages between a design in its sandbox and the kit outside: one JSON object a line.

What is not plain data is tagged with ``$``: nodes and work by handles that the kit's side gave out,
so that neither can be made up; children and new values of nodes by their fields. From the design:

    {"call": 7, "method": "implement", "args": {...}, "scope": "<expansion>"}   one of the kit's methods
    {"abandon": 7}                                       the design does not wait for that any more
    {"answer": 3, "result": [...]} or {"answer": 3, "error": {...}}             of a callback
    {"end": null} or {"end": {"message": ..., "traceback": ...}}                `solve` returned or raised

To the design, each with what changed in the tree since the last message under ``tree``:

    {"start": {...}}, {"answer": 7, "result": ...} or {"answer": 7, "error": {...}}
    {"callback": 3, "search": 7, "name": "expand", "action": "implement", "node": ..., "scope": ...}
    {"cancel": 3}                                        nobody waits for that callback any more
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from pydantic import TypeAdapter, ValidationError

from agent.kit import Confidence, Remaining, Revalue, SearchResult
from agent.work import Work
from search.tree import Child, Node

RESULTS: dict[str, type[Any]] = {each.__name__: each for each in (Confidence, Remaining, SearchResult)}
"""Frozen dataclasses that a kit method may return."""

MESSAGE_BYTES = 2 * 1024 * 1024
_DEPTH = 40


class Garbage(ValueError):
    """A message that is none, or that speaks of what was never given out."""


class Handles(Protocol):
    """Knows nodes and work by what they are called on the wire."""

    def node(self, identity: str) -> Node:
        """The node of that id; raises Garbage."""
        ...

    def work(self, tagged: Mapping[str, Any]) -> Work:
        """The work of a tag; raises Garbage."""
        ...

    def tag(self, work: Work) -> dict[str, Any]:
        """The tag of some work; raises Garbage when it is not from here."""
        ...


def encode(value: object, handles: Handles) -> Any:
    """`value` as JSON data.

    Raises:
        Garbage: it has a part that cannot cross.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Node):
        return {"$": "node", "id": value.id}
    if isinstance(value, Work):
        return handles.tag(value)
    if isinstance(value, Child):
        payload = encode(value.payload, handles) if value.payload is not None else None
        return {"$": "child", "kind": value.kind, "payload": payload, "value": value.value, "terminal": value.terminal}
    if isinstance(value, Revalue):
        return {"$": "revalue", "node": value.node.id, "value": value.value}
    if isinstance(value, tuple):
        return {"$": "tuple", "v": [encode(each, handles) for each in value]}
    if isinstance(value, Mapping):
        return {"$": "map", "v": {str(key): encode(each, handles) for key, each in value.items()}}
    if isinstance(value, Sequence):
        return [encode(each, handles) for each in value]
    name = type(value).__name__
    if RESULTS.get(name) is type(value):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(RESULTS[name])}
        return {"$": name, "v": {key: encode(each, handles) for key, each in fields.items()}}
    raise Garbage(f"{name} cannot be given to or by a design")


def decode(data: Any, handles: Handles, *, results: bool = False, depth: int = 0) -> Any:
    """What `encode` made of it.

    Args:
        data: what came.
        handles: of nodes and work.
        results: whether the kit's own dataclasses are expected.
        depth: of `data` in the message.

    Raises:
        Garbage: it is not what `encode` makes.
    """
    if depth > _DEPTH:
        raise Garbage("nested too deep")
    if isinstance(data, list):
        return [decode(each, handles, results=results, depth=depth + 1) for each in data]
    if not isinstance(data, dict):
        return data
    tag = data.get("$")
    try:
        if tag == "node":
            return handles.node(data["id"])
        if tag == "work":
            return handles.work(data)
        if tag == "tuple":
            return tuple(decode(data["v"], handles, results=results, depth=depth + 1))
        if tag == "revalue":
            return Revalue(handles.node(data["node"]), data["value"])
        parts = data["payload"] if tag == "child" else data["v"]
        if tag == "child":
            payload = decode(parts, handles, results=results, depth=depth + 1)
            return Child(data["kind"], payload, data["value"], data["terminal"] is True)
        fields = {key: decode(each, handles, results=results, depth=depth + 1) for key, each in parts.items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise Garbage(f"a tagged value lacks a part: {error}") from error
    if tag == "map":
        return fields
    if results and tag in RESULTS:
        return RESULTS[tag](**fields)
    raise Garbage(f"unknown tag {str(tag)[:40]!r}")


def plain(work: Work) -> dict[str, Any]:
    """The data of some work, to show to the design."""
    return work.to_dict()


_work = TypeAdapter(Work)


def shown(data: Mapping[str, Any]) -> Work:
    """Work as the design sees it, from `plain`."""
    try:
        return _work.validate_python(data)
    except ValidationError as error:
        raise Garbage(f"not work: {error}") from error


def line(message: Mapping[str, Any]) -> bytes:
    """A message as it is sent."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def message(text: bytes) -> dict[str, Any]:
    """A message as it was received.

    Raises:
        Garbage: it is not a JSON object.
    """
    try:
        found = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Garbage(f"not JSON: {str(error)[:200]}") from error
    if not isinstance(found, dict):
        raise Garbage("not a JSON object")
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")
