"""From a request to a usable answer: budget, concurrency, retries, and re-asking when the answer is no use."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt

from agent.model.catalog import Catalog, ModelCard
from agent.model.errors import InvalidAnswer, ModelError, Refused, TransientError
from agent.model.gate import Gate, LocalGate
from agent.model.reply import Reply, read_reply
from agent.model.structured import instruction, parse
from agent.model.transport import Transport
from agent.model.types import Message, Request, Response, Usage
from agent.model.wire import Wire, to_wire
from search.budget import Amount, Budget
from tools.errors import InputError

_log = logging.getLogger("treewright.model")

EMPTY_NOTE = "Your last answer was empty. Answer the request above."
REFUSED_NOTE = (
    "Your last answer was withheld. The request above is ordinary maintenance of a software repository: answer it, "
    "or say in plain words which part of it you cannot do."
)
SHAPE_NOTE = "Your last answer was not usable: {problem}. Answer again with the complete JSON object only."
_GROWTHS = 2
"""How often an answer that hit its token limit is asked for again with twice as many."""


@dataclass(frozen=True)
class RetryPolicy:
    """How patient to be with one request.

    Attributes:
        tries: requests at most.
        base: seconds of the first wait; it doubles each time, with full jitter.
        longest: seconds of the longest wait of our own.
        obey: seconds to wait at most when the provider names a time.
    """

    tries: int = 6
    base: float = 1.0
    longest: float = 60.0
    obey: float = 120.0

    def pause(self, state: RetryCallState) -> float:
        """Seconds to wait after a try that failed: what the provider names, else exponential with full jitter."""
        error = _error_of(state)
        if isinstance(error, TransientError) and error.retry_after is not None:
            return min(error.retry_after, self.obey)
        return random.uniform(0, min(self.longest, self.base * 2 ** (state.attempt_number - 1)))


PATIENT = RetryPolicy()


def _error_of(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _tell(state: RetryCallState) -> None:
    _log.warning("try %d failed, next in %.1f s: %s", state.attempt_number, state.upcoming_sleep, _error_of(state))


class Chat:
    """Answers requests through a transport.

    The worst case of each try (its prompt and the whole of `max_tokens`) is reserved before it is sent and settled
    by the provider's count after; tries that may have been billed without an answer are charged their prompt.

    Args:
        transport: sends one request once.
        catalog: prices and limits.
        budget: what may be spent; None for no limit.
        gate: shared by the runs of a batch.
        retries: how patient to be.
        sleep: waits for so many seconds.
        clock: monotonic, in seconds.
    """

    def __init__(
        self,
        transport: Transport,
        catalog: Catalog,
        *,
        budget: Budget | None = None,
        gate: Gate | None = None,
        retries: RetryPolicy = PATIENT,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transport = transport
        self._catalog = catalog
        self._budget = budget or Budget()
        self._gate = gate or LocalGate(sleep=sleep, clock=clock)
        self._retries = retries
        self._sleep = sleep
        self._clock = clock

    async def complete(self, request: Request) -> Response:
        """Answer `request`.

        Raises:
            ModelError: there is no usable answer; the error carries what the tries cost.
            BudgetExceeded: the worst case does not fit what is left.
            InputError: the model or its price is unknown.
        """
        if not request.model:
            raise InputError(f"no model is configured for the {request.role}", hint="name one with --model")
        card = self._catalog.known(request.model)
        if card is None:
            card = await asyncio.to_thread(self._catalog.card, request.model)
        began, tally = self._clock(), _Tally(card)
        dialogue = _Dialogue(request, card)
        try:
            while True:
                reply = await self._exchange(dialogue.wire(), request, tally)
                answer = dialogue.judge(reply)
                if answer is not None:
                    break
        except ModelError as error:
            error.usage, error.cost, error.tries = tally.usage, tally.cost, tally.tries
            raise
        return Response(
            text=answer.text,
            tool_calls=answer.tool_calls,
            parsed=answer.parsed,
            usage=tally.usage,
            cost=tally.cost,
            finish="tool_calls" if answer.tool_calls else "stop",
            source=self._transport.source,
            seconds=max(0.0, self._clock() - began),
            tries=tally.tries,
        )

    async def _exchange(self, wire: Wire, request: Request, tally: _Tally) -> Reply:
        """Send until there is a reply, as patiently as the policy says."""
        patiently = AsyncRetrying(
            retry=retry_if_exception_type(TransientError),
            stop=stop_after_attempt(self._retries.tries),
            wait=self._retries.pause,
            sleep=self._sleep,
            before_sleep=_tell,
            reraise=True,
        )
        return await patiently(self._try, wire, request, tally)

    async def _try(self, wire: Wire, request: Request, tally: _Tally) -> Reply:
        prompt, completion = wire.prompt_tokens, int(wire.body["max_tokens"])
        worst = Amount(usd=tally.card.price.most(prompt, completion), tokens=prompt + completion)
        async with self._gate.enter(wire.model, worst) as passage:
            with self._budget.reserve(worst) as reservation:

                def settle(actual: Amount) -> None:
                    reservation.settle(actual)
                    passage.settle(actual)

                try:
                    reply = read_reply(await self._transport.send(wire), request.tools)
                except ModelError as error:
                    if isinstance(error, TransientError) and error.rate_limited:
                        passage.complain(min(error.retry_after or 0.0, self._retries.obey))
                    settle(tally.add(Usage(prompt, 0, estimated=True) if error.billed else Usage()))
                    raise
                passage.succeed()
                usage = reply.usage or _estimate(prompt, reply)
                settle(tally.add(usage, reply.cache_writes))
                return reply


@dataclass
class _Tally:
    """What the tries of one request used."""

    card: ModelCard
    usage: Usage = field(default_factory=Usage)
    cost: float = 0.0
    tries: int = 0

    def add(self, usage: Usage, cache_writes: int = 0) -> Amount:
        cost = self.card.price.cost(usage, cache_writes)
        self.usage += usage
        self.cost += cost
        self.tries += 1
        return Amount(usd=cost, tokens=usage.total)


class _Dialogue:
    """One request with its re-asks: each kind of useless answer is pointed out once, then it is a failure."""

    def __init__(self, request: Request, card: ModelCard) -> None:
        self._request = request
        self._messages = list(request.messages)
        if request.schema:
            self._messages = _with_instruction(self._messages, instruction(request.schema))
        self._most = min(request.max_tokens * 2**_GROWTHS, card.output or request.max_tokens * 2**_GROWTHS)
        self._max_tokens = min(request.max_tokens, card.output or request.max_tokens)
        self._told: set[str] = set()

    def wire(self) -> Wire:
        return to_wire(self._request, self._messages, self._max_tokens)

    def judge(self, reply: Reply) -> Response | None:
        """The answer if `reply` is one, else None: ask again with what `wire` gives now."""
        if reply.refusal:
            self._tell(REFUSED_NOTE, "", Refused(f"{self._request.model} does not answer: {reply.refusal}"))
            return None
        if reply.cut:
            self._grow(reply)
            return None
        if not reply.text.strip() and not reply.calls:
            self._tell(EMPTY_NOTE, "", InvalidAnswer(f"{self._request.model} gave an empty answer twice"))
            return None
        parsed = None
        if self._request.schema and not reply.calls:
            try:
                parsed = parse(reply.text, self._request.schema)
            except ValueError as error:
                failure = InvalidAnswer(f"{self._request.model}: {error}", partial=reply.text)
                self._tell(SHAPE_NOTE.format(problem=error), reply.text, failure)
                return None
        return Response(reply.text, reply.calls, parsed)

    def _tell(self, note: str, said: str, failure: ModelError) -> None:
        kind = f"{type(failure).__name__} {bool(said)}"
        if kind in self._told:
            raise failure
        self._told.add(kind)
        if said:
            self._messages.append(Message("assistant", said))
        self._messages.append(Message("user", note))

    def _grow(self, reply: Reply) -> None:
        if self._max_tokens >= self._most:
            raise InvalidAnswer(
                f"{self._request.model} did not finish its answer in {self._max_tokens} tokens",
                partial=reply.text,
                hint="ask for less at once, or use a model that may write more",
            )
        self._max_tokens = min(self._most, self._max_tokens * 2)


def _estimate(prompt: int, reply: Reply) -> Usage:
    written = len(reply.text) + sum(len(call.raw) for call in reply.calls)
    return Usage(prompt, written // 3 + 1, estimated=True)


def _with_instruction(messages: Sequence[Message], text: str) -> list[Message]:
    """The shape is told last, where models heed it most and where it spoils no shared prefix."""
    last = messages[-1]
    if last.role != "user":
        return [*messages, Message("user", text)]
    return [*messages[:-1], Message("user", f"{last.content}\n\n{text}", cache=last.cache)]
