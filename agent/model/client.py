"""The only place where litellm comes in: late, without reading files or fetching anything."""

from __future__ import annotations

import importlib
import importlib.util
import json
import logging
import os
import threading
import warnings
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

_KEYS = {
    "azure": ("AZURE_API_KEY", "AZURE_API_BASE"),
    "bedrock": ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    "databricks": ("DATABRICKS_API_KEY", "DATABRICKS_API_BASE"),
    "fireworks_ai": ("FIREWORKS_API_KEY",),
    "nvidia_nim": ("NVIDIA_NIM_API_KEY",),
    "perplexity": ("PERPLEXITYAI_API_KEY",),
    "together_ai": ("TOGETHERAI_API_KEY",),
    "vertex_ai": ("GOOGLE_APPLICATION_CREDENTIALS", "VERTEXAI_PROJECT"),
}
LOCAL_PROVIDERS = frozenset({"ollama", "ollama_chat", "hosted_vllm", "vllm", "lm_studio", "llamafile", "xinference"})
"""Servers that a person runs on their own machines: no key, no price."""

OWN_PROTOCOLS = frozenset({"openai", "hosted_vllm"})
"""Prefixes that name the provider by themselves, and that servers of one's own are reached by."""
_LIST = "model_prices_and_context_window_backup.json"

_loading = threading.Lock()


def load() -> Any:
    """The litellm module (seconds, the first time: call it in a thread).

    It is kept from reading `.env` files of the working directory (which may be the untrusted repository), from
    fetching a price list, from sending statistics and from writing advertisements to the terminal.
    """
    with _loading:
        os.environ["LITELLM_MODE"] = "PRODUCTION"
        os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
        litellm: Any = importlib.import_module("litellm")
        litellm.telemetry = False
        litellm.suppress_debug_info = True
        litellm.drop_params = True  # a model that takes no temperature is asked without one
        litellm.modify_params = True  # providers that want alternating turns get them
        for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        warnings.filterwarnings("ignore", message="Pydantic serializer warnings")
        return litellm


@cache
def listed_models() -> Mapping[str, Mapping[str, Any]]:
    """What litellm's own list says of each model by name, without the seconds that loading litellm takes."""
    package = importlib.util.find_spec("litellm")
    places = list(package.submodule_search_locations or ()) if package else []
    try:
        found: dict[str, dict[str, Any]] = json.loads((Path(places[0]) / _LIST).read_text(encoding="utf-8"))
    except (IndexError, OSError, ValueError):  # another release keeps it elsewhere
        costs: Mapping[str, Mapping[str, Any]] = load().model_cost
        return costs
    found.pop("fallback_generalizations", None)  # rules, not a model
    for entry in list(found.values()):
        for alias in entry.pop("aliases", ()):
            found.setdefault(alias, entry)
    return found


def provider_of(model: str) -> str:
    """The provider that serves `model`; "" when litellm knows none."""
    prefix, _, name = model.partition("/")
    if name and prefix in OWN_PROTOCOLS:
        return prefix
    litellm = load()
    try:
        return str(litellm.get_llm_provider(model)[1])
    except litellm.exceptions.BadRequestError:
        return ""


def key_variables(provider: str) -> tuple[str, ...]:
    """Environment variables that hold the credentials for `provider`."""
    if provider in LOCAL_PROVIDERS:
        return ()
    return _KEYS.get(provider, (f"{provider.upper()}_API_KEY",))


def missing_keys(model: str) -> tuple[str, ...]:
    """Environment variables that `model` needs and that are not set (for a person: some providers know other ways)."""
    provider = provider_of(model)
    return tuple(name for name in key_variables(provider) if provider and not os.environ.get(name))
