"""The kit's end of the pipe: serves one design, believes nothing, and stops it when it misbehaves."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from agent import scope
from agent.isolation import methods, wire
from agent.isolation.handles import KnownTree
from agent.kit import About, BudgetExceeded, ExpansionFailed, InputError, Name, Options, Prose, Temperature
from agent.local_kit import LocalKit
from agent.work import Work
from search.engine import Revalue
from search.policy import UnknownPolicy
from search.tree import Child, Node
from tools.errors import DesignFailed, Misconduct

_TICK = 0.5
_text = TypeAdapter(Prose)
_name = TypeAdapter(Name)
_about: TypeAdapter[About] = TypeAdapter(About)
_temperature = TypeAdapter(Temperature)
_options = TypeAdapter(Options)


@dataclass(frozen=True)
class Rules:
    """What a design may do with the pipe.

    Attributes:
        calls: of the kit's methods, in all.
        pending: calls under way at a time.
        received: bytes it may send, in all.
        children: that one expansion may bring.
        answer: seconds for the answer to a question that needs no work (actions, stop).
        idle: seconds in which it neither waits for us nor says anything.
    """

    calls: int = 100_000
    pending: int = 256
    received: int = 512 * 1024 * 1024
    children: int = 256
    answer: float = 30.0
    idle: float = 120.0


class Host:
    """One design's kit, over a connection.

    Args:
        kit: does the work.
        rules: what ends a design.
    """

    def __init__(self, kit: LocalKit, rules: Rules = Rules()) -> None:
        self._kit = kit
        self._rules = rules
        self._known = KnownTree(kit.tree)
        self._handlers: dict[int, asyncio.Task[None]] = {}
        self._scopes: dict[int, str] = {}
        self._asked: dict[int, asyncio.Future[Mapping[str, Any]]] = {}
        self._numbers = itertools.count(1)
        self._flying: set[str] = set()
        self._searching: int | None = None
        self._calls = 0
        self._heard = time.monotonic()
        self._over = False
        self._failed: asyncio.Future[None] | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, source: str, seed: int) -> None:
        """Start the design on the other side and serve it until it ends.

        Raises:
            DesignFailed: it broke, or did what it must not.
        """
        self._writer = writer
        self._failed = asyncio.get_running_loop().create_future()
        self._kit.watch(self._known.observe)
        start = {"source": source, "problem": self._kit.problem, "has_model": self._kit.has_model, "seed": seed}
        jobs = [asyncio.ensure_future(self._listen(reader)), asyncio.ensure_future(self._watch())]
        try:
            await self._send({"start": start})
            await asyncio.wait([*jobs, self._failed], return_when=asyncio.FIRST_COMPLETED)
            for ended in (self._failed, *jobs):
                if ended.done():
                    ended.result()
        finally:
            self._over = True
            self._kit.unwatch(self._known.observe)
            await _cancelled([*jobs, *self._handlers.values()])
            self._failed.cancel()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        received = 0
        while True:
            try:
                text = await reader.readline()
            except ValueError as error:
                raise DesignFailed("it sent a message that is too long", Misconduct.FLOODED) from error
            except ConnectionError as error:
                raise DesignFailed("it broke the connection", Misconduct.EXITED) from error
            received += len(text)
            if received > self._rules.received:
                raise DesignFailed(f"it sent more than {self._rules.received} bytes", Misconduct.FLOODED)
            if not text.endswith(b"\n"):
                raise DesignFailed("its process ended before it said so", Misconduct.EXITED)
            self._heard = time.monotonic()
            try:
                if self._take(wire.message(text)):
                    return
            except wire.Garbage as error:
                raise DesignFailed(f"it sent garbage: {error}", Misconduct.GARBAGE) from error

    def _take(self, message: dict[str, Any]) -> bool:
        """Act on a message; whether it was the last."""
        if "end" in message:
            end = message["end"]
            if end is not None:
                about = end if isinstance(end, dict) else {}
                text = str(about.get("message", "no reason given"))[:500]
                trace = str(about.get("traceback", ""))[:6000]
                raise DesignFailed(text, Misconduct.CRASHED, traceback=trace)
            return True
        if "call" in message:
            self._start(message)
        elif "answer" in message:
            asked = self._asked.get(message["answer"]) if isinstance(message["answer"], int) else None
            if asked is not None and not asked.done():
                asked.set_result(message)
        elif "abandon" in message:
            handler = self._handlers.get(message["abandon"]) if isinstance(message["abandon"], int) else None
            if handler is not None:
                handler.cancel()
        else:
            raise wire.Garbage("a message of no kind")
        return False

    def _start(self, message: Mapping[str, Any]) -> None:
        number = message["call"]
        self._calls += 1
        if self._calls > self._rules.calls:
            raise DesignFailed(f"it made more than {self._rules.calls} calls", Misconduct.FLOODED)
        if len(self._handlers) >= self._rules.pending:
            raise DesignFailed(f"it had more than {self._rules.pending} calls under way", Misconduct.FLOODED)
        if not isinstance(number, int) or number in self._handlers:
            raise wire.Garbage("a call without a number of its own")
        on_behalf = message.get("scope")
        within = on_behalf if isinstance(on_behalf, str) and on_behalf in self._flying else scope.current()
        task = asyncio.ensure_future(self._handle(number, message, within))
        self._handlers[number] = task
        self._scopes[number] = within
        task.add_done_callback(lambda _: (self._handlers.pop(number, None), self._scopes.pop(number, None)))

    async def _handle(self, number: int, message: Mapping[str, Any], within: str) -> None:
        """Carry out one call; the agent's failures are told, the machine's end everything."""
        try:
            with scope.entered(within):
                result = await self._carry_out(number, message)
            answer: dict[str, Any] = {"result": wire.encode(result, self._known)}
        except ExpansionFailed as error:
            payload = self._known.tag(error.payload) if isinstance(error.payload, Work) else None
            about = {"type": "ExpansionFailed", "message": str(error), "kind": error.kind, "payload": payload}
            answer = {"error": about}
        except BudgetExceeded as error:
            limits = {"kind": error.kind, "limit": error.limit, "spent": error.spent}
            answer = {"error": {"type": "BudgetExceeded"} | limits}
        except InputError as error:
            answer = {"error": {"type": "InputError", "message": str(error), "hint": error.hint}}
        except _CallbackFailed as error:
            answer = {"error": {"type": "Callback", "message": str(error)}}
        except (wire.Garbage, ValidationError, UnknownPolicy) as error:
            answer = {"error": {"type": "TypeError", "message": str(error)[:500]}}
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 -- raised again by `serve`, whoever waits for the answer
            self._fail(error)
            return
        await self._send({"answer": number} | answer)

    async def _carry_out(self, number: int, message: Mapping[str, Any]) -> Any:
        name, given = message.get("method"), message.get("args")
        method = methods.methods().get(name) if isinstance(name, str) else None
        if method is None or not isinstance(given, dict):
            raise wire.Garbage(f"the kit has no method {str(name)[:60]!r}")
        if name == "ask":
            return await self._ask(given)
        if name == "search":
            return await self._search(number, given)
        arguments = methods.check(method, {key: wire.decode(each, self._known) for key, each in given.items()})
        result = getattr(self._kit, method.name)(**arguments)
        return await result if method.awaited else result

    async def _ask(self, given: Mapping[str, Any]) -> str:
        question, role = _text.validate_python(given.get("question")), _name.validate_python(given.get("role"))
        temperature = _temperature.validate_python(given.get("temperature"))
        about = _about.validate_python(given.get("about"))
        sample, shape = given.get("sample"), given.get("schema")
        if not isinstance(sample, int):
            raise wire.Garbage("a sample is a number")
        if shape is None:
            return await self._kit.ask(question, role=role, about=about, temperature=temperature, sample=sample)
        from agent.isolation.schema import answer_of, shaped

        schema = shaped(shape)
        answer = await self._kit.ask(question, schema, role=role, about=about, temperature=temperature, sample=sample)
        return answer_of(answer)

    async def _search(self, number: int, given: Mapping[str, Any]) -> Any:
        names = given.get("expand")
        if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
            raise wire.Garbage("a search needs the names of its expanders")
        if self._searching is not None:
            raise wire.Garbage("one search at a time")
        policy, options = _name.validate_python(given.get("policy")), _options.validate_python(given.get("options"))
        self._searching = number

        def expander(action: str) -> Any:
            async def expand(node: Node) -> Sequence[Child | Revalue]:
                return await self._expand(number, action, node)

            return expand

        async def actions(node: Node) -> Sequence[str]:
            answer = await self._quick(number, "actions", node)
            if not isinstance(answer, list) or not all(each in names for each in answer):
                raise _CallbackFailed(f"actions gave {str(answer)[:200]}, the expanders are {names}")
            return [str(each) for each in answer]

        async def stop(_: object) -> bool:
            return await self._quick(number, "stop", None) is True

        try:
            expanders = {each: expander(each) for each in names}
            given_stop = stop if given.get("stop") is True else None
            return await self._kit.search(policy, expanders, actions, options=options, stop=given_stop)
        except TypeError as error:
            raise wire.Garbage(f"kit.search: {error}") from error
        finally:
            self._searching = None

    async def _expand(self, search: int, action: str, node: Node) -> Sequence[Child | Revalue]:
        within = scope.current()
        self._flying.add(within)
        try:
            found = await self._call_back(search, "expand", node, action=action)
        finally:
            self._flying.discard(within)
            for number, each in list(self._scopes.items()):
                if each == within and number in self._handlers:
                    self._handlers[number].cancel()
        if not isinstance(found, list) or len(found) > self._rules.children:
            raise _CallbackFailed(f"an expander gives a list of at most {self._rules.children} children")
        return [self._known.found(self._kit, each) for each in found]

    async def _quick(self, search: int, name: str, node: Node | None) -> Any:
        try:
            return await asyncio.wait_for(self._call_back(search, name, node), self._rules.answer)
        except TimeoutError:
            self._fail(DesignFailed(f"no answer to {name} within {self._rules.answer:g} seconds", Misconduct.HUNG))
            return []

    async def _call_back(self, search: int, name: str, node: Node | None, *, action: str = "") -> Any:
        if self._over:
            return []
        number = next(self._numbers)
        asked = self._asked[number] = asyncio.get_running_loop().create_future()
        if node is not None:
            self._known.touch(node)
        about = {"node": node.id if node else None, "action": action, "scope": scope.current()}
        try:
            await self._send({"callback": number, "search": search, "name": name} | about)
            message = await asked
        except asyncio.CancelledError:
            await self._send({"cancel": number})
            raise
        finally:
            del self._asked[number]
        if "error" in message:
            raise self._told(message["error"])
        return wire.decode(message.get("result"), self._known)

    def _told(self, error: Any) -> Exception:
        """What an expander raised, as far as it may be believed."""
        about = error if isinstance(error, dict) else {}
        text = str(about.get("message", ""))[:2000]
        if about.get("type") == "ExpansionFailed":
            payload = self._known.work(about["payload"]) if isinstance(about.get("payload"), dict) else None
            kind = about.get("kind")
            return ExpansionFailed(
                text, kind=kind if kind in ("strategy", "patch", "repair") else "patch", payload=payload
            )
        if about.get("type") == "BudgetExceeded" and about.get("kind") in ("usd", "tokens", "nodes", "seconds"):
            numbers = [
                each if isinstance(each, int | float) else 0.0 for each in (about.get("limit"), about.get("spent"))
            ]
            return BudgetExceeded(about["kind"], *numbers)
        return _CallbackFailed(text or "an expander failed")

    async def _send(self, message: Mapping[str, Any]) -> None:
        if self._writer is None or self._over:
            return
        told = {"tree": changes} if (changes := self._known.changes()) else {}
        self._writer.write(wire.line({**message, **told}))
        try:
            async with asyncio.timeout(self._rules.answer):
                await self._writer.drain()
        except ConnectionError:
            pass  # the listener meets it too, and says so
        except TimeoutError:
            self._fail(DesignFailed(f"it read nothing for {self._rules.answer:g} seconds", Misconduct.HUNG))

    def _fail(self, error: BaseException) -> None:
        if self._failed is not None and not self._failed.done():
            self._failed.set_exception(error)

    async def _watch(self) -> None:
        """Fails when the design neither waits for the kit nor says anything."""
        while True:
            await asyncio.sleep(_TICK)
            ours = any(number != self._searching for number in self._handlers)
            if ours or (self._searching is not None and not self._asked):
                self._heard = time.monotonic()
            if time.monotonic() - self._heard > self._rules.idle:
                raise DesignFailed(f"it said nothing for {self._rules.idle:g} seconds", Misconduct.HUNG)


class _CallbackFailed(Exception):
    """A function of the design broke, or gave something else than it must."""


async def _cancelled(jobs: Sequence[asyncio.Future[None]]) -> None:
    for job in jobs:
        job.cancel()
    waiting: Awaitable[Any] = asyncio.gather(*jobs, return_exceptions=True)
    await waiting
