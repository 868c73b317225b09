"""The solution as the judge sees it: a process that is asked, and stand-ins for what lives there."""

from __future__ import annotations

import builtins
import importlib
import os
import select
import subprocess
import sys
import time
from typing import Any, NoReturn

import wire

HERE = os.path.dirname(os.path.abspath(__file__))
MAX_MESSAGE = 400
STARTING = 10.0
MODULES = frozenset(
    getattr(sys, "stdlib_module_names", ())
    or ("cmath", "collections", "copy", "datetime", "heapq", "itertools", "math", "random", "re", "statistics", "sys")
)


class Ended(BaseException):
    """The solution's process is gone or took too long."""


class Solution:
    """The other process.

    Attributes:
        broken: why it is of no more use, or "".
    """

    def __init__(self, module: str, source: str | None, seconds: float) -> None:
        """Starts it; without a source it runs the module's file in the current folder."""
        self.broken = ""
        self._seconds = seconds
        command = [sys.executable, "-I", os.path.join(HERE, "answerer.py")]
        pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=nowhere)
        reply = self._exchange({"module": module, "source": source}, STARTING + seconds)
        if "error" in reply:
            self._end("the module raised %s: %s" % (reply["error"], reply.get("text")))

    def request(
        self, name: str, of: int | None, arguments: list[Any], named: dict[str, Any], *, call: bool = True
    ) -> Any:
        """The result of a call, or an attribute, as a plain value of this process or a stand-in."""
        message = {
            "name": name,
            "of": of,
            "call": call,
            "arguments": [wire.encode(each, number_of) for each in arguments],
            "named": {key: wire.encode(each, number_of) for key, each in named.items()},
        }
        reply = self._exchange(message, self._seconds)
        if "error" in reply:
            raise_here(str(reply["error"]), str(reply.get("text", "")))
        try:
            mutable = [each for each in arguments if type(each) in (list, dict, set, bytearray)]
            for mine, theirs in zip(mutable, reply.get("changed", ())):
                update(mine, wire.decode(theirs, self._object))
            return wire.decode(reply["value"], self._object)
        except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
            self._end("no usable answer: %s" % error)

    def close(self) -> None:
        """Kills it."""
        self._process.kill()
        self._process.wait()

    def _exchange(self, message: Any, seconds: float) -> dict[str, Any]:
        if self.broken:
            raise Ended(self.broken)
        stdin, stdout = self._process.stdin, self._process.stdout
        try:
            wire.send(stdin, message)
            reply = wire.receive(Timed(stdout.fileno(), time.monotonic() + seconds))  # type: ignore[union-attr]
        except (OSError, ValueError, RecursionError) as error:
            self._end("no usable answer: %s" % error)
        if not isinstance(reply, dict):
            self._end("the solution's process ended")
        return reply

    def _end(self, why: str) -> NoReturn:
        self.broken = self.broken or why
        self.close()
        raise Ended(why)

    def _object(self, number: int) -> Remote:
        return Remote(self, number, "")


class Timed:
    """Reads from a pipe until a moment of the monotonic clock."""

    def __init__(self, descriptor: int, until: float) -> None:
        self._descriptor, self._until = descriptor, until

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes, or fewer at the end."""
        parts, missing = [], size
        while missing:
            left = self._until - time.monotonic()
            if left <= 0 or not select.select([self._descriptor], [], [], left)[0]:
                raise OSError("out of time")
            part = os.read(self._descriptor, min(missing, 1 << 20))
            if not part:
                break
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)


class Remote:
    """Something of the solution: a function, a class, an object."""

    def __init__(self, solution: Solution, number: int | None, name: str) -> None:
        """An object by its number; a name of the module when there is none."""
        self.__dict__.update(_solution=solution, _number=number, _name=name)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Calls it there."""
        return self._solution.request(self._name, self._number, list(arguments), named)

    def __getattr__(self, name: str) -> Any:
        """An attribute, as a plain value when it is one."""
        if name.startswith("_") or self._name:
            raise AttributeError(name)
        value = self._solution.request(name, self._number, [], {}, call=False)
        return Remote(self._solution, self._number, name) if isinstance(value, Remote) else value


def number_of(value: Any) -> int:
    """The number by which the other process knows a stand-in."""
    if isinstance(value, Remote):
        number = value.__dict__["_number"]
        if isinstance(number, int) and not value.__dict__["_name"]:
            return number
    raise TypeError("a %s cannot be given to the solution" % type(value).__name__)


def raise_here(name: str, text: str) -> NoReturn:
    """Raises what the solution raised, as far as it is an ordinary exception of Python's own."""
    kind = getattr(builtins, name, None)
    error: Exception = RuntimeError("%s: %s" % (name, text))
    if isinstance(kind, type) and issubclass(kind, Exception):
        try:
            error = kind(text)
        except Exception:  # noqa: BLE001 - some want other arguments
            pass
    raise error


def update(mine: Any, theirs: Any) -> None:
    """What the solution did to an argument, done to ours."""
    if type(mine) is not type(theirs):
        return
    if isinstance(mine, (list, bytearray)):
        mine[:] = theirs
    else:
        mine.clear()
        mine.update(theirs)


class Names(dict):  # type: ignore[type-arg]
    """The names of the tests: their own, then modules, then what the solution defines."""

    def __init__(self, solution: Solution) -> None:
        super().__init__(__name__="hidden")
        self._solution = solution

    def __missing__(self, name: str) -> Any:
        """Called for names that the tests do not define; a module of that name is never the solution's."""
        if hasattr(builtins, name) or name.startswith("__"):
            raise KeyError(name)
        self[name] = importlib.import_module(name) if name in MODULES else Remote(self._solution, None, name)
        return self[name]
