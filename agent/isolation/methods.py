"""The kit's methods, read off its interface: what a call must look like, and what is awaited."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from agent.isolation.wire import Garbage
from agent.kit import Kit

HERE = frozenset({"rng", "root", "tree", "problem", "has_model", "work", "child"})
"""Answered on the design's side of the pipe, from what it was told."""

SPECIAL = frozenset({"ask", "search"})
"""Their arguments are types and functions: each side handles them by hand."""


@dataclass(frozen=True)
class Method:
    """One method of the kit.

    Attributes:
        awaited: whether it is a coroutine.
        signature: its parameters, `self` included.
        arguments: checks and holds the arguments of a call; None for the special ones.
    """

    name: str
    awaited: bool
    signature: inspect.Signature
    arguments: type[BaseModel] | None


@functools.cache
def methods() -> Mapping[str, Method]:
    """Every method that crosses the pipe, by name."""
    found = {}
    for name, function in vars(Kit).items():
        if not name.startswith("_") and inspect.isfunction(function) and name not in HERE:
            found[name] = Method(
                name,
                inspect.iscoroutinefunction(function),
                inspect.signature(function),
                None if name in SPECIAL else _arguments(name, function),
            )
    return found


def check(method: Method, given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a call, checked against the interface's type hints.

    Raises:
        Garbage: they do not fit.
    """
    if method.arguments is None:
        raise Garbage(f"{method.name} is not called like this")
    try:
        checked = method.arguments.model_validate(given)
    except ValidationError as error:
        raise Garbage(f"kit.{method.name}: {_first(error)}") from error
    return {name: getattr(checked, name) for name in type(checked).model_fields}


def _arguments(name: str, function: Any) -> type[BaseModel]:
    hints = get_type_hints(function, include_extras=True)
    fields: dict[str, Any] = {}
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        default = ... if parameter.default is inspect.Parameter.empty else parameter.default
        fields[parameter.name] = (hints[parameter.name], default)
    # strict: a text is no number; nodes and work are what the handles gave, not what could be made into such
    config = ConfigDict(extra="forbid", strict=True, arbitrary_types_allowed=True, revalidate_instances="never")
    return create_model(name, __config__=config, **fields)


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}"[:300]


__all__ = ["HERE", "SPECIAL", "Method", "check", "methods"]
