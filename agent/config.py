"""Settings: defaults, then a file, then the environment, then flags; each value knows its origin."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from tools.errors import InputError

PREFIX = "TREEWRIGHT_"
NO_MODEL = ""
NODES_WITH_MODEL = 24


class Settings(BaseModel):
    """How one task is solved.

    Attributes:
        model: litellm's name of the model; empty means none: mechanical repair.
        role_models: other models for single roles, such as ``{"critic": "..."}``.
        design: name of a built-in design or a Python file; empty chooses by `model`.
        environment: where commands run.
        image: container image, for docker.
        concurrency: expansions in flight; 1 makes a run deterministic for a seed.
        max_cost: US dollars, for the whole run, reserved before each call.
        max_tokens: prompt and completion tokens together.
        max_nodes: expansions of the tree; by default 24 with a model, no limit without.
        max_seconds: wall-clock seconds.
        unknown_price: what to do with a model whose price is unknown: ``error``, ``free``, or
            US dollars per million tokens.
        confidence: least probability of being right for an outcome to be `solved`.
        seed: for whatever is random.
        reproduction: whether tests that reproduce the issue are written.
        setup_network: whether the setup command may use the network.
        protocol: how a model calls tools: its own tool calls, or a text protocol.
        test_seconds: limit for a single test.
        regression_seconds: limit for one run of the selected regression tests.
        cache: whether answers are kept and reused across runs.
        record: file to which calls are appended in the transcript format.
        replay: transcript whose answers are served instead of a live model's.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = NO_MODEL
    role_models: dict[str, str] = Field(default_factory=dict)
    design: str = ""
    environment: Literal["bubblewrap", "docker", "local"] = "bubblewrap"
    image: str = ""
    concurrency: int = Field(default=1, ge=1, le=64)
    max_cost: float = Field(default=3.0, ge=0)
    max_tokens: int = Field(default=3_000_000, ge=0)
    max_nodes: int | None = Field(default=None, ge=1)
    max_seconds: float = Field(default=3600.0, gt=0)
    unknown_price: str = "error"
    confidence: float = Field(default=0.5, ge=0, le=1)
    seed: int = 0
    reproduction: bool = True
    setup_network: bool = False
    protocol: Literal["auto", "tools", "text"] = "auto"
    test_seconds: float = Field(default=60.0, gt=0)
    regression_seconds: float = Field(default=180.0, gt=0)
    cache: bool = False
    record: str = ""
    replay: str = ""

    @field_validator("unknown_price")
    @classmethod
    def _price(cls, value: str) -> str:
        if value not in {"error", "free"}:
            try:
                price = float(value)
            except ValueError:
                price = -1.0
            if not price >= 0:
                raise ValueError("must be error, free, or US dollars per million tokens")
        return value

    @property
    def design_name(self) -> str:
        """The design asked for, or the default for what there is."""
        return self.design or ("codetree" if self.has_model else "mechanical")

    @property
    def node_limit(self) -> int | None:
        """Expansions of the tree: as asked for, or a default where each costs money."""
        return self.max_nodes or (NODES_WITH_MODEL if self.has_model else None)

    @property
    def has_model(self) -> bool:
        """Whether anything answers: a model, or a recording of one."""
        return bool(self.model or self.replay)


@dataclass(frozen=True)
class Resolved:
    """Settings and, for each, where its value came from: default, a file, a variable or a flag."""

    settings: Settings
    origins: Mapping[str, str]


def config_file() -> Path:
    """The user's configuration file."""
    if chosen := os.environ.get(PREFIX + "CONFIG"):
        return Path(chosen)
    from platformdirs import user_config_path

    return user_config_path("treewright") / "config.toml"


def resolve(flags: Mapping[str, Any], *, file: Path | None = None) -> Resolved:
    """Layers the sources; raises InputError that names the source of a bad value.

    Args:
        flags: values given on the command line; None means not given.
        file: a configuration file instead of the user's own.
    """
    values: dict[str, Any] = {}
    origins = dict.fromkeys(Settings.model_fields, "default")
    for origin, layer in (_from_file(file or config_file()), _from_environment(), ("flag", _given(flags))):
        for key, value in layer.items():
            if key not in Settings.model_fields:
                close = difflib.get_close_matches(key, Settings.model_fields, n=1)
                raise InputError(
                    f"unknown setting {key!r} in {origin}",
                    hint=f"did you mean {close[0]!r}?" if close else "`treewright solve --help` lists the settings",
                )
            values[key], origins[key] = value, origin
    try:
        return Resolved(Settings(**values), origins)
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0]) if first["loc"] else ""
        raise InputError(f"{key} (from {origins.get(key, '?')}): {first['msg']}") from error


def _given(flags: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in flags.items() if value is not None}


def _from_file(path: Path) -> tuple[str, dict[str, Any]]:
    if not path.is_file():
        return str(path), {}
    try:
        return str(path), tomllib.loads(path.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not valid TOML: {error}") from error


def _from_environment() -> tuple[str, dict[str, Any]]:
    found = {
        key: os.environ[PREFIX + key.upper()]
        for key in Settings.model_fields
        if key != "role_models" and PREFIX + key.upper() in os.environ
    }
    return "environment", found
