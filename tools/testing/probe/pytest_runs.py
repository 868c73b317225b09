"""pytest, from 3.0 on, seen through its hooks.

Nothing of the repository's own options is thrown away as text: `addopts` often holds what its tests need
(`--doctest-modules`, `-p`, `--strict-markers`). What would hide tests, spread them over processes or fight over the
trace function is switched off by value once pytest has parsed it.
"""

import os
import shutil
import sys
import time
from typing import Any, Iterator

import pytest

from .deadline import TestTimeout

COLLECTION_SECONDS = 60.0
NO_TESTS = 5

# option -> value that makes it harmless; only those that the installed plugins know are set
HARMLESS: "dict[str, Any]" = {
    "maxfail": 0,  # -x, --maxfail: one failure must not hide the others
    "stepwise": False,
    "continue_on_collection_errors": True,
    "usepdb": False,
    "numprocesses": None,  # pytest-xdist: workers are other processes
    "dist": "no",
    "tx": [],
    "looponfail": False,
    "cov_source": [],  # pytest-cov: one trace function only
    "reruns": 0,  # pytest-rerunfailures: flaky tests are to be seen
    "timeout": 0,  # pytest-timeout: one alarm only
    "randomly_reorganize": False,
    "randomly_seed": 0,
    "random_order_bucket": "none",
}


class Watch:
    """A pytest plugin that records what happens to each test."""

    def __init__(self, watcher: Any, tests: "list[str]") -> None:
        self._watcher = watcher
        self._recorder = watcher.recorder
        self._deadline = watcher.deadline
        self._wanted = tests
        self._prefix = ""
        self._reports: "list[Any]" = []
        self._errors: "dict[str, BaseException]" = {}

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_load_initial_conftests(self, early_config: Any) -> "Iterator[None]":
        """Before plugins such as pytest-cov start."""
        tame(early_config.known_args_namespace)
        yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_cmdline_main(self, config: Any) -> "Iterator[None]":
        """Before the run, when all options are known."""
        tame(config.option)
        root = str(getattr(config, "rootpath", None) or config.rootdir)
        self._prefix = os.path.relpath(os.path.realpath(root), self._recorder.root)
        yield

    def pytest_sessionstart(self) -> None:
        """After pytest's own faulthandler plugin."""
        self._watcher.enable_faulthandler()

    def name(self, nodeid: str) -> str:
        """A node id with its path relative to the repository instead of pytest's root folder."""
        path, colons, rest = nodeid.partition("::")
        if self._prefix != ".":
            path = os.path.normpath(os.path.join(self._prefix, path))
        return path.replace(os.sep, "/") + colons + rest

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, config: Any, items: "list[Any]") -> "Iterator[None]":
        """Keep the tests that are wanted, after the repository had its say."""
        yield
        if self._wanted:
            kept = [item for item in items if self._is_wanted(self.name(item.nodeid))]
            config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
            items[:] = kept
        self._recorder.collected([self.name(item.nodeid) for item in items])

    def _is_wanted(self, name: str) -> bool:
        return any(
            name == wanted or name.startswith((wanted + "::", wanted + "[", wanted.rstrip("/") + "/"))
            for wanted in self._wanted
        )

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: Any) -> "bool | None":
        """With edits to try in memory: each in a fork that runs the tests, and none here."""
        hot = self._watcher.hot
        if hot is None:
            return None
        if session.testsfailed or not session.items:
            return True
        if hot.branch(self._watcher.reopen):
            self._recorder = self._watcher.recorder
            session.config.option.tbstyle = "native"  # source of tracebacks costs more than most tests
            session.config.hook.pytest_terminal_summary = nothing  # nobody reads what plugins would write for seconds
            self._recorder.collected([self.name(item.nodeid) for item in session.items])
            return None
        return True

    @pytest.hookimpl(hookwrapper=True)
    def pytest_make_collect_report(self) -> "Iterator[None]":
        """A module whose import hangs ends as an error of that module."""
        self._deadline.start(at_least=COLLECTION_SECONDS)
        yield
        self._deadline.stop()

    def pytest_collectreport(self, report: Any) -> None:
        """A file that cannot be collected, or skips itself as a whole, is an outcome of its own."""
        if report.skipped:
            self._recorder.finish(self.name(report.nodeid), "skipped", message=text_of(report))
        elif report.failed:
            self._recorder.finish(self.name(report.nodeid), "error", message=text_of(report), collecting=True)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: Any) -> "Iterator[None]":
        """One test, from set-up to tear-down."""
        name = self.name(item.nodeid)
        self._reports, self._errors = [], {}
        self._watcher.begin(name)
        began = time.perf_counter()
        yield
        seconds = time.perf_counter() - began
        self._watcher.end(name)
        errors = [self._errors[phase] for phase in ("setup", "call", "teardown") if phase in self._errors]
        error = errors[0] if errors else None
        status, report = verdict(self._reports, error)
        message = text_of(report)
        if status == "passed" and error is not None:
            status, message = "failed", "it raised %s, and a hook reported a pass" % type(error).__name__
        if status:
            bad = status in ("failed", "error", "timeout")
            self._recorder.finish(
                name,
                status,
                seconds=seconds,
                message=message,
                error=error if bad else None,
                crash=self._crash(report) if bad else None,
            )

    def _crash(self, report: Any) -> "tuple[str, list[tuple[str, int, str]]] | None":
        """What the text of a report says about its exception; a subtest leaves nothing else."""
        crash = getattr(getattr(report, "longrepr", None), "reprcrash", None)
        if crash is None:
            return None
        entries = getattr(report.longrepr.reprtraceback, "reprentries", [])
        places = [entry.reprfileloc for entry in entries if getattr(entry, "reprfileloc", None) is not None]
        frames = [(self._recorder.relative(str(place.path)), place.lineno, "") for place in places]
        return str(crash.message).split("\n")[0][:500], [frame for frame in frames if frame[0] is not None]

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_setup(self) -> "Iterator[None]":
        """Limit the set-up."""
        self._deadline.start()
        yield
        self._deadline.stop()

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_call(self) -> "Iterator[None]":
        """Limit the test itself."""
        self._deadline.start()
        yield
        self._deadline.stop()

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> "Iterator[None]":
        """Limit the tear-down."""
        self._deadline.start()
        yield
        self._deadline.stop()

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, call: Any) -> "Iterator[None]":
        """What a phase raised, whatever its report will say; of a phase that is run again, the last time."""
        yield  # pytest's unittest support puts the exception in only now
        if call.excinfo is not None:
            self._errors[call.when] = call.excinfo.value
        else:
            self._errors.pop(call.when, None)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """The report of a phase as the repository's own hooks left it."""
        if report.outcome == "rerun":
            self._reports, self._errors = [], {}
        else:
            self._reports.append(report)

    def pytest_internalerror(self, excrepr: Any) -> None:
        """A bug of pytest, a plugin or a conftest."""
        self._recorder.write("problem", text="pytest broke: " + str(excrepr)[-2000:])

    def pytest_keyboard_interrupt(self, excinfo: Any) -> None:
        """The run was ended by the repository or from outside."""
        self._recorder.write("problem", text="run ended early: %s" % (str(excinfo.value) or "interrupted"))


