"""The tables of the swebench package, without what else importing it brings: 6 s of processor time and `datasets`."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
from pathlib import Path
from types import ModuleType

from tools.errors import InputError, extra

_INSTALL = extra("swebench")
_PARENTS = ("swebench", "swebench.harness")
_ALONE = threading.Lock()


def constants() -> ModuleType:
    """The module `swebench.harness.constants`, whose parents are not run.

    Raises:
        InputError: the package is not installed.
    """
    with _ALONE:  # a module that another thread is importing is there, but empty
        return sys.modules.get(f"{_PARENTS[-1]}.constants") or _imported()


def _imported() -> ModuleType:
    found = importlib.util.find_spec("swebench")
    if found is None or not found.submodule_search_locations:
        raise InputError("the benchmark's tables need the package swebench 4.1.0", hint=_INSTALL)
    top = Path(found.submodule_search_locations[0])
    stand_ins = [name for name in _PARENTS if name not in sys.modules]
    for name in stand_ins:
        module = ModuleType(name)
        module.__path__ = [str(top.joinpath(*name.split(".")[1:]))]
        sys.modules[name] = module
    try:
        return importlib.import_module(f"{_PARENTS[-1]}.constants")
    finally:  # who imports the package itself gets all of it
        for name in stand_ins:
            del sys.modules[name]
