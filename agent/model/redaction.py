"""Secrets of the environment never reach a record, a log or a prompt."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

_SECRET_NAME = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS)S?(_ID)?$", re.IGNORECASE)
_SHORTEST = 8
"""Shorter values (`x`, `none`, `EMPTY`) are no secrets, and replacing them would mangle ordinary text."""


def redact(text: str) -> str:
    """`text` with the value of every secret environment variable replaced by `[NAME]`."""
    for name, value in _secrets():
        if value in text:
            text = text.replace(value, f"[{name}]")
    return text


def redact_value(value: Any) -> Any:
    """A JSON value with `redact` done on every string in it."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {key: redact_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact_value(item) for item in value]
    return value


def _secrets() -> list[tuple[str, str]]:
    found = [
        (name, value)
        for name, value in os.environ.items()
        if len(value) >= _SHORTEST and _SECRET_NAME.search(name) and not value.startswith("/")
    ]
    return sorted(found, key=lambda pair: (-len(pair[1]), pair[0]))  # a secret within a longer one comes second
