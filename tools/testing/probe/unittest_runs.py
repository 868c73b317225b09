"""unittest, and every runner that is built on it (Django's), seen through TestSuite.run."""

import os
import runpy
import sys
import time
import traceback
import unittest
import unittest.suite
from typing import Any, Iterator

from .deadline import TestTimeout
from .recorder import bounded

UNITTEST = os.path.dirname(unittest.__file__) + os.sep
FAILED_TEST = "unittest.loader._FailedTest."
ERROR_HOLDER = unittest.suite._ErrorHolder  # type: ignore[attr-defined]
FIXTURES = ("setUpClass", "setUpModule")


class State:
    """The test that is running.

    Attributes:
        watcher: records, limits, counts lines.
        order: the tests of the suite, those that ran taken out.
        running: a suite runs; suites that its tests run are their own affair.
        inside: a test runs.
        status: worst seen of the test so far, with its message and exception.
    """

    def __init__(self, watcher: Any) -> None:
        self.watcher = watcher
        self.order: "dict[str, None]" = {}
        self.began = 0.0
        self.status: "tuple[str, str, BaseException | None]" = ("", "", None)
        self.running = False
        self.inside = False

    def set(self, status: str, message: str = "", error: "BaseException | None" = None) -> None:
        """Keep the first thing that went wrong."""
        if isinstance(error, TestTimeout):
            status = "timeout"
        if self.status[0] in ("", "passed"):
            self.status = (status, message, error)


def name_of(test: Any) -> str:
    """The id of a test; of a module that cannot be imported, the module."""
    asked = getattr(test, "treewright_asked", "")
    if asked:
        return str(asked)
    name = str(test.id())
    return name[len(FAILED_TEST) :] if name.startswith(FAILED_TEST) else name


def tests_in(suite: Any) -> "Iterator[Any]":
    """The tests of a suite, in order."""
    try:
        parts = iter(suite)
    except TypeError:
        yield suite
        return
    for part in parts:
        for test in tests_in(part):
            yield test


def loads(suite: Any) -> bool:
    """Whether all tests of a suite were found."""
    return not any(str(test.id()).startswith(FAILED_TEST) for test in tests_in(suite))


def record_end(state: State, test: Any) -> None:
    """Write how a test ended."""
    state.watcher.deadline.stop()
    # Python 3.12.1 stops skipped tests that it did not start
    seconds = time.perf_counter() - state.began if state.inside else 0.0
    state.inside = False
    name = name_of(test)
    state.order.pop(name, None)
    state.watcher.end(name)
    status, message, error = state.status
    state.status = ("", "", None)
    collecting = str(test.id()).startswith(FAILED_TEST)
    state.watcher.recorder.finish(
        name, status or "error", seconds=seconds, message=message, error=error, collecting=collecting
    )


def watching(state: State, base: type) -> type:
    """A result class like `base` that also records."""

    class Watching(base):  # type: ignore[misc]
        def startTest(self, test: Any) -> None:
            name = name_of(test)
            super().startTest(test)
            describe = getattr(self, "getDescription", str)
            state.watcher.begin(name, bounded(str(describe(test))))
            state.began = time.perf_counter()
            state.inside = True
            state.watcher.deadline.start()

        def stopTest(self, test: Any) -> None:
            record_end(state, test)
            super().stopTest(test)

        def addSuccess(self, test: Any) -> None:
            state.set("passed")
            super().addSuccess(test)

        def addFailure(self, test: Any, err: Any) -> None:
            state.set("failed", formatted(err), err[1])
            super().addFailure(test, err)

        def addError(self, test: Any, err: Any) -> None:
            if isinstance(test, ERROR_HOLDER):
                fixture_failed(state, test.description, err)
            else:
                state.set("error", formatted(err), err[1])
            super().addError(test, err)

        def addSkip(self, test: Any, reason: str) -> None:
            if isinstance(test, ERROR_HOLDER):
                for name in below(state, test.description):
                    state.watcher.recorder.finish(name, "skipped", message=reason)
            else:
                state.set("skipped", reason)
            super().addSkip(test, reason)

        def addExpectedFailure(self, test: Any, err: Any) -> None:
            state.set("xfailed", formatted(err))
            super().addExpectedFailure(test, err)

        def addUnexpectedSuccess(self, test: Any) -> None:
            state.set("xpassed")
            super().addUnexpectedSuccess(test)

        def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
            if err is not None:
                status = "failed" if issubclass(err[0], test.failureException) else "error"
                state.set(status, "%s\n%s" % (subtest, formatted(err)), err[1])
            super().addSubTest(test, subtest, err)

    return Watching


