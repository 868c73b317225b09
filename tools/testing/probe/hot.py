"""Edits of function bodies tried in forks of a process that has collected the tests: only the function is compiled.

A fork gives the functions that are alive the code of the edited source and runs the tests on. That is as if the file
had been edited, unless the function ran while the tests were collected, or its code is not to be had from the function
alone: then the edit is left to be tried in the slow way.
"""

import gc
import os
import sys
import types
from typing import Any, Callable, Dict, List, Optional, Tuple

from .batch import EXIT, save, wait_for

Place = Tuple[str, int, str]


class Early:
    """The functions that run before the tests do."""

    def __init__(self) -> None:
        self.seen: "Dict[int, types.CodeType]" = {}

    def start(self) -> None:
        """Begin to watch this thread."""
        sys.settrace(self._trace)

    def stop(self) -> None:
        """End it."""
        if sys.gettrace() == self._trace:
            sys.settrace(None)

    def _trace(self, frame: Any, event: "str", argument: Any) -> None:
        self.seen[id(frame.f_code)] = frame.f_code


class Hot:
    """The edits of one batch that may be made in memory.

    Args:
        jobs: {"report", "path", "name", "line", "text"}: the file, relative to the root, the name and first line of
            the outermost function around the edit, and source in which it stands at its place, edited.
        root: of the repository.
        seconds: after which a run is given up.
    """

    def __init__(self, jobs: "List[Dict[str, Any]]", root: str, seconds: float) -> None:
        self._jobs = jobs
        self._root = os.path.realpath(root)
        self._seconds = seconds
        self._early = Early()
        self._early.start()

    def branch(self, reopen: "Callable[[str], None]") -> bool:
        """Runs the jobs one after another, each in a fork; whether this is one of the forks, which runs the tests."""
        self._early.stop()
        functions = self._functions()
        if hasattr(gc, "freeze"):
            gc.freeze()
        for job in self._jobs:
            found = functions.get((os.path.join(self._root, job["path"]), job["line"], job["name"]), [])
            codes = self._codes(found, job)
            if codes is None:
                continue
            child = os.fork()
            if not child:
                os.setsid()
                for every in functions.values():
                    for function in every:
                        if function.__code__ in codes:
                            function.__code__ = codes[function.__code__]
                reopen(job["report"])
                return True
            save(job["report"] + EXIT, str(wait_for(child, self._seconds)).encode("ascii"))
        return False

    def _functions(self) -> "Dict[Place, List[types.FunctionType]]":
        paths = {os.path.join(self._root, job["path"]) for job in self._jobs}
        real: "Dict[str, str]" = {}
        found: "Dict[Place, List[types.FunctionType]]" = {}
        for each in gc.get_objects():
            if type(each) is types.FunctionType:
                code = each.__code__
                name = code.co_filename
                path = real.get(name)
                if path is None:
                    path = real[name] = os.path.realpath(name)
                if path in paths:
                    found.setdefault((path, code.co_firstlineno, code.co_name), []).append(each)
        return found

    def _codes(
        self, functions: "List[types.FunctionType]", job: "Dict[str, Any]"
    ) -> "Optional[Dict[types.CodeType, types.CodeType]]":
        """Old code -> new code; None when the function is not there, ran already, or does not fit."""
        if not functions:
            return None
        old = functions[0].__code__
        try:
            module = compile(job["text"], old.co_filename, "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            return None
        new = _find(module, job["name"], job["line"])
        pairs: "Dict[types.CodeType, types.CodeType]" = {}
        if new is None or not _pair(old, new, pairs):
            return None
        if any(id(code) in self._early.seen for code in pairs):
            return None
        return pairs


def _inner(code: "types.CodeType") -> "List[types.CodeType]":
    return [each for each in code.co_consts if isinstance(each, types.CodeType)]


def _find(code: "types.CodeType", name: str, line: int) -> "Optional[types.CodeType]":
    for each in _inner(code):
        if each.co_name == name and each.co_firstlineno == line:
            return each
        found = _find(each, name, line)
        if found is not None:
            return found
    return None


def _pair(old: "types.CodeType", new: "types.CodeType", pairs: "Dict[types.CodeType, types.CodeType]") -> bool:
    """Pairs a function and those inside it; whether all have the same free variables."""
    if old.co_freevars != new.co_freevars:
        return False
    pairs[old] = new
    ours, theirs = _named(old), _named(new)
    return all(_pair(ours[key], theirs[key], pairs) for key in ours if key in theirs)


def _named(code: "types.CodeType") -> "Dict[Tuple[str, int], types.CodeType]":
    found: "Dict[Tuple[str, int], types.CodeType]" = {}
    counts: "Dict[str, int]" = {}
    for each in _inner(code):
        if each.co_name[:1] != "<":  # comprehensions and lambdas come and go
            counts[each.co_name] = counts.get(each.co_name, 0) + 1
            found[each.co_name, counts[each.co_name]] = each
    return found
