"""The design's end of the pipe."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from agent.isolation import wire

Told = Callable[[Mapping[str, Any]], None]
Asked = Callable[[Mapping[str, Any]], Awaitable[dict[str, Any]]]


class Pipe:
    """Sends calls, gets their answers, and answers callbacks.

    Args:
        connection: to the kit outside.
        told: given what every message says of the tree, in order.
    """

    def __init__(self, connection: socket.socket, told: Told) -> None:
        self._connection = connection
        self._told = told
        self._numbers = itertools.count(1)
        self._buffer = b""
        self._lines: deque[bytes] = deque()
        self._waiting: dict[int, asyncio.Future[Mapping[str, Any]]] = {}
        self._answering: dict[int, asyncio.Task[None]] = {}
        self._asked: Asked | None = None

    def next_number(self) -> int:
        """A number for a call."""
        return next(self._numbers)

    def receive(self) -> dict[str, Any]:
        """The next message; waits for it, and everything else here with it."""
        while not self._lines:
            data = self._connection.recv(1 << 16)
            if not data:
                raise SystemExit("the kit is gone")
            *lines, self._buffer = (self._buffer + data).split(b"\n")
            self._lines.extend(lines)
        message: dict[str, Any] = wire.message(self._lines.popleft())
        if "tree" in message:
            self._told(message["tree"])
        return message

    def send(self, message: Mapping[str, Any]) -> None:
        """One message."""
        self._connection.sendall(wire.line(message))

    def listen(self, asked: Asked) -> None:
        """From now on messages are handled as they come; callbacks by `asked`."""
        self._asked = asked
        asyncio.get_running_loop().add_reader(self._connection, self._readable)

    def _readable(self) -> None:
        self._handle(self.receive())
        while self._lines:
            self._handle(self.receive())

    def call_and_wait(self, method: str, arguments: Mapping[str, Any], scope: str) -> Mapping[str, Any]:
        """A call whose answer is waited for on the spot; what else comes is handled afterwards."""
        number = self.next_number()
        self.send({"call": number, "method": method, "args": arguments, "scope": scope})
        loop = asyncio.get_running_loop()
        while True:
            message = self.receive()
            if message.get("answer") == number:
                if self._lines:
                    loop.call_soon(self._drain)
                return message
            loop.call_soon(self._handle, message)

    def _drain(self) -> None:
        while self._lines:
            self._handle(self.receive())

    async def call(self, number: int, method: str, arguments: Mapping[str, Any], scope: str) -> Mapping[str, Any]:
        """A call; when the caller is cancelled, the kit is told that nobody waits."""
        waiting = self._waiting[number] = asyncio.get_running_loop().create_future()
        self.send({"call": number, "method": method, "args": arguments, "scope": scope})
        try:
            message: Mapping[str, Any] = await waiting
            return message
        except asyncio.CancelledError:
            self.send({"abandon": number})
            raise
        finally:
            self._waiting.pop(number, None)

    def _handle(self, message: Mapping[str, Any]) -> None:
        if "answer" in message:
            waiting = self._waiting.get(message["answer"])
            if waiting is not None and not waiting.done():
                waiting.set_result(message)
        elif "callback" in message:
            number = message["callback"]
            task = asyncio.get_running_loop().create_task(self._answer(number, message))
            self._answering[number] = task
            task.add_done_callback(lambda _: self._answering.pop(number, None))
        elif "cancel" in message and (task_found := self._answering.get(message["cancel"])):
            task_found.cancel()

    async def _answer(self, number: int, message: Mapping[str, Any]) -> None:
        if self._asked is None:
            raise RuntimeError("nobody listens")
        self.send({"answer": number} | await self._asked(message))
