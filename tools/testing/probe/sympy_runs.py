"""The test runner that SymPy had until 1.12, seen through its reporter."""

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

    def test_file(self, filename: str, *arguments: Any) -> None:
        """A test file begins."""
        self._file = str(self._watcher.recorder.relative(filename) or filename).replace(os.sep, "/")
        self._test = ""

    def entering_test(self, function: Any) -> None:
        """A test function begins."""
        self._test = "%s::%s" % (self._file, function.__name__)
        self._watcher.begin(self._test)
        self._began = time.perf_counter()
        self._watcher.deadline.start()

    def end(self, status: str, message: str = "", error: "BaseException | None" = None) -> None:
        """The test function ended; without one, the file could not be read."""
        if not self._test:
            self._watcher.recorder.finish(self._file, "error", message=message, error=error, collecting=True)
            return
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

    def test_skip(self, reason: Any = None) -> None:
        """It was skipped."""
        self.end("skipped", str(reason or ""))

    def test_fail(self, exc_info: Any) -> None:
        """An assertion failed."""
        self.end("failed", "".join(traceback.format_exception(*exc_info)), exc_info[1])

    def test_exception(self, exc_info: Any) -> None:
        """It raised something else."""
        self.end("failed", "".join(traceback.format_exception(*exc_info)), exc_info[1])

    def import_error(self, filename: str, exc_info: Any) -> None:
        """A test file cannot be imported."""
        self.test_exception(exc_info)


REPORTER_HOOKS = (
    "entering_test",
    "test_pass",
    "test_xfail",
    "test_xpass",
    "test_skip",
    "test_fail",
    "test_exception",
    "import_error",
)


def attach(plain: Any, watch: Watch, hooks: "tuple[str, ...]") -> None:
    """Have each of these methods of a class of SymPy's tell `watch` first."""
    for name in hooks:
        setattr(plain, name, told_first(getattr(plain, name), getattr(watch, name)))


def told_first(plain: Any, tell: Any) -> Any:
    """A method that tells, then does what it did."""

    def method(self: Any, *arguments: Any, **options: Any) -> Any:
        tell(*arguments)
        return plain(self, *arguments, **options)

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
    watch = Watch(watcher)
    attach(module.SymPyTests, watch, ("test_file",))
    attach(module.PyTestReporter, watch, REPORTER_HOOKS)
    files = list(dict.fromkeys(test.partition("::")[0] for test in tests))
    if files:  # wherever they lie; SymPy would look in its package only
        paths = [os.path.abspath(path) for path in files if os.path.exists(path)]
        module.SymPyTests.get_test_files = lambda *arguments: paths
    names = [test.partition("::")[2] for test in tests]
    keyword = tuple(names) if names and all(names) else ()
    return 0 if sympy.test(*files, kw=keyword, seed=1, subprocess=False, verbose="--verbose" in arguments) else 1
