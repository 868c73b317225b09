"""Endpoints of one's own, spoken to without a provider's client.

A server that somebody runs themselves (vLLM, SGLang, llama.cpp, a gateway) speaks OpenAI's protocol as it is, so that
there is nothing to translate, and it is there that hundreds of requests a second come together: a client's work for
each of them (6 ms of CPU in litellm, 0.4 ms here) is what limits a batch then. Hosted providers go through litellm.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from typing import Any
from urllib.request import getproxies

import aiohttp

from agent.model.classify import classify, is_quota, readable
from agent.model.errors import ModelError, TransientError
from agent.model.own import KEYS, is_own, own_base
from agent.model.transport import LitellmTransport, Transport
from agent.model.types import Source
from agent.model.wire import Wire

MAX_BYTES = 64 * 2**20
_SHOWN = 2000


class StatusError(Exception):
    """An answer with a status other than 200, in the form that `classify` sorts.

    Attributes:
        status_code: of HTTP.
        litellm_response_headers: all headers.
    """

    def __init__(self, status: int, text: str, headers: Mapping[str, str]) -> None:
        super().__init__(text)
        self.status_code = status
        self.litellm_response_headers = dict(headers)


class DirectTransport:
    """One HTTP request for each call, over connections that are kept.

    Args:
        deadline: seconds from question to the last byte of the answer.
        base: address of the server, up to and with `/v1`; by the environment when None.
        key: sent as a bearer token; by the environment when None.
    """

    source: Source = "live"

    def __init__(self, *, deadline: float = 600.0, base: str | None = None, key: str | None = None) -> None:
        self._deadline = deadline
        self._base = base
        self._key = key
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(self, wire: Wire) -> Mapping[str, Any]:
        """Ask the server once."""
        provider, _, name = wire.model.partition("/")
        base = self._base or own_base(provider)
        key = self._key if self._key is not None else os.environ.get(KEYS.get(provider, ""), "")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        if self._session is None:
            # the limiter decides how many are in flight; with `trust_env` each request looks for a proxy anew, in a
            # thread, at a third of its cost, and for servers of one's own there is hardly ever one
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), trust_env=bool(getproxies()))
        try:
            async with (
                asyncio.timeout(self._deadline),
                self._session.post(
                    f"{base.rstrip('/')}/chat/completions",
                    data=json.dumps({**wire.body, "model": name}).encode(),
                    headers={"Content-Type": "application/json", **headers},
                    timeout=aiohttp.ClientTimeout(total=None),
                    allow_redirects=False,
                ) as answer,
            ):
                data = await answer.content.read(MAX_BYTES + 1) if answer.status != 200 else await _whole(answer)
                status, said = answer.status, answer.headers
        except TimeoutError as error:
            raise TransientError(
                f"{wire.model}: no whole answer within {self._deadline:g} s", billed=True, hint="the provider is slow"
            ) from error
        except (aiohttp.ClientError, OSError) as error:
            raise TransientError(
                f"{wire.model}: {readable(str(error)) or type(error).__name__}",
                billed=not isinstance(error, aiohttp.ClientConnectorError),  # without a connection it asked nobody
                hint="the provider is busy or unreachable; `treewright resume` goes on from here",
            ) from error
        if status != 200:
            raise classify(StatusError(status, data[:_SHOWN].decode("utf-8", "replace"), said), wire.model)
        return _completion(data, wire.model)


class ProviderTransport:
    """Sends each request the way its model's server is best spoken to.

    Args:
        deadline: seconds for one try.
        options: passed on to litellm (`api_base`, ...).
    """

    source: Source = "live"

    def __init__(self, *, deadline: float = 600.0, options: Mapping[str, Any] | None = None) -> None:
        self._litellm = LitellmTransport(deadline=deadline, options=options)
        self._direct = DirectTransport(deadline=deadline)
        self._plain = not options
        self._chosen: dict[str, Transport] = {}

    async def send(self, wire: Wire) -> Mapping[str, Any]:
        """Ask once."""
        chosen = self._chosen.get(wire.model)
        if chosen is None:
            direct = self._plain and await asyncio.to_thread(is_own, wire.model)
            chosen = self._chosen[wire.model] = self._direct if direct else self._litellm
        return await chosen.send(wire)

    async def close(self) -> None:
        """Close the connections."""
        await self._direct.close()


async def _whole(answer: aiohttp.ClientResponse) -> bytes:
    """The body, or as much of it as is read at all."""
    parts, size = [], 0
    async for part in answer.content.iter_any():
        parts.append(part)
        size += len(part)
        if size > MAX_BYTES:
            break
    return b"".join(parts)


def _completion(data: bytes, model: str) -> Mapping[str, Any]:
    try:
        body = json.loads(data)
    except (ValueError, RecursionError) as error:
        shown = readable(data[:200].decode("utf-8", "replace"))
        raise TransientError(f"{model}: the answer is not JSON: {shown or 'it is empty'}", billed=True) from error
    if not isinstance(body, Mapping):
        raise TransientError(f"{model}: the answer is not a JSON object", billed=True)
    if body.get("error") and not body.get("choices"):
        raise _refusal(body["error"], model)
    return body


def _refusal(error: Any, model: str) -> ModelError:
    """What an error under status 200 means: gateways put the status they got, or the words, into the body."""
    text = json.dumps(error)
    code = error.get("code") if isinstance(error, Mapping) else None
    if isinstance(code, int) and code in range(400, 600):
        return classify(StatusError(code, text, {"status": "200"}), model)
    if is_quota(text):
        return classify(StatusError(429, text, {"status": "200"}), model)
    return TransientError(f"{model}: {readable(text)}", status=200, billed=True)
