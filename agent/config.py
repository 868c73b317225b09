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
FILES = frozenset({"design", "policy", "tools"})
"""Settings that may name Python files."""
ROLES = (
    "analyst", "assistant", "critic", "debugger", "designer", "distinguisher", "locator", "planner", "reflector",
    "selector", "sketcher", "solver", "tester", "thinker",
)  # fmt: skip
"""Of the built-in designs and of evolution; a design of one's own may have others."""
OTHER_VARIABLES = frozenset({"config", "debug", "profile"})
NO_VARIABLES = {"role_models": "--role-model", "tools": "--tools"}
"""Settings that are no single text, and their flags."""
EXCLUSIVE = frozenset({"confidence", "wrong_patch_cost"})
"""Two ways to say the same: the one of the later layer counts."""


class Settings(BaseModel):
    """How one task is solved."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    model: str = NO_MODEL
    """Litellm's name of the model; empty means none: mechanical repair."""

    role_models: dict[str, str] = Field(default_factory=dict)
    """Other models for single roles, such as ``{"critic": "..."}``: planner, thinker, solver, tester and others."""

    design: str = ""
    """Name of a built-in design or a Python file; empty chooses by `model`."""

    policy: str = ""
    """Policy in place of those that the design names: a built-in one, a Python file or an extension."""

    tools: tuple[str, ...] = ()
    """Python files or extensions with more tools for the model."""

    sandboxed: bool = False
    """Whether the design runs in a sandbox of its own, as one that nobody has read must."""

    environment: Literal["bubblewrap", "docker", "local"] = "bubblewrap"
    """Where commands run."""

    image: str = ""
    """Container image, for docker."""

    concurrency: int = Field(default=1, ge=1, le=64)
    """Expansions in flight; 1 makes a run deterministic for a seed."""

    max_cost: float = Field(default=3.0, ge=0)
    """US dollars, for the whole run, reserved before each call."""

    max_tokens: int = Field(default=3_000_000, ge=0)
    """Prompt and completion tokens together."""

    max_nodes: int | None = Field(default=None, ge=1)
    """Expansions of the tree; by default 24 with a model, no limit without."""

    max_seconds: float = Field(default=3600.0, gt=0)
    """Wall-clock seconds."""

    unknown_price: str = "error"
    """What to do with a model whose price is unknown: ``error``, ``free``, or US dollars per million tokens."""

    confidence: float = Field(default=0.5, ge=0, le=1)
    """Least probability of being right for an outcome to be `solved`."""

    wrong_patch_cost: float | None = Field(default=None, ge=0)
    """What a wrong patch costs when a right one is worth 1: sets the least probability to C / (1 + C)."""

    seed: int = 0
    """For whatever is random."""

    reproduction: bool = True
    """Whether tests that reproduce the issue are written."""

    setup_network: bool = False
    """Whether the setup command may use the network."""

    protocol: Literal["auto", "tools", "text"] = "auto"
    """How a model calls tools: its own tool calls, or a text protocol."""

    test_seconds: float = Field(default=60.0, gt=0)
    """Limit for a single test."""

    regression_seconds: float = Field(default=180.0, gt=0)
    """Limit for one run of the selected regression tests."""

    cache: bool = False
    """Whether answers are kept and reused across runs."""

    record: str = ""
    """File to which calls are appended in the transcript format."""

    replay: str = ""
    """Transcript whose answers are served instead of a live model's."""

    @field_validator("wrong_patch_cost", mode="before")
    @classmethod
    def _cost(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("max_nodes", mode="before")
    @classmethod
    def _nodes(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("role_models")
    @classmethod
    def _roles(cls, value: dict[str, str]) -> dict[str, str]:
        for role in value:
            if role not in ROLES and (close := difflib.get_close_matches(role, ROLES, n=1, cutoff=0.75)):
                raise ValueError(f"there is no role {role!r}; did you mean {close[0]!r}?")
        return value

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
    def least_probability(self) -> float:
        """Of being right, for an outcome to be `solved`: as asked for, or where the expected gain becomes positive."""
        if self.wrong_patch_cost is None:
            return self.confidence
        return self.wrong_patch_cost / (1.0 + self.wrong_patch_cost)

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


def resolve(flags: Mapping[str, Any], *, file: Path | None = None, profile: str = "") -> Resolved:
    """Layers the sources; raises InputError that names the source of a bad value.

    Args:
        flags: values given on the command line; None means not given.
        file: a configuration file instead of the user's own.
        profile: a table ``[profiles.NAME]`` of the file that is laid over the rest of it; by default the one that the
            variable TREEWRIGHT_PROFILE or the file's own key ``profile`` names.
    """
    values: dict[str, Any] = {}
    origins = dict.fromkeys(Settings.model_fields, "default")
    layers = (*_from_file(file or config_file(), profile), _from_environment(), ("flag", _given(flags)))
    for origin, layer in layers:
        chosen = {key for key in EXCLUSIVE & set(layer) if layer[key] != ""}
        if len(chosen) > 1:
            raise InputError(f"confidence and wrong_patch_cost exclude each other, in {origin}", hint="give one")
        for key in EXCLUSIVE & set(values) if chosen else ():
            del values[key]
            origins[key] = "default"
        _refuse_unknown(layer, origin)
        for key, value in layer.items():
            values[key], origins[key] = _placed(key, value), origin
    return Resolved(_valid(values, origins), origins)


def changed(config: Mapping[str, Any], flags: Mapping[str, Any]) -> Settings:
    """The settings of a run with some of them given anew; None means not given.

    Raises:
        InputError: a value cannot be used.
    """
    given = _given(flags)
    return _valid({**config, **given}, dict.fromkeys(config, "the run") | dict.fromkeys(given, "flag"))


def _valid(values: Mapping[str, Any], origins: Mapping[str, str]) -> Settings:
    try:
        return Settings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0]) if first["loc"] else ""
        origin = origins.get(key, "?")
        flag = {"reproduction": "--no-reproduction", **NO_VARIABLES}.get(key, f"--{key.replace('_', '-')}")
        where = flag if origin == "flag" else f"{key} there"
        where = PREFIX + key.upper() if origin == "environment" else where
        meaning = Settings.model_fields[key].description if key in Settings.model_fields else ""
        raise InputError(
            f"{key} (from {origin}): {first['msg'].removeprefix('Value error, ')}",
            hint=f"change {where}: {(meaning or '').replace('``', '')}",
        ) from error


