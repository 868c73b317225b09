import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.model.catalog import FREE, Catalog, Price, parse_price
from agent.model.client import key_variables, listed_models, load, missing_keys, provider_of
from agent.model.open import check_models
from agent.model.routing import RoleModels
from agent.model.types import Usage
from tools.errors import InputError


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog()


def test_known_models_have_prices_limits_and_cheaper_cached_tokens(catalog: Catalog) -> None:
    for name in ("gpt-4o", "openai/gpt-4o", "anthropic/claude-sonnet-4-5", "gemini/gemini-2.5-pro"):
        card = catalog.card(name)
        assert 0 < card.price.cached < card.price.input < card.price.output
        assert card.context is not None
        assert card.output is not None
    assert catalog.card("gpt-4o") == catalog.card("openai/gpt-4o")


def test_long_prompts_pay_the_upper_tier(catalog: Catalog) -> None:
    price = catalog.card("gemini/gemini-2.5-pro").price
    assert price.above == 200_000
    assert price.cost(Usage(200_001, 0)) > 1.5 * price.cost(Usage(200_000, 0))
    assert price.most(200_001, 10) >= price.cost(Usage(200_001, 10))


def test_own_servers_are_free_and_others_must_be_priced(catalog: Catalog) -> None:
    for name in ("ollama/anything", "ollama_chat/anything", "hosted_vllm/anything", "lm_studio/anything"):
        assert catalog.card(name).price == FREE
    for name in ("openai/private", "anthropic/unheard-of", "azure/my-deployment"):
        with pytest.raises(InputError, match=r"price of .* is unknown"):
            catalog.card(name)
    assert Catalog(Price(1, 2)).card("openai/private").price == Price(1, 2)
    assert Catalog(Price(1, 2)).card("gpt-4o") == catalog.card("gpt-4o")
    with pytest.raises(InputError, match="unknown model 'gpt-what'"):
        Catalog(FREE).card("gpt-what")


def test_the_list_is_the_one_that_litellm_loads() -> None:
    assert listed_models() == load().model_cost


def test_a_server_of_ones_own_is_known_without_loading_litellm() -> None:
    program = (
        "import sys\n"
        "from agent.model.catalog import Catalog, Price, calls_tools\n"
        "assert Catalog(Price(1, 2)).card('openai/private').price == Price(1, 2)\n"
        "assert Catalog().card('hosted_vllm/private').price.input == 0\n"
        "assert calls_tools('openai/private')\n"
        "assert 'litellm' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("model", ["openai/hand", "openai/a/b", "hosted_vllm/a", "openai/gpt-4o", "openai/ft:gpt-4o:x"])
def test_the_provider_is_the_one_that_litellm_takes(model: str) -> None:
    assert provider_of(model) == load().get_llm_provider(model)[1]


async def test_all_roles_are_checked_before_a_run() -> None:
    await check_models(RoleModels("gpt-4o", {"critic": "ollama/x"}))
    with pytest.raises(InputError, match="nobody/x"):
        await check_models(RoleModels("gpt-4o", {"critic": "nobody/x"}))


def test_the_variables_that_hold_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    assert missing_keys("anthropic/claude-sonnet-4-5") == ("ANTHROPIC_API_KEY",)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "x")
    assert missing_keys("anthropic/claude-sonnet-4-5") == ()
    assert missing_keys("ollama/x") == missing_keys("no-such-thing") == ()
    assert key_variables("bedrock") == ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


@pytest.mark.parametrize(
    ("text", "price"),
    [("error", None), ("free", FREE), ("3/15", Price(3e-6, 15e-6, 3e-6, 3e-6)), ("$1", Price(1e-6, 1e-6, 1e-6, 1e-6))],
)
def test_prices_as_people_write_them(text: str, price: Price | None) -> None:
    assert parse_price(text) == price


@pytest.mark.parametrize("text", ["", "cheap", "-1", "1/2/3", "nan", "inf/1", "1/"])
def test_what_is_no_price(text: str) -> None:
    with pytest.raises(InputError, match="not a price"):
        parse_price(text)


rates = st.floats(0, 1e-3)
tokens = st.integers(0, 10**6)


@given(rates, rates, st.floats(0, 1), st.floats(1, 2), tokens, tokens, tokens, tokens)
def test_the_worst_case_covers_every_case(
    read: float, wrote: float, cached: float, stored: float, prompt: int, answer: int, hit: int, writes: int
) -> None:
    price = Price(read, wrote, read * cached, read * stored, 200_000, Price(2 * read, 2 * wrote, read, read * stored))
    cost = price.cost(Usage(prompt, answer, min(prompt, hit)), writes)
    assert 0 <= cost <= price.most(prompt, answer) * (1 + 1e-9)
