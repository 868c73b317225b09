"""What users add: a Python file of theirs, or an installed package that names it as an entry point.

Either runs in this process with the user's rights. It is theirs: nothing of a repository or of a model gets here.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from tools.errors import InputError

GROUPS = {"solve": "designs", "policy": "policies", "tools": "tools", "tasks": "tasks", "strategy": "strategies"}
"""By the name that a file defines: the group of entry points is ``treewright.`` with the value."""


def installed(attribute: str) -> tuple[str, ...]:
    """Names of the extensions that installed packages bring, for what is called `attribute` in a file."""
    return tuple(sorted(point.name for point in _points(attribute)))


def load_extension(name: str, attribute: str) -> object:
    """What a file defines as `attribute`, or what the entry point `name` stands for.

    Args:
        name: a path that ends in ``.py``, or the name of an entry point of the group ``treewright.GROUP``.
        attribute: ``solve`` (designs), ``policy`` (policies), ``tools`` (tools), ``tasks`` (tasks) or ``strategy``
            (strategies).

    Raises:
        InputError: there is none, it cannot be imported, or it defines no such thing.
    """
    if name.endswith(".py"):
        found = getattr(_module(Path(name).expanduser()), attribute, None)
        if found is None:
            raise InputError(f"{name} defines no `{attribute}`", hint="see the page `Extending` of the documentation")
        return found
    for point in _points(attribute):
        if point.name == name:
            try:
                return point.load()
            except (ImportError, AttributeError, SyntaxError) as error:
                raise InputError(f"the extension {name} ({point.value}) cannot be loaded: {error}") from error
    raise InputError(f"nothing is called {name!r} in {GROUPS[attribute]}", hint="name a .py file, or install it")


def extension_file(name: str, attribute: str) -> Path | None:
    """The file of an entry point, found without running it; None when there is none of that name."""
    for point in _points(attribute):
        if point.name == name:
            try:
                spec = importlib.util.find_spec(point.module)
            except ImportError:
                return None
            return Path(spec.origin) if spec and spec.origin else None
    return None


def _points(attribute: str) -> tuple[importlib.metadata.EntryPoint, ...]:
    return tuple(importlib.metadata.entry_points(group=f"treewright.{GROUPS[attribute]}"))


def _module(path: Path) -> ModuleType:
    """The file as a module of its own, run anew each time."""
    if not path.is_file():
        raise InputError(f"no such file: {path}")
    name = f"treewright_extension_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and type hints look their module up
    try:
        spec.loader.exec_module(module)
    except (SyntaxError, ImportError, NameError) as error:
        raise InputError(f"{path} cannot be imported: {error}") from error
    return module
