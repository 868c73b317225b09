"""What the ways to run share: the report, the deadline, the lines, and the way into the repository."""

import faulthandler
import os
import sys
from typing import Any

from .deadline import Deadline
from .guard import Guard
from .hot import Hot
from .lines import recorder_of_lines
from .recorder import Recorder

EXIT_SECONDS = 30


class Watcher:
    """Watches one run of tests.

    Attributes:
        report: the path of the report.
        recorder: writes to it.
        deadline: limits each phase of a test.
        lines: records which lines run.
        top: the folder that dotted names of tests start from.
    """

    def __init__(self, options: "dict[str, Any]") -> None:
        self.report = os.path.abspath(options["report"])
        self.recorder = Recorder(self.report, options["root"], options.get("seal", ""))
        self._guard = Guard(self.recorder.relative) if options.get("seal") else None
        given = options.get("focus")
        focus = None if given is None else {path: set(lines) for path, lines in given.items()}
        self.lines = recorder_of_lines(options["coverage"], self.recorder.relative, focus)
        self.deadline = Deadline(options["seconds"] * self.lines.slowdown, self.recorder.fd)
        self.top = os.path.abspath(os.path.join(options["root"], options["top"]))
        self._import_from_here = options["import_from_here"]
        self._options = options
        self.hot: "Hot | None" = None
        self.enable_faulthandler()

    def enable_faulthandler(self) -> None:
        """Have the tracebacks of a crash in the report."""
        faulthandler.enable(file=self.recorder.fd)

    def enter_repository(self, folder: "str | None" = None) -> None:
        """From here on the repository's code runs; import from `folder`, else from here if that is usual."""
        del sys.path[0]
        if folder is not None or self._import_from_here:
            sys.path.insert(0, os.getcwd() if folder is None else folder)
        if self._guard is not None:
            self._guard.take()
        self.lines.start(in_test=False)
        given = self._options.get("hot")
        if given:
            self.hot = Hot(given["jobs"], self._options["root"], given["seconds"])

    def reopen(self, report: str) -> None:
        """In a fork: go on with a report of its own."""
        self.report = os.path.abspath(report)
        self.recorder = Recorder(self.report, self._options["root"])
        self.deadline.reopen(self._options["seconds"], self.recorder.fd)
        self.enable_faulthandler()

    def begin(self, test: str, label: str = "") -> None:
        """A test begins, which its runner prints as `label`."""
        self.recorder.lines(None, self.lines.take())
        self.recorder.start(test, label if self._guard is not None else "")
        self.lines.start(in_test=True)

    def end(self, test: str) -> None:
        """A test ended."""
        self.recorder.lines(test, self.lines.take())
        self._look()

    def _look(self) -> None:
        if self._guard is not None:
            for name, origin in self._guard.changes():
                self.recorder.write("changed", name=name, origin=origin)

    def close(self, code: int) -> None:
        """The run ended; the process has a moment left to exit."""
        self._look()
        self.recorder.lines(None, self.lines.take())
        self.recorder.write("end", code=code)
        if self.recorder.is_own:
            faulthandler.dump_traceback_later(EXIT_SECONDS, exit=True, file=self.recorder.fd)
