"""Plain values as JSON and back, and frames over a pipe. Nothing that is read can run code."""

from __future__ import annotations

import collections.abc
import decimal
import fractions
import json
import struct
from typing import Any, BinaryIO, Callable, Protocol

MAX_FRAME = 64 * 1024 * 1024
MAX_ITEMS = 1_000_000
MAX_DEPTH = 200
NUMBERS: dict[str, Any] = {"Decimal": decimal.Decimal, "Fraction": fractions.Fraction}
VIEWS = (collections.abc.Iterator, collections.abc.KeysView, collections.abc.ValuesView, collections.abc.ItemsView)
SEQUENCES: tuple[tuple[str, Any], ...] = (
    ("l", (list, collections.deque)),
    ("t", tuple),
    ("s", set),
    ("z", frozenset),
    ("e", VIEWS),
)
BUILD: dict[str, Callable[[list[Any]], Any]] = {"l": list, "t": tuple, "s": set, "z": frozenset, "e": iter}


class Reader(Protocol):
    """What messages are read from."""

    def read(self, size: int, /) -> bytes:
        """`size` bytes, or fewer at the end."""
        ...


def encode(value: Any, keep: Callable[[Any], int], depth: int = 0) -> Any:
    """A JSON-able form of a value; what is no plain value is given to `keep`, which returns a number for it."""
    if depth > MAX_DEPTH:
        raise ValueError("nested too deeply")
    if value is None or isinstance(value, (bool, str)):
        return value if value is None or isinstance(value, bool) else str(value)
    scalar = _scalar(value)
    if scalar is not None:
        return scalar
    for tag, kind in SEQUENCES:
        if isinstance(value, kind):
            items = []
            for item in value:
                items.append(encode(item, keep, depth + 1))
                if len(items) > MAX_ITEMS:
                    raise ValueError("too many items")
            return {tag: items}
    if isinstance(value, dict):
        return {"d": [[encode(key, keep, depth + 1), encode(item, keep, depth + 1)] for key, item in value.items()]}
    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        return encode(value.tolist(), keep, depth + 1)
    return {"o": keep(value)}


def _scalar(value: Any) -> dict[str, Any] | None:
    if isinstance(value, int):
        return {"i": format(int(value), "x")}
    if isinstance(value, float):
        return {"f": float(value).hex()}
    if isinstance(value, complex):
        return {"c": [value.real.hex(), value.imag.hex()]}
    if isinstance(value, (bytes, bytearray)):
        return {"b": bytes(value).hex(), "a": isinstance(value, bytearray)}
    if isinstance(value, range):
        return {"r": [value.start, value.stop, value.step]}
    name = type(value).__name__
    return {"n": [name, str(value)]} if type(value) is NUMBERS.get(name) else None


def decode(form: Any, lookup: Callable[[int], Any], depth: int = 0) -> Any:
    """The value of a form; `lookup` gives the value for a number that `keep` returned on the other side."""
    if form is None or isinstance(form, (bool, str)):
        return form
    if depth > MAX_DEPTH or not isinstance(form, dict):
        raise ValueError("not a value")
    tag = next(iter(form))
    body = form[tag]
    if tag in BUILD:
        return BUILD[tag]([decode(item, lookup, depth + 1) for item in body])
    if tag == "d":
        return {decode(key, lookup, depth + 1): decode(item, lookup, depth + 1) for key, item in body}
    if tag == "o":
        return lookup(int(body))
    return _decode_scalar(tag, body, bool(form.get("a")))


def _decode_scalar(tag: str, body: Any, mutable: bool) -> Any:
    if tag == "i":
        return int(body, 16)
    if tag == "f":
        return float.fromhex(body)
    if tag == "c":
        return complex(float.fromhex(body[0]), float.fromhex(body[1]))
    if tag == "b":
        return bytearray.fromhex(body) if mutable else bytes.fromhex(body)
    if tag == "r":
        return range(*[int(each) for each in body])
    return NUMBERS[body[0]](body[1])


def send(stream: BinaryIO, message: Any) -> None:
    """Writes one message."""
    data = json.dumps(message).encode("ascii")
    stream.write(struct.pack(">Q", len(data)) + data)
    stream.flush()


def receive(stream: Reader) -> Any:
    """The next message; None at the end of the stream."""
    head = stream.read(8)
    if len(head) < 8:
        return None
    (size,) = struct.unpack(">Q", head)
    if size > MAX_FRAME:
        raise ValueError("the message is too large")
    data = stream.read(size)
    return json.loads(data.decode("ascii")) if len(data) == size else None