def _refuse_unknown(layer: Mapping[str, Any], origin: str) -> None:
    for key in layer:
        if key not in Settings.model_fields:
            close = difflib.get_close_matches(key, (*Settings.model_fields, "profile", "profiles"), n=1)
            raise InputError(
                f"unknown setting {key!r} in {origin}",
                hint=f"did you mean {close[0]!r}?" if close else "`treewright config show` lists the settings",
            )


def _placed(key: str, value: Any) -> Any:
    """Names of Python files as whole paths, so that a run goes on from any folder."""
    if key in FILES and isinstance(value, str) and value.endswith(".py"):
        return str(Path(value).expanduser().absolute())
    if key in FILES and isinstance(value, list | tuple):
        return tuple(_placed(key, each) for each in value)
    return value


def _given(flags: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in flags.items() if value is not None}


def _from_file(path: Path, profile: str) -> list[tuple[str, dict[str, Any]]]:
    """The file's settings, and those of the profile laid over them; no profile may have unknown keys."""
    if PREFIX + "CONFIG" in os.environ and not path.is_file():
        raise InputError(f"there is no {path}, which {PREFIX}CONFIG names", hint="`treewright init` writes it")
    read = read_toml(path) if path.is_file() else {}
    profiles, chosen = read.pop("profiles", {}), read.pop("profile", "")
    if not isinstance(profiles, dict) or not all(isinstance(each, dict) for each in profiles.values()):
        raise InputError(f"profiles in {path} is not made of tables", hint="write [profiles.NAME]")
    if not isinstance(chosen, str):
        raise InputError(f"profile in {path} is not a name", hint="tables of profiles are called [profiles.NAME]")
    for name, table in profiles.items():
        _refuse_unknown(table, f"profile {name} of {path}")
    named = profile or os.environ.get(PREFIX + "PROFILE", "") or chosen
    if not named:
        return [(str(path), read)]
    if named not in profiles:
        there = f"there are: {', '.join(sorted(profiles))}" if profiles else f"write a table [profiles.{named}] there"
        raise InputError(f"there is no profile {named!r} in {path}", hint=there)
    return [(str(path), read), (f"profile {named} of {path}", profiles[named])]


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file; raises InputError that says where it is not valid."""
    try:
        return tomllib.loads(path.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        hint = "mend that line: texts stand in quotes, and lists in [ ]"
        raise InputError(f"{path} is not valid TOML: {error}", hint=hint) from error


def _from_environment() -> tuple[str, dict[str, Any]]:
    """The variables of the settings; one that is nearly called like one of them is refused, as money may hang on it."""
    names = {PREFIX + key.upper(): key for key in Settings.model_fields}
    found = {names[name]: value for name, value in os.environ.items() if name in names}
    for key in sorted(NO_VARIABLES.keys() & found.keys()):
        hint = f"give {NO_VARIABLES[key]}, or write it in the file"
        raise InputError(f"{PREFIX}{key.upper()}: {key} cannot be set by a variable", hint=hint)
    known = {*names, *(PREFIX + name.upper() for name in OTHER_VARIABLES)}
    for name in sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known):
        if close := difflib.get_close_matches(name, names, n=1, cutoff=0.9):
            raise InputError(f"unknown variable {name}", hint=f"did you mean {close[0]}?")
    return "environment", found
