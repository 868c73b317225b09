"""The kit as a design in a sandbox sees it: a mirror of the tree, and calls over the pipe."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel

from agent import scope
from agent.isolation import wire
from agent.isolation.methods import methods
from agent.isolation.pipe import Pipe
from agent.kit import About, BudgetExceeded, Expander, ExpansionFailed, InputError, Kind, Options, SearchResult
from agent.work import Work
from search.engine import Actions, Stop
from search.tree import Child, Judgement, Node

Answer = TypeVar("Answer", bound=BaseModel)


class Mirror:
    """The tree as it is outside, by what each message said of it."""

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}
        self._works: dict[int, Work] = {}
        self._tags: dict[int, int] = {}
        self.best: Node | None = None

    @property
    def root(self) -> Node:
        """The node of the unchanged repository."""
        return next(iter(self._nodes.values()))

    def __len__(self) -> int:
        return len(self._nodes)

    def __iter__(self) -> Iterator[Node]:
        return iter(self._nodes.values())

    def __getitem__(self, identity: str) -> Node:
        return self._nodes[identity]

    def node(self, identity: str) -> Node:
        """See `wire.Handles`."""
        return self._nodes[identity]

    def work(self, tagged: Mapping[str, Any]) -> Work:
        """See `wire.Handles`; what is described once is known from then on."""
        handle = tagged["h"]
        if "v" in tagged and handle not in self._works:
            work = wire.shown(tagged["v"])
            self._works[handle] = work
            self._tags[id(work)] = handle
        return self._works[handle]

    def tag(self, work: Work) -> dict[str, Any]:
        """See `wire.Handles`."""
        handle = self._tags.get(id(work))
        if handle is None:
            raise wire.Garbage("this work did not come from the kit: a design cannot make work, nor change it")
        return {"$": "work", "h": handle}

    def update(self, told: Mapping[str, Any]) -> None:
        """Take over what changed."""
        for row in told["nodes"]:
            node = self._nodes.get(row["id"]) or self._added(row)
            node.value, node.failed, node.terminal = row["value"], row["failed"], row["terminal"]
            node.payload = self.work(row["payload"]) if row["payload"] else None
            node.open, node.attempts = tuple(row["open"]), dict(row["attempts"])
            node.judgement = Judgement(**row["judgement"]) if row["judgement"] else None
            for name in ("in_flight", "visits", "total", "peak", "pending", "open_below"):
                setattr(node, name, row[name])
        self.best = self._nodes[told["best"]] if told["best"] else None

    def _added(self, row: Mapping[str, Any]) -> Node:
        parent = self._nodes[row["parent"]] if row["parent"] else None
        place = {name: row[name] for name in ("action", "ordinal", "index", "order")}
        node = Node(parent, row["kind"], None, **place)
        self._nodes[row["id"]] = node
        if parent is not None:
            parent.children.append(node)
        return node


class RemoteKit:
    """What a sandboxed design gets as its kit; the methods not written here are calls of the kit outside."""

    def __init__(self, pipe: Pipe, start: Mapping[str, Any], mirror: Mirror) -> None:
        self._pipe = pipe
        self._searches: dict[int, tuple[Mapping[str, Expander], Actions, Stop | None]] = {}
        self._raised: dict[int, Exception] = {}
        self.problem: str = start["problem"]
        self.has_model: bool = start["has_model"]
        self.rng = random.Random(start["seed"])
        self.tree = mirror

    @property
    def root(self) -> Node:
        """See `Kit.root`."""
        return self.tree.root

    def work(self, node: Node) -> Work:
        """See `Kit.work`."""
        if not isinstance(node.payload, Work):
            raise TypeError(f"{node!r} carries no work")
        return node.payload

    def child(self, work: Work, kind: Kind = "patch") -> Child:
        """See `Kit.child`; the value is set again outside, from what is known of the work there."""
        return Child(kind, work, work.value)

    async def ask(
        self,
        question: str,
        schema: type[Answer] | None = None,
        *,
        role: str = "assistant",
        about: About = "code",
        temperature: float = 0.0,
        sample: int = 0,
    ) -> Answer | str:
        """See `Kit.ask`."""
        shape = schema.model_json_schema() if schema else None
        arguments = {
            "question": question,
            "schema": shape,
            "role": role,
            "about": about,
            "temperature": temperature,
            "sample": sample,
        }
        answer = await self._call("ask", arguments, raw=True)
        return schema.model_validate_json(answer) if schema else str(answer)

    async def search(
        self,
        policy: str,
        expand: Mapping[str, Expander],
        actions: Actions,
        *,
        options: Options | None = None,
        stop: Stop | None = None,
    ) -> SearchResult:
        """See `Kit.search`: the tree grows outside, and asks here for what the design decides."""
        arguments = {
            "policy": policy,
            "expand": list(expand),
            "options": dict(options or {}),
            "stop": stop is not None,
        }
        number = self._pipe.next_number()
        self._searches[number] = (expand, actions, stop)
        try:
            result = await self._call("search", arguments, raw=True, number=number)
        finally:
            del self._searches[number]
        if not isinstance(result, SearchResult):
            raise TypeError("the search gave no result")
        return result

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = methods().get(name)
        if method is None:
            raise AttributeError(f"the kit has no {name!r}")

        def arguments(*args: Any, **kwargs: Any) -> dict[str, Any]:
            return dict(list(method.signature.bind(self, *args, **kwargs).arguments.items())[1:])

        def direct(*args: Any, **kwargs: Any) -> Any:
            given = self._encoded(arguments(*args, **kwargs))
            return self._result(self._pipe.call_and_wait(name, given, scope.current()))

        def later(*args: Any, **kwargs: Any) -> Coroutine[Any, Any, Any]:
            return self._call(name, arguments(*args, **kwargs))

        return later if method.awaited else direct

    async def answer(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """What the design says to a callback, as the fields of a message."""
        expand, actions, stop = self._searches[message["search"]]
        try:
            with scope.entered(message["scope"]):
                result = await self._called_back(message, expand, actions, stop)
            return {"result": wire.encode(result, self.tree)}
        except ExpansionFailed as error:
            payload = wire.encode(error.payload, self.tree) if isinstance(error.payload, Work) else None
            about = {"type": "ExpansionFailed", "message": str(error), "kind": error.kind, "payload": payload}
            return {"error": about}
        except BudgetExceeded as error:
            about = {"type": "BudgetExceeded", "kind": error.kind, "limit": error.limit, "spent": error.spent}
            return {"error": about}
        except Exception as error:  # noqa: BLE001 -- whatever a design raises is told, and raised again by its search
            self._raised[message["search"]] = error
            return {"error": {"type": "Other", "message": f"{type(error).__name__}: {error}"}}

    async def _called_back(
        self, message: Mapping[str, Any], expand: Mapping[str, Expander], actions: Actions, stop: Stop | None
    ) -> Any:
        if message["name"] == "stop":
            answer: Any = stop(self.tree) if stop else False
            return bool(await answer if asyncio.iscoroutine(answer) else answer)
        node = self.tree.node(message["node"])
        if message["name"] == "expand":
            return list(await expand[message["action"]](node))
        answer = actions(node)
        names: Sequence[str] = await answer if asyncio.iscoroutine(answer) else answer
        return list(names)

    async def _call(
        self, name: str, arguments: Mapping[str, Any], *, raw: bool = False, number: int | None = None
    ) -> Any:
        given = dict(arguments) if raw else self._encoded(arguments)
        number = self._pipe.next_number() if number is None else number
        return self._result(await self._pipe.call(number, name, given, scope.current()), number)

    def _encoded(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return {key: wire.encode(each, self.tree) for key, each in arguments.items()}

    def _result(self, message: Mapping[str, Any], number: int = -1) -> Any:
        if "error" not in message:
            return wire.decode(message["result"], self.tree, results=True)
        error = message["error"]
        kind = error["type"]
        if kind == "ExpansionFailed":
            payload = self.tree.work(error["payload"]) if error["payload"] else None
            raise ExpansionFailed(error["message"], kind=error["kind"], payload=payload)
        if kind == "BudgetExceeded":
            raise BudgetExceeded(error["kind"], error["limit"], error["spent"])
        if kind == "InputError":
            raise InputError(error["message"], hint=error["hint"])
        if kind == "Callback" and number in self._raised:
            raise self._raised.pop(number)
        raise TypeError(error["message"])
