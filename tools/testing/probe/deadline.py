"""Stopping a test that takes too long: first an exception with its traceback, then the process."""

import faulthandler
import os
import signal
import time
from typing import Any

_MOST_WAITING = 3
"""Times its limit that a phase may wait for a processor."""
_open, _read, _close = os.open, os.read, os.close  # as they are before a test replaces them


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
    A forked child has neither limit. What the main thread waits for a processor does not count, so that a test is
    not slow because the machine is busy.

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
        self._waited = 0.0
        self._granted = 0.0
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
            self._waited, self._granted = waited(), 0.0
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
        if not self._armed:
            return
        more = min(waited() - self._waited, _MOST_WAITING * self._limit) - self._granted
        if more < self._limit / 100:
            raise self.error("stopped after %g s" % self._limit)
        self._granted += more
        self._hard_stop += more
        signal.setitimer(signal.ITIMER_REAL, more, max(0.5, self._limit / 4))
        self._watch()

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


def waited() -> float:
    """Seconds that the main thread could have run and had no processor; 0.0 where the kernel does not say."""
    try:
        handle = _open("/proc/self/schedstat", os.O_RDONLY)
        try:
            return int(_read(handle, 256).split()[1]) / 1e9
        finally:
            _close(handle)
    except (OSError, IndexError, ValueError):
        return 0.0
