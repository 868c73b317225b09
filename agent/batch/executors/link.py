"""Calls between two processes of one machine, over a socket: each side calls the methods of an object on the other."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
from typing import Any

from tools.errors import InfrastructureError

_CALL, _SAY, _CANCEL, _ANSWER, _CANCELLED, _FAILED = range(6)


class LinkLost(InfrastructureError):
    """The other process is gone, or let go of the link."""


class Link(asyncio.Protocol):
    """One end; what is sent is JSON, one message a line.

    Args:
        target: its methods, coroutines or not, are what the other end calls.
        lost: called once when the other end is gone.
    """

    def __init__(self, target: object, lost: Callable[[], None]) -> None:
        self._target = target
        self._lost = lost
        self._transport: asyncio.Transport | None = None
        self._buffer: list[bytes] = []
        self._numbers = count()
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._serving: dict[int, asyncio.Task[None]] = {}
        self._said: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, end: socket.socket, target: object, lost: Callable[[], None]) -> Link:
        """The link over one end of a socket pair."""
        end.setblocking(False)
        loop = asyncio.get_running_loop()
        _, link = await loop.create_unix_connection(lambda: cls(target, lost), sock=end)
        return link

    async def call(self, name: str, *arguments: object) -> Any:
        """What the method `name` of the other end's target returns; cancelled, it is cancelled there and waited for.

        Raises:
            LinkLost: the other end is gone.
            InfrastructureError: the method raised; the message says what.
        """
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(_seen)
        try:
            self._send((_CALL, number, name, arguments))
            try:
                return await asyncio.shield(answer)
            except asyncio.CancelledError:
                if not answer.done():
                    self._send((_CANCEL, number))
                while not answer.done():  # who is cancelled twice waits all the same
                    with suppress(asyncio.CancelledError):
                        await asyncio.wait([answer])
                raise
        finally:
            del self._waiting[number]

    def say(self, name: str, *arguments: object) -> None:
        """Like `call`, without waiting, and without hearing of failures."""
        if self._transport is not None:
            self._send((_SAY, name, arguments))

    def close(self) -> None:
        """Let go of it."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        *lines, rest = data.split(b"\n")
        for line in lines:
            whole, self._buffer = b"".join((*self._buffer, line)), []
            self._received(*json.loads(whole))
        self._buffer.append(rest)

    def connection_lost(self, error: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        del error
        self._transport = None
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(LinkLost("the other process is gone"))
        for task in self._serving.values():
            task.cancel()
        self._lost()

    def _received(self, kind: int, *rest: Any) -> None:
        if kind == _SAY:
            name, arguments = rest
            task = asyncio.ensure_future(self._done(name, arguments))
            self._said.add(task)
            task.add_done_callback(self._said.discard)
        elif kind == _CALL:
            number, name, arguments = rest
            self._serving[number] = asyncio.ensure_future(self._serve(number, name, arguments))
        elif kind == _CANCEL:
            if rest[0] in self._serving:
                self._serving[rest[0]].cancel()
        elif (answer := self._waiting.get(rest[0])) is not None and not answer.done():
            if kind == _ANSWER:
                answer.set_result(rest[1])
            elif kind == _CANCELLED:
                answer.cancel()
            else:
                answer.set_exception(InfrastructureError(rest[1]))

    async def _serve(self, number: int, name: str, arguments: Sequence[object]) -> None:
        message: tuple[Any, ...]
        try:
            message = (_ANSWER, number, await self._done(name, arguments))
        except asyncio.CancelledError:
            message = (_CANCELLED, number)
        except Exception as error:  # noqa: BLE001 -- the caller is to know, whatever it is
            message = (_FAILED, number, f"{type(error).__name__}: {error}")
        del self._serving[number]
        if self._transport is not None:
            self._send(message)

    async def _done(self, name: str, arguments: Sequence[object]) -> Any:
        result = getattr(self._target, name)(*arguments)
        return await result if asyncio.iscoroutine(result) else result

    def _send(self, message: tuple[Any, ...]) -> None:
        if self._transport is None:
            raise LinkLost("the other process is gone")
        self._transport.write(json.dumps(message).encode("ascii") + b"\n")


def _seen(answer: asyncio.Future[Any]) -> None:
    """Asks for the exception, so that one nobody waits for is no complaint."""
    if not answer.cancelled():
        answer.exception()
