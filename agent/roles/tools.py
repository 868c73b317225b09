"""The tools a role may call in an episode, free of how the model spells the call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from agent.model.types import ToolSpec

Handler = Callable[[Mapping[str, Any]], Awaitable[str]]

JSON_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "array": list,
}


class ToolError(Exception):
    """A call that cannot be carried out; the message is for the model."""


@dataclass(frozen=True)
class Parameter:
    """One argument of a tool; `kind` is a JSON type: string, integer or array (of strings)."""

    name: str
    kind: str
    description: str
    required: bool = True


@dataclass(frozen=True)
class Tool:
    """Something a model may do.

    Attributes:
        ends: a successful call ends the episode.
    """

    name: str
    description: str
    parameters: tuple[Parameter, ...]
    handler: Handler
    ends: bool = False

    @property
    def spec(self) -> ToolSpec:
        """For models with tool calls."""
        properties: dict[str, Any] = {}
        for parameter in self.parameters:
            schema: dict[str, Any] = {"type": parameter.kind, "description": parameter.description}
            if parameter.kind == "array":
                schema["items"] = {"type": "string"}
            properties[parameter.name] = schema
        required = [parameter.name for parameter in self.parameters if parameter.required]
        return ToolSpec(self.name, self.description, {"type": "object", "properties": properties, "required": required})

    @property
    def usage(self) -> str:
        """For the text protocol: the name with its arguments."""
        arguments = ", ".join(
            f'"{parameter.name}": {parameter.kind}' + ("" if parameter.required else " (optional)")
            for parameter in self.parameters
        )
        return f"`{self.name}` {{{arguments}}}"

    async def call(self, arguments: Mapping[str, Any]) -> str:
        """Checks the arguments and does it.

        Raises:
            ToolError: an argument is missing, unknown or of the wrong type, or the tool refuses.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        unknown = sorted(set(arguments) - set(known))
        if unknown:
            raise ToolError(f"{self.name} has no argument {unknown[0]!r}; it takes {', '.join(known) or 'none'}")
        for parameter in self.parameters:
            value = arguments.get(parameter.name)
            if value is None:
                if parameter.required:
                    raise ToolError(f"{self.name} needs the argument {parameter.name!r} ({parameter.description})")
                continue
            if not isinstance(value, JSON_TYPES[parameter.kind]) or isinstance(value, bool):
                raise ToolError(f"the argument {parameter.name!r} of {self.name} must be of type {parameter.kind}")
        return await self.handler({name: value for name, value in arguments.items() if value is not None})
