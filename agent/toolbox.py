"""Tools of one's own: functions that a model may call besides the built-in ones.

A Python file, or an installed extension, lists them as ``tools``::

    async def lint(repository: Repository, path: Annotated[str, "a file"], limit: int = 20) -> str:
        "shows what the linter says of a file"
        return await repository.run(f"python -m pyflakes {shlex.quote(path)} | head -n {limit}")

    tools = (lint,)

The model sees the function's name, the first paragraph of its docstring, and its arguments: text, whole numbers and
lists of text. The function runs in this process with the user's rights; what it does with `Repository.run` happens in
the sandbox.
"""

from __future__ import annotations

import asyncio
import inspect
import typing
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from agent.roles.tools import Parameter, Tool, ToolError
from tools.errors import InputError
from tools.extensions import load_extension

KINDS: Mapping[object, str] = {str: "string", int: "integer", list[str]: "array"}


class Repository(Protocol):
    """The repository as the model has left it so far."""

    def paths(self) -> Sequence[str]:
        """All files, sorted."""
        ...

    def read(self, path: str) -> str:
        """A file's text.

        Raises:
            ToolError: there is no such file.
        """
        ...

    async def run(self, command: str) -> str:
        """What a shell command prints at the root of the repository, in the sandbox, and how it ended.

        Changes to files of the repository last. The same command on the same files is not run again on a resume.
        """
        ...


Function = Callable[..., Awaitable[str] | str]


@dataclass(frozen=True)
class OwnTool:
    """A tool before it is bound to a repository.

    Attributes:
        description: what the model is told.
        function: takes a `Repository`, then the parameters by name.
    """

    name: str
    description: str
    parameters: tuple[Parameter, ...]
    function: Function

    def bind(self, repository: Repository) -> Tool:
        """The tool, on one repository."""

        async def handler(arguments: Mapping[str, Any]) -> str:
            return await self._call(repository, arguments)

        return Tool(self.name, self.description, self.parameters, handler)

    async def _call(self, repository: Repository, arguments: Mapping[str, Any]) -> str:
        try:
            if inspect.iscoroutinefunction(self.function):
                said = await self.function(repository, **arguments)
            else:
                said = await asyncio.to_thread(self.function, repository, **arguments)
        except (InputError, ValueError, LookupError) as error:
            raise ToolError(f"{type(error).__name__}: {error}") from error
        return str(said)


def read_tools(sources: Sequence[str]) -> tuple[OwnTool, ...]:
    """The tools of Python files and installed extensions.

    Raises:
        InputError: a source has none, a function cannot be a tool, or two have one name.
    """
    found: dict[str, OwnTool] = {}
    for source in sources:
        listed = load_extension(source, "tools")
        if not isinstance(listed, list | tuple) or not listed:
            raise InputError(f"`tools` of {source} is no list of functions")
        for function in listed:
            tool = as_tool(function)
            if tool.name in found:
                raise InputError(f"there are two tools called {tool.name!r}")
            found[tool.name] = tool
    return tuple(found.values())


def as_tool(function: Function) -> OwnTool:
    """A tool, from a function's name, docstring and type hints.

    Raises:
        InputError: it has no docstring, or an argument is of a type that no tool call carries.
    """
    name = getattr(function, "__name__", "")
    if not callable(function) or not name:
        raise InputError(f"{function!r} is no function, and so no tool")
    description = " ".join((inspect.getdoc(function) or "").partition("\n\n")[0].split())
    if not description:
        raise InputError(f"the tool {name} has no docstring", hint="it is what tells the model what the tool does")
    hints = typing.get_type_hints(function, include_extras=True)
    taken = list(inspect.signature(function).parameters.values())[1:]  # the first is the repository
    return OwnTool(name, description, tuple(_parameter(name, each, hints.get(each.name)) for each in taken), function)


def _parameter(tool: str, parameter: inspect.Parameter, hint: object) -> Parameter:
    said = ""
    if typing.get_origin(hint) is Annotated:
        hint, *notes = typing.get_args(hint)
        said = next((note for note in notes if isinstance(note, str)), "")
    if hint not in KINDS:
        raise InputError(
            f"the argument {parameter.name!r} of the tool {tool} has no type that a call can carry",
            hint="annotate it with str, int or list[str]",
        )
    required = parameter.default is inspect.Parameter.empty
    return Parameter(parameter.name, KINDS[hint], said or parameter.name, required)


__all__ = ["OwnTool", "Repository", "ToolError", "as_tool", "read_tools"]
