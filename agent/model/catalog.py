"""What a model costs and how much it reads and writes, from litellm's own list (never fetched)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent.model.client import LOCAL_PROVIDERS, listed_models, provider_of
from agent.model.types import Usage
from tools.errors import InputError

_TIER = re.compile(r"input_cost_per_token_above_(\d+)k_tokens")


@dataclass(frozen=True)
class Price:
    """US dollars per token.

    Attributes:
        input: for a token read.
        output: for a token written.
        cached: for a token read from the provider's prompt cache.
        written: for a token put into that cache.
        above: prompts longer than `above` tokens pay `tier` instead; 0 when there is no such tier.
    """

    input: float = 0.0
    output: float = 0.0
    cached: float = 0.0
    written: float = 0.0
    above: int = 0
    tier: Price | None = None

    def cost(self, usage: Usage, cache_writes: int = 0) -> float:
        """US dollars for one request."""
        price = self.tier if self.tier and usage.prompt > self.above else self
        writes = min(cache_writes, usage.prompt - usage.cached)
        plain = usage.prompt - usage.cached - writes
        return (
            plain * price.input + usage.cached * price.cached + writes * price.written + usage.completion * price.output
        )

    def most(self, prompt: int, completion: int) -> float:
        """US dollars that a request of at most so many tokens can cost at most."""
        own = prompt * max(self.input, self.written) + completion * self.output
        return max(own, self.tier.most(prompt, completion)) if self.tier and prompt > self.above else own


FREE = Price()


@dataclass(frozen=True)
class ModelCard:
    """What is known about a model.

    Attributes:
        price: what it costs.
        context: tokens it reads at most, None when unknown.
        output: tokens it writes at most, None when unknown.
    """

    price: Price
    context: int | None = None
    output: int | None = None


class Catalog:
    """Looks models up.

    Args:
        unknown: the price of a hosted model that the list does not know; None refuses to use it.
    """

    def __init__(self, unknown: Price | None = None) -> None:
        self._unknown = unknown
        self._cards: dict[str, ModelCard] = {}

    def known(self, model: str) -> ModelCard | None:
        """The card of `model` when it was looked up before."""
        return self._cards.get(model)

    def card(self, model: str) -> ModelCard:
        """What is known about `model`; may load litellm, so call it in a thread.

        Raises:
            InputError: nobody serves a model of that name, or its price is unknown and no price was given.
        """
        if model not in self._cards:
            self._cards[model] = self._read(model)
        return self._cards[model]

    def _read(self, model: str) -> ModelCard:
        provider = provider_of(model)
        if not provider:
            raise InputError(
                f"unknown model {model!r}",
                hint="write provider/name, as in anthropic/claude-sonnet-4-5, openai/gpt-4o or ollama/qwen3-coder",
            )
        entry = _entry(model, provider)
        price = _price(entry)
        if provider in LOCAL_PROVIDERS:
            price = price or FREE
        elif price is None:
            price = self._unknown
        if price is None:
            raise InputError(
                f"the price of {model} is unknown, so a budget in dollars cannot be kept",
                hint="give one in dollars per million tokens: --unknown-price IN/OUT, or --unknown-price free",
            )
        return ModelCard(price, _limit(entry, "max_input_tokens"), _limit(entry, "max_output_tokens"))


class FreeCatalog(Catalog):
    """For recordings: every name is known and costs nothing, and litellm stays unloaded."""

    def card(self, model: str) -> ModelCard:
        """A card without limits."""
        return ModelCard(FREE)


def parse_price(text: str) -> Price | None:
    """The value of `--unknown-price`: `error` (None), `free`, or dollars per million tokens, `IN/OUT` or one for both.

    Raises:
        InputError: it is none of these.
    """
    said = text.strip().lower()
    if said == "error":
        return None
    if said == "free":
        return FREE
    try:
        numbers = [float(part) / 1e6 for part in said.removeprefix("$").split("/")]
    except ValueError:
        numbers = []
    if len(numbers) not in (1, 2) or not all(math.isfinite(number) and number >= 0 for number in numbers):
        raise InputError(
            f"{text!r} is not a price", hint="write error, free, or dollars per million tokens as in 3/15 or 0.5"
        )
    return Price(numbers[0], numbers[-1], numbers[0], numbers[0])


def calls_tools(model: str) -> bool:
    """Whether to offer `model` tools: yes, unless litellm's list knows it and does not say that it takes them."""
    entry = _entry(model, provider_of(model))
    return not entry or bool(entry.get("supports_function_calling"))


def _entry(model: str, provider: str) -> Mapping[str, Any]:
    costs = listed_models()
    bare = model.removeprefix(f"{provider}/")
    for name in (model, f"{provider}/{bare}", bare):
        entry = costs.get(name)
        if entry is not None and (name != bare or "/" not in model or entry.get("litellm_provider") == provider):
            return entry
    return {}


def _price(entry: Mapping[str, Any], suffix: str = "") -> Price | None:
    values = [entry.get(f"{name}_cost_per_token{suffix}") for name in ("input", "output")]
    if not all(_is_amount(value) for value in values):
        return None
    read, written = (float(value or 0) for value in values)
    cached = entry.get(f"cache_read_input_token_cost{suffix}")
    stored = entry.get(f"cache_creation_input_token_cost{suffix}")
    tiers = [int(found[1]) for name in entry if not suffix and (found := _TIER.fullmatch(name))]
    above = min(tiers, default=0)
    return Price(
        read,
        written,
        float(cached) if _is_amount(cached) and cached is not None else read,
        float(stored) if _is_amount(stored) and stored is not None else read,
        above * 1000,
        _price(entry, f"_above_{above}k_tokens") if above else None,
    )


def _is_amount(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and value >= 0


def _limit(entry: Mapping[str, Any], name: str) -> int | None:
    value = entry.get(name)
    return value if isinstance(value, int) and value > 0 else None
