"""Secrets of the environment never reach a record, a log or a prompt."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

_SECRET_NAME = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS)S?(_ID)?$", re.IGNORECASE)
_SHORTEST = 8
"""Shorter values (`x`, `none`, `EMPTY`) are no secrets, and replacing them would mangle ordinary text."""


def redact(text: str) -> str:
    """`text` with the value of every secret environment variable replaced by `[NAME]`."""
    return _without(text, _secrets())


def redact_value(value: Any) -> Any:
    """A JSON value with `redact` done on every string in it."""
    return _clean(value, _secrets())


def _clean(value: Any, secrets: Sequence[tuple[str, str]]) -> Any:
    if isinstance(value, str):
        return _without(value, secrets)
    if isinstance(value, Mapping):
        return {key: _clean(item, secrets) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item, secrets) for item in value]
    return value


def _without(text: str, secrets: Sequence[tuple[str, str]]) -> str:
    for name, value in secrets:
        if value in text:
            text = text.replace(value, f"[{name}]")
    return text


@lru_cache(maxsize=4096)
def _is_secret(name: str) -> bool:
    return bool(_SECRET_NAME.search(name))


def _secrets() -> list[tuple[str, str]]:
    found = [
        (name, value)
        for name in os.environ
        if _is_secret(name) and len(value := os.environ.get(name, "")) >= _SHORTEST and not value.startswith("/")
    ]
    return sorted(found, key=lambda pair: (-len(pair[1]), pair[0]))  # a secret within a longer one comes second
