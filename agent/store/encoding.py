"""JSON that every database and viewer can hold, whatever a model or a program printed."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any


def dump(value: Any) -> str:
    """`value` as one canonical line of ASCII JSON: keys sorted, lone surrogates escaped, NaN and infinities null.

    Raises:
        TypeError: it holds something that JSON has no form for.
    """
    try:
        return json.dumps(value, sort_keys=True, allow_nan=False, separators=(",", ":"))
    except ValueError:
        return json.dumps(_finite(value), sort_keys=True, allow_nan=False, separators=(",", ":"))


def load(text: str | None) -> Any:
    """The value of `dump`'s text; None for None."""
    return None if text is None else json.loads(text)


def digest(text: str) -> str:
    """SHA-256 of `text` in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def storable(text: str) -> str:
    """`text` without what a text column cannot hold: lone surrogates and NUL are escaped."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
