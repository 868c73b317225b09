"""The designs: agents in the form in which evolved ones are written too, ``async def solve(kit)``."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import pkgutil
from collections.abc import Awaitable, Callable
from pathlib import Path

from agent.kit import Kit
from tools.errors import InputError

Solve = Callable[[Kit], Awaitable[None]]


def names() -> tuple[str, ...]:
    """The built-in designs."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def load(name: str) -> Solve:
    """The `solve` of a built-in design, or of a Python file that the user names.

    Such a file runs in this process with the user's rights: it is theirs.

    Raises:
        InputError: there is none of that name, or the file defines no ``async def solve``.
    """
    if name.endswith(".py"):
        solve = _from_file(Path(name))
    elif name in names():
        solve = importlib.import_module(f"{__name__}.{name}").solve
    else:
        raise InputError(f"no design is called {name!r}", hint=f"there are {', '.join(names())}, or name a .py file")
    if not inspect.iscoroutinefunction(solve):
        raise InputError(f"{name} defines no `async def solve(kit)`")
    return solve


def _from_file(path: Path) -> object:
    if not path.is_file():
        raise InputError(f"no such design file: {path}")
    spec = importlib.util.spec_from_file_location("treewright_design", path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (SyntaxError, ImportError, NameError) as error:
        raise InputError(f"{path} cannot be imported: {error}") from error
    return getattr(module, "solve", None)
