"""Settings as text: a commented file to begin with, the schema for editors, and the table of values with origins."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from agent.config import PREFIX, Resolved, Settings

_HEAD = """# Settings of treewright. What stands here with a `#` in front is the default.
# Weaker than the environment ({prefix}NAME) and than flags; `treewright config show --origin` shows
# where each comes from.
"""
_PROFILES = """
# Profiles: `treewright solve --profile cheap`, or `profile = "cheap"` above.
# [profiles.cheap]
# model = "ollama_chat/qwen3-coder"
# max_cost = 0.5
# [profiles.cheap.role_models]
# critic = "ollama_chat/qwen3"
"""


def starting_file() -> str:
    """Every setting with what it does and its default, commented out."""
    lines = [_HEAD.format(prefix=PREFIX)]
    tables = []
    for name, field in Settings.model_fields.items():
        default = field.get_default(call_default_factory=True)
        comment = f"# {field.description}"
        if isinstance(default, dict):
            tables += ["", comment, f"# [{name}]", '# critic = "openai/gpt-5-mini"']
        else:
            lines += [comment, f"# {name} = {toml_value(default)}", ""]
    return "\n".join(lines).rstrip() + "\n" + "\n".join(tables) + "\n" + _PROFILES


def starting_repository_file() -> str:
    """What a repository may say, commented out."""
    from agent.repository_settings import RepositorySettings

    lines = ["# How treewright sets up and tests this repository; both commands run in its sandbox, without network."]
    examples = {
        "setup": '"python3 -m venv .packages && .packages/bin/pip install -e . pytest"',
        "test": '"python -m pytest -q tests"',
        "python": '"3.11"',
    }
    for name, field in RepositorySettings.model_fields.items():
        lines += [f"# {field.description}", f"# {name} = {examples[name]}", ""]
    return "\n".join(lines).rstrip() + "\n"


def schema() -> dict[str, Any]:
    """JSON schema of the configuration file, profiles included, for editors."""
    own = Settings.model_json_schema()
    properties = dict(own["properties"])
    profile = {"type": "object", "properties": properties, "additionalProperties": False}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "treewright configuration",
        "type": "object",
        "properties": properties
        | {
            "profile": {"type": "string", "description": "The profile to use when none is named."},
            "profiles": {"type": "object", "additionalProperties": profile, "description": "Settings by name."},
        },
        "additionalProperties": False,
    }


def rows(resolved: Resolved) -> list[dict[str, Any]]:
    """Each setting with its value, origin and meaning."""
    values = resolved.settings.model_dump(mode="json")
    fields = type(resolved.settings).model_fields
    return [
        {"name": name, "value": value, "origin": resolved.origins[name], "description": fields[name].description}
        for name, value in values.items()
    ]


def toml_value(value: object) -> str:
    """A value as TOML writes it; "" stands for what has no value."""
    if value is None:
        return '""'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, BaseModel):
        return json.dumps(value.model_dump(mode="json"))
    return json.dumps(value)
