"""The designs: agents in the form in which evolved ones are written too, ``async def solve(kit)``."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

from agent.kit import Kit
from tools.errors import InputError
from tools.extensions import extension_file, installed, load_extension

Solve = Callable[[Kit], Awaitable[None]]


def names() -> tuple[str, ...]:
    """The built-in designs."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def load(name: str) -> Solve:
    """The `solve` of a built-in design, of a Python file that the user names, or of an installed extension.

    A file or an extension runs in this process with the user's rights: it is theirs.

    Raises:
        InputError: there is none of that name, or the file defines no ``async def solve``.
    """
    if name in names():
        solve = importlib.import_module(f"{__name__}.{name}").solve
    elif name.endswith(".py") or name in installed("solve"):
        solve = load_extension(name, "solve")
    else:
        raise _unknown(name)
    if not inspect.iscoroutinefunction(solve):
        raise InputError(f"{name} defines no `async def solve(kit)`")
    return cast(Solve, solve)


def source_file(name: str) -> Path:
    """The file of a built-in design, of an installed one, or the one that the user names; none of it is run.

    Raises:
        InputError: there is none.
    """
    if name in names():
        return Path(__file__).parent / f"{name}.py"
    path = Path(name).expanduser() if name.endswith(".py") else extension_file(name, "solve")
    if path is None or not path.is_file():
        raise _unknown(name)
    return path


def source(name: str) -> str:
    """The code of a design, by the names of `load`, without running any of it.

    Raises:
        InputError: there is none of that name.
    """
    path = source_file(name)
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error


def _unknown(name: str) -> InputError:
    if name.endswith(".py"):
        return InputError(f"no such design file: {name}")
    known = ", ".join((*names(), *installed("solve")))
    return InputError(f"no design is called {name!r}", hint=f"there are {known}, or name a .py file")
