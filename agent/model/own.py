"""Servers of one's own: which models they serve, and at which address."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from agent.model.client import listed_models

BASES = {"openai": ("OPENAI_API_BASE", "OPENAI_BASE_URL"), "hosted_vllm": ("HOSTED_VLLM_API_BASE",)}
KEYS = {"openai": "OPENAI_API_KEY", "hosted_vllm": "HOSTED_VLLM_API_KEY"}
HOSTED = ("openai.com", "azure.com")


def own_base(provider: str) -> str:
    """The address of a server of one's own for a provider's protocol; "" when none is set."""
    return next((base for name in BASES.get(provider, ()) if (base := os.environ.get(name, ""))), "")


def is_own(model: str) -> bool:
    """Whether a model is served by somebody's own server: its address is set, and no provider's list has the model."""
    provider, _, name = model.partition("/")
    host = urlsplit(own_base(provider)).hostname or ""
    if not name or not host or host.endswith(HOSTED):
        return False
    listed = listed_models()  # a known model behind a gateway may need what litellm knows of it
    return name not in listed and model not in listed
