"""SymPy's own test runner, seen through its reporter."""

import importlib
import os
import time
import traceback
from typing import Any

from .deadline import CatchableTimeout, TestTimeout


class Watch:
    """Records what SymPy's reporter is told."""

    def __init__(self, watcher: Any) -> None:
        self._watcher = watcher
        self._file = ""
        self._test = ""
        self._began = 0.0

    def entering_filename(self, filename: str) -> None:
        """A test file begins."""
        self._file = os.path.relpath(os.path.realpath(filename), self._watcher.recorder.root).replace(os.sep, "/")

    def entering_test(self, function: Any) -> None:
        """A test function begins."""
        self._test = "%s::%s" % (self._file, function.__name__)
        self._watcher.begin(self._test)
        self._began = time.perf_counter()
        self._watcher.deadline.start()

    def end(self, status: str, message: str = "", error: "BaseException | None" = None) -> None:
        """The test function ended."""
        self._watcher.deadline.stop()
        self._watcher.end(self._test)
        if isinstance(error, TestTimeout):
            status = "timeout"
        self._watcher.recorder.finish(
            self._test, status, seconds=time.perf_counter() - self._began, message=message, error=error
        )

    def test_pass(self, *arguments: Any) -> None:
        """It passed."""
        self.end("passed")

    def test_xfail(self) -> None:
        """It failed as expected."""
        self.end("xfailed")

    def test_xpass(self, *arguments: Any) -> None:
        """It passed against expectation."""
        self.end("xpassed")

    def test_skip(self, reason: Any = "") -> None:
        """It was skipped."""
        self.end("skipped", str(reason))

    def test_fail(self, exc_info: Any) -> None:
        """An assertion failed."""
        self.end("failed", "".join(traceback.format_exception(*exc_info)), exc_info[1])

    def test_exception(self, exc_info: Any) -> None:
        """It raised something else."""
        self.end("failed", "".join(traceback.format_exception(*exc_info)), exc_info[1])

    def import_error(self, filename: str, exc_info: Any) -> None:
        """A test file cannot be imported."""
        self.entering_filename(filename)
        message = "".join(traceback.format_exception(*exc_info))
        self._watcher.recorder.finish(self._file, "error", message=message, error=exc_info[1], collecting=True)


HOOKS = [name for name in vars(Watch) if name.startswith(("entering_", "test_", "import_"))]


def attach(reporter: type, watch: Watch) -> None:
    """Have each method of SymPy's reporter tell `watch` first."""
    for name in HOOKS:
        setattr(reporter, name, told_first(getattr(reporter, name), getattr(watch, name)))


def told_first(plain: Any, tell: Any) -> Any:
    """A method that tells, then does what it did."""

    def method(self: Any, *arguments: Any) -> Any:
        tell(*arguments)
        return plain(self, *arguments)

    return method


def run(watcher: Any, arguments: "list[str]", tests: "list[str]") -> int:
    """Run `sympy.test` on the files of `tests`, all when empty, with its fixed seed and without its cache clearing."""
    watcher.deadline.error = CatchableTimeout  # the runner of SymPy ends the run on anything else
    watcher.enter_repository()
    if "-C" in arguments:
        os.environ["SYMPY_USE_CACHE"] = "no"
    sympy = importlib.import_module("sympy")
    try:
        module = importlib.import_module("sympy.testing.runtests")
    except ImportError:
        module = importlib.import_module("sympy.utilities.runtests")
    attach(module.PyTestReporter, Watch(watcher))
    files = list(dict.fromkeys(test.partition("::")[0] for test in tests))
    names = [test.partition("::")[2] for test in tests]
    keyword = tuple(names) if names and all(names) else ()
    return 0 if sympy.test(*files, kw=keyword, seed=1, subprocess=False, verbose=False) else 1
