"""One try of one request: over litellm, from a recording, or into one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

from agent.model.classify import REJECTED, classify
from agent.model.client import load
from agent.model.errors import FatalModelError, TransientError
from agent.model.types import Source
from agent.model.wire import Wire


class Transport(Protocol):
    """Takes a request as JSON and brings back a completion as JSON, once, without retries."""

    source: Source

    async def send(self, wire: Wire) -> Mapping[str, Any]:
        """The completion in OpenAI's form, unchecked.

        Raises:
            agent.model.errors.ModelError: there is none.
        """
        ...

    async def close(self) -> None:
        """Give connections back."""
        ...


class LitellmTransport:
    """Any provider that litellm knows, one HTTP request for each call.

    Args:
        deadline: seconds from question to the last byte of the answer; an answer that only drips in is cut there.
        options: passed on to litellm with every request (`api_base`, `api_key`, ...).
    """

    source: Source = "live"

    def __init__(self, *, deadline: float = 600.0, options: Mapping[str, Any] | None = None) -> None:
        self._deadline = deadline
        self._options = dict(options or {})

    async def close(self) -> None:
        """Nothing: litellm keeps its connections."""

    async def send(self, wire: Wire) -> Mapping[str, Any]:
        """Ask the provider once."""
        litellm = await asyncio.to_thread(load)
        try:
            async with asyncio.timeout(self._deadline):
                answer = await litellm.acompletion(
                    **wire.body, **self._options, timeout=self._deadline, num_retries=0, max_retries=0
                )
        except TimeoutError as error:
            raise TransientError(
                f"{wire.model}: no whole answer within {self._deadline:g} s", billed=True, hint="the provider is slow"
            ) from error
        except Exception as error:  # whatever the client and its dozens of providers raise is sorted here
            raise classify(error, wire.model) from error
        if answer is None:  # what litellm makes of a 422 that dropping parameters does not mend
            raise FatalModelError(f"{wire.model}: the provider does not accept the request (HTTP 422)", hint=REJECTED)
        body: Mapping[str, Any] = answer.model_dump()
        return body