def tame(options: Any) -> None:
    """Make what is in `HARMLESS` harmless."""
    for name, value in HARMLESS.items():
        if hasattr(options, name):
            setattr(options, name, value)


def nothing(*arguments: Any, **options: Any) -> None:
    """A hook that does nothing."""


def verdict(reports: "list[Any]", error: "BaseException | None") -> "tuple[str, Any]":
    """The status of a test and the report that says why, from the reports of its phases and subtests."""
    for report in reports:
        if report.failed:
            if isinstance(error, TestTimeout):
                return "timeout", report
            return ("failed" if report.when == "call" else "error"), report
    own = [report for report in reports if not hasattr(report, "context")]
    for report in own:
        if report.skipped:
            return ("xfailed" if hasattr(report, "wasxfail") else "skipped"), report
    for report in own:
        if report.when == "call" and report.passed:
            return ("xpassed" if hasattr(report, "wasxfail") else "passed"), None
    return "", None


def text_of(report: Any) -> str:
    """The traceback or reason of a report; None has none."""
    longrepr = getattr(report, "longrepr", None)
    if isinstance(longrepr, tuple):
        return str(longrepr[-1])
    return str(getattr(report, "wasxfail", "") or longrepr or "")


def run(watcher: Any, arguments: "list[str]", tests: "list[str]") -> int:
    """Run pytest with the repository's configuration; its exit code."""
    cache = watcher.report + ".cache"  # not in the work tree, and without a memory of earlier runs
    shutil.rmtree(cache, ignore_errors=True)
    paths = dict.fromkeys(test.partition("::")[0] for test in tests)
    files = [os.path.relpath(os.path.join(watcher.recorder.root, path)) for path in paths]
    files = [path for path in files if os.path.exists(path)]  # pytest runs nothing when one of many is not there
    if tests and not files:
        return NO_TESTS
    sys.argv = ["pytest"] + arguments + files
    watcher.enter_repository()
    return int(pytest.main(sys.argv[1:] + ["-o", "cache_dir=" + cache], plugins=[Watch(watcher, tests)]))
