"""From a request to a usable answer: budget, concurrency, retries, and re-asking when the answer is no use."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_base, wait_random_exponential

from agent.model.catalog import Catalog, ModelCard
from agent.model.errors import InvalidAnswer, ModelError, Refused, TransientError
from agent.model.limiter import AdaptiveLimiter
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


PATIENT = RetryPolicy()


class Chat:
    """Answers requests through a transport.

    The worst case of each try (its prompt and the whole of `max_tokens`) is reserved before it is sent and settled
    by the provider's count after; tries that may have been billed without an answer are charged their prompt.

    Args:
        transport: sends one request once.
        catalog: prices and limits.
        budget: what may be spent; None for no limit.
        limiters: one for each model, shared between the runs of a process.
        retries: how patient to be.
        concurrency: requests in flight at one model at most.
        sleep: waits for so many seconds.
        clock: monotonic, in seconds.
    """

    def __init__(
        self,
        transport: Transport,
        catalog: Catalog,
        *,
        budget: Budget | None = None,
        limiters: dict[str, AdaptiveLimiter] | None = None,
        retries: RetryPolicy = PATIENT,
        concurrency: int = 16,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transport = transport
        self._catalog = catalog
        self._budget = budget or Budget()
        self._limiters = {} if limiters is None else limiters
        self._retries = retries
        self._concurrency = concurrency
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
        retrying = AsyncRetrying(
            stop=stop_after_attempt(self._retries.tries),
            wait=_Wait(self._retries),
            retry=retry_if_exception_type(TransientError),
            sleep=self._sleep,
            before_sleep=_tell,
            reraise=True,
        )
        return await retrying(self._try, wire, request, tally)

    async def _try(self, wire: Wire, request: Request, tally: _Tally) -> Reply:
        prompt, completion = wire.prompt_tokens, int(wire.body["max_tokens"])
        worst = Amount(usd=tally.card.price.most(prompt, completion), tokens=prompt + completion)
        limiter = self._limiters.get(wire.model)
        if limiter is None:
            limiter = AdaptiveLimiter(self._concurrency, sleep=self._sleep, clock=self._clock)
            self._limiters[wire.model] = limiter
        async with limiter.slot() as epoch:
            with self._budget.reserve(worst) as reservation:
                try:
                    reply = read_reply(await self._transport.send(wire), request.tools)
                except ModelError as error:
                    if isinstance(error, TransientError) and error.rate_limited:
                        limiter.complain(epoch, min(error.retry_after or 0.0, self._retries.obey))
                    lost = Usage(prompt, 0, estimated=True) if error.billed else Usage()
                    reservation.settle(tally.add(lost))
                    raise
                limiter.succeed()
                usage = reply.usage or _estimate(prompt, reply)
                reservation.settle(tally.add(usage, reply.cache_writes))
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


class _Wait(wait_base):
    """The time the provider names, else exponential with full jitter."""

    def __init__(self, policy: RetryPolicy) -> None:
        self._policy = policy
        self._own = wait_random_exponential(multiplier=policy.base, max=policy.longest)

    def __call__(self, retry_state: RetryCallState) -> float:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        if isinstance(error, TransientError) and error.retry_after is not None:
            return min(error.retry_after, self._policy.obey)
        return self._own(retry_state)


def _tell(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    _log.warning("try %d failed, next in %.1f s: %s", state.attempt_number, state.upcoming_sleep, error)


def _estimate(prompt: int, reply: Reply) -> Usage:
    written = len(reply.text) + sum(len(call.raw) for call in reply.calls)
    return Usage(prompt, written // 3 + 1, estimated=True)


def _with_instruction(messages: Sequence[Message], text: str) -> list[Message]:
    """The shape is told last, where models heed it most and where it spoils no shared prefix."""
    last = messages[-1]
    if last.role != "user":
        return [*messages, Message("user", text)]
    return [*messages[:-1], Message("user", f"{last.content}\n\n{text}", cache=last.cache)]
