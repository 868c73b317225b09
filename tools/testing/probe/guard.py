"""Watches the test framework itself: code that replaces a part of it may be what makes the tests pass."""

import builtins
import sys
import types
from typing import Any, Iterator

WATCHED = ("_pytest", "pytest", "pluggy", "unittest", "treewright_probe")
CALLABLE = (types.FunctionType, types.BuiltinFunctionType, type, property, staticmethod, classmethod)


class Guard:
    """Remembers the callables of the framework and says which of them are others now.

    Args:
        relative: path of a source file within the repository, None for everything else.
    """

    def __init__(self, relative: Any) -> None:
        self._relative = relative
        self._known: "list[tuple[dict[str, Any], str, str, Any, Any]]" = []
        self._told: "set[str]" = set()

    def take(self) -> None:
        """Remember what is there; called before code of the repository runs."""
        seen: "set[int]" = set()
        for name, module in sorted(sys.modules.items()):
            if name.partition(".")[0] in WATCHED and isinstance(module, types.ModuleType):
                self._take(name, vars(module), name, seen)
        for name, value in vars(builtins).items():
            if isinstance(value, CALLABLE):
                self._known.append((vars(builtins), name, "builtins." + name, value, None))

    def _take(self, prefix: str, space: Any, module: str, seen: "set[int]") -> None:
        for name, value in list(space.items()):
            if not isinstance(value, CALLABLE) or getattr(value, "__module__", module) is None:
                continue
            self._known.append((space, name, prefix + "." + name, value, code_of(value)))
            inside = isinstance(value, type) and str(value.__module__).partition(".")[0] in WATCHED
            if inside and id(value) not in seen:
                seen.add(id(value))
                self._take(prefix + "." + name, value.__dict__, module, seen)

    def changes(self) -> "Iterator[tuple[str, str]]":
        """Names that hold something else now, each once, with the file its code is of."""
        for space, name, full, value, code in self._known:
            now = space.get(name)
            if now is value and (code is None or code_of(now) is code):
                continue
            if full not in self._told:
                self._told.add(full)
                yield full, self._origin(now)

    def _origin(self, value: Any) -> str:
        code = code_of(value)
        if code is None:
            return ""
        path = self._relative(code.co_filename)
        if path is not None:
            return str(path)
        return "" if code.co_filename.startswith("<") else "installed"


def code_of(value: Any) -> Any:
    """The code of a function, or of what a descriptor wraps."""
    if isinstance(value, property):
        value = value.fget
    value = getattr(value, "__func__", value)
    return getattr(value, "__code__", None)
