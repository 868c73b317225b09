"""Stopping a test that takes too long: first an exception with its traceback, then the process."""

import faulthandler
import os
import signal
import time
from typing import Any


class TestTimeout(BaseException):
    """Raised in a test that used up its time; no `except Exception` of the test stops it."""

    __test__ = False


class CatchableTimeout(TestTimeout, Exception):
    """For runners that catch no more than `Exception`."""


class Deadline:
    """A limit for one phase of one test at a time.

    SIGALRM raises `TestTimeout` in the main thread, again and again when the test swallows it. What blocks signals
    or holds the interpreter's lock is ended by faulthandler's own thread, which needs neither: it writes the
    tracebacks of all threads to the report and exits; the tests after that one are missing from the report.
    A forked child has neither limit.

    Attributes:
        seconds: of a phase; 0 means no limit.
        error: what is raised.
    """

    def __init__(self, seconds: float, fd: int) -> None:
        self.seconds = seconds
        self.error: "type[TestTimeout]" = TestTimeout
        self._fd = fd
        self._armed = False
        self._limit = 0.0
        self._old: Any = None
        self._hard_stop = 0.0
        self._guard_forks()

    def start(self, at_least: float = 0.0) -> None:
        """Begin a phase of `seconds`, or `at_least`."""
        if not self.seconds:
            return
        self._limit = max(self.seconds, at_least)
        try:
            self._old = signal.signal(signal.SIGALRM, self._alarm)
        except ValueError:  # not in the main thread
            self._old = None
        else:
            self._armed = True
            signal.setitimer(signal.ITIMER_REAL, self._limit, max(0.5, self._limit / 4))
        self._hard_stop = time.monotonic() + self._limit * 1.5 + 2
        self._watch()

    def stop(self) -> None:
        """End the phase."""
        if not self.seconds:
            return
        self._armed = False
        self._hard_stop = 0.0
        faulthandler.cancel_dump_traceback_later()
        if self._old is not None:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self._old)
            self._old = None

    def reopen(self, seconds: float, fd: int) -> None:
        """In a fork that goes on with the tests: limit them again, and write to another report."""
        self.seconds = seconds
        self._fd = fd

    def _alarm(self, number: int, frame: object) -> None:
        if self._armed:
            raise self.error("stopped after %g s" % self._limit)

    def _watch(self) -> None:
        if self._hard_stop:
            left = max(0.01, self._hard_stop - time.monotonic())
            faulthandler.dump_traceback_later(left, exit=True, file=self._fd)

    def _in_child(self) -> None:
        self.seconds = 0

    def _guard_forks(self) -> None:
        """Stop faulthandler's thread around a fork: a child, which lacks it, would wait for it when it exits."""
        if hasattr(os, "register_at_fork"):  # since Python 3.7
            os.register_at_fork(
                before=faulthandler.cancel_dump_traceback_later,
                after_in_parent=self._watch,
                after_in_child=self._in_child,
            )
            return
        plain_fork = os.fork

        def fork() -> int:
            faulthandler.cancel_dump_traceback_later()
            pid = plain_fork()
            if pid:
                self._watch()
            else:
                self._in_child()
            return pid

        os.fork = fork