def formatted(err: Any) -> str:
    """The traceback of an exception, without the frames of unittest, as unittest itself prints it."""
    whole = traceback.TracebackException(*err)
    shown: "list[Any]" = [whole]
    while shown:
        one = shown.pop()
        own = [frame for frame in one.stack if not frame.filename.startswith(UNITTEST)]
        if own:
            one.stack = traceback.StackSummary.from_list(own)
        shown += [inner for inner in (one.__cause__, one.__context__) if inner is not None]
    return "".join(whole.format())


def below(state: State, description: str) -> "list[str]":
    """The tests that a failed or skipped `setUpClass (module.Class)` keeps from running."""
    fixture, _, where = description.partition(" (")
    where = where.rstrip(")") + "."
    if fixture not in FIXTURES:
        return []
    names = [name for name in state.order if name.startswith(where)]
    for name in names:
        del state.order[name]
    return names


def fixture_failed(state: State, description: str, err: Any) -> None:
    """A failed fixture is an error of each test it keeps from running; else of its own."""
    status = "timeout" if isinstance(err[1], TestTimeout) else "error"
    for name in below(state, description) or [description]:
        state.watcher.recorder.finish(name, status, message=formatted(err), error=err[1])


def watch(watcher: Any) -> None:
    """Record every test that a suite runs from now on."""
    state = State(watcher)
    plain_run = unittest.TestSuite.run
    plain_fixture = unittest.TestSuite._handleClassSetUp  # type: ignore[attr-defined]

    def run(self: Any, result: Any, debug: bool = False) -> Any:
        if state.running:
            return plain_run(self, result, debug)
        names = [name_of(test) for test in tests_in(self)]
        state.order = dict.fromkeys(names)
        watcher.recorder.collected(names)
        plain_class = result.__class__
        result.__class__ = watching(state, plain_class)
        state.running = True
        try:
            return plain_run(self, result, debug)
        finally:
            state.running = False
            result.__class__ = plain_class

    def set_up_class(self: Any, test: Any, result: Any) -> None:
        if state.inside:
            plain_fixture(self, test, result)
            return
        watcher.deadline.start()
        try:
            plain_fixture(self, test, result)
        except TestTimeout:
            kind = type(test)
            kind._classSetupFailed = True
            fixture_failed(state, "setUpClass (%s.%s)" % (kind.__module__, kind.__qualname__), sys.exc_info())
        finally:
            watcher.deadline.stop()

    unittest.TestSuite.run = run  # type: ignore[method-assign]
    unittest.TestSuite._handleClassSetUp = set_up_class  # type: ignore[attr-defined]


def exit_code(error: SystemExit) -> int:
    """The exit code of a program that ends with `error`."""
    if error.code is None:
        return 0
    return error.code if isinstance(error.code, int) else 1


def run(watcher: Any, arguments: "list[str]", tests: "list[str]") -> int:
    """Run `python -m unittest` with `arguments`, or only `tests`: dotted names below the top folder."""
    watch(watcher)
    watcher.enter_repository()
    sys.argv = ["python -m unittest"] + arguments
    if not tests:
        try:
            unittest.main(module=None)
        except SystemExit as error:
            return exit_code(error)
        return 0
    if watcher.top not in sys.path:
        sys.path.insert(0, watcher.top)
    suite = unittest.TestSuite()
    for test in tests:
        part = unittest.defaultTestLoader.loadTestsFromName(test)
        for case in tests_in(part):
            if case.id().startswith(FAILED_TEST):
                case.treewright_asked = test
        suite.addTest(part)
    if watcher.hot is not None and not (loads(suite) and watcher.hot.branch(watcher.reopen)):
        return 0  # this process only loaded the tests
    return 0 if unittest.TextTestRunner().run(suite).wasSuccessful() else 1


def run_script(watcher: Any, arguments: "list[str]", tests: "list[str]") -> int:
    """Run a script that runs unittest suites (manage.py test, runtests.py), its `tests` as last arguments."""
    watch(watcher)
    script = arguments[0]
    sys.argv = arguments + tests
    watcher.enter_repository(os.path.dirname(os.path.abspath(script)))
    sys.path.append(os.getcwd())  # for a repository that is not installed
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as error:
        return exit_code(error)
    return 0
