"""The kit's page: what a design may use, with an example of each method; for people, and for the meta agent."""

from __future__ import annotations

import prompts
from agent.isolation.gate import ALLOWED
from search import policy


def kit_page() -> str:
    """The page, as Markdown."""
    modules = ", ".join(f"`{name}`" for name in sorted(ALLOWED - {"__future__"}))
    return prompts.render("kit", modules=modules, policies=", ".join(f"`{name}`" for name in policy.names()))
