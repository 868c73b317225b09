"""Asking with less when a conversation does not fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from agent.model.errors import ContextTooLong
from agent.model.types import Message, Model, Request, Response

Shrink = Callable[[tuple[Message, ...]], tuple[Message, ...] | None]
"""A shorter conversation that means the same, or None when it cannot be shortened further."""


async def complete_shrinking(model: Model, request: Request, shrink: Shrink) -> tuple[Response, Request]:
    """Answer `request`, shortened as often as it takes; returns the request that was answered too.

    Raises:
        ContextTooLong: it cannot be shortened further.
    """
    while True:
        try:
            return await model.complete(request), request
        except ContextTooLong:
            shorter = shrink(request.messages)
            if shorter is None or shorter == request.messages:
                raise
            request = replace(request, messages=shorter)
