"""Which lines of the repository run, between two moments."""

import dis
import sys
import threading
from typing import Any, Callable, Dict, Optional, Set

Relative = Callable[[str], Optional[str]]
Focus = Optional[Dict[str, Set[int]]]

CO_OPTIMIZED = 1  # of inspect: functions, not modules and class bodies
MONITORING: Any = getattr(sys, "monitoring", None)
MAX_CALLS = 300  # of one function in one test that are traced: hardly a line is first reached after that many
MONITORING_TOOL = 4  # 0 to 2 and 5 are spoken for by debuggers, coverage.py, profilers and optimisers


class TracedLines:
    """Lines through sys.settrace, for interpreters before 3.12.

    Foreign code costs one dictionary look-up per call: its frames are not traced further. Outside of tests only
    modules and class bodies are traced: importing and setting up run much more code than that tells about.

    Attributes:
        slowdown: how much longer tests may take.
    """

    slowdown = 4

    def __init__(self, relative: Relative, focus: Focus = None) -> None:
        self._relative = relative
        self._focus = focus
        self._hits: "dict[str, set[int]]" = {}
        self._tracers: "dict[str, Any]" = {}
        self._by_code: "dict[int, Any]" = {}
        self._in_test = False
        self._turn = 0

    def start(self, in_test: bool) -> None:
        """Begin to record, in this thread and new ones; again, if the repository's code stopped it."""
        self._in_test = in_test
        if sys.gettrace() is None:
            sys.settrace(self._trace)
            threading.settrace(self._trace)

    def take(self) -> "dict[str, set[int]]":
        """What ran since the last call."""
        taken = {path: set(lines) for path, lines in self._hits.items() if lines}
        for lines in self._hits.values():
            lines.clear()
        self._in_test = False
        self._turn += 1
        return taken

    def _trace(self, frame: Any, event: "str", argument: Any) -> Any:
        if not self._in_test and frame.f_code.co_flags & CO_OPTIMIZED:
            return None
        code = frame.f_code
        entry = self._by_code.get(id(code))
        if entry is None:
            filename = code.co_filename
            if filename not in self._tracers:
                self._tracers[filename] = self._tracer(filename)
            tracer = self._tracers[filename] if in_focus(code, self._relative(filename), self._focus) else None
            entry = self._by_code[id(code)] = [tracer, code, 0, 0]  # the code is kept, so that its id stays its own
        tracer = entry[0]
        if tracer is None:
            return None
        if entry[2] != self._turn:
            entry[2:] = [self._turn, 0]
        entry[3] += 1
        return tracer if entry[3] <= MAX_CALLS else None

    def _tracer(self, filename: "str") -> Any:
        path = self._relative(filename)
        if path is None:
            return None
        add = self._hits.setdefault(path, set()).add

        def trace(frame: Any, event: "str", argument: Any) -> Any:
            if event == "line":
                add(frame.f_lineno)
            return trace

        return trace


class MonitoredLines:
    """Lines through sys.monitoring (PEP 669), for 3.12 and later.

    Every line reports once between two calls of `take`. Foreign code reports the start of a function once, and
    never its lines.
    """

    slowdown = 1

    def __init__(self, relative: Relative, focus: Focus = None) -> None:
        self._relative = relative
        self._focus = focus
        self._hits: "dict[str, set[int]]" = {}
        self._started = False

    def start(self, in_test: bool) -> None:
        """Begin to record, in all threads."""
        if self._started:
            return
        self._started = True
        MONITORING.use_tool_id(MONITORING_TOOL, "treewright")
        MONITORING.register_callback(MONITORING_TOOL, MONITORING.events.PY_START, self._begin)
        MONITORING.register_callback(MONITORING_TOOL, MONITORING.events.LINE, self._line)
        MONITORING.set_events(MONITORING_TOOL, MONITORING.events.PY_START)

    def take(self) -> "dict[str, set[int]]":
        """What ran since the last call."""
        taken, self._hits = self._hits, {}
        MONITORING.restart_events()
        return taken

    def _begin(self, code: Any, offset: int) -> Any:
        path = self._relative(code.co_filename)
        if path is not None and in_focus(code, path, self._focus):
            MONITORING.set_local_events(MONITORING_TOOL, code, MONITORING.events.LINE)
        return MONITORING.DISABLE

    def _line(self, code: Any, line: int) -> Any:
        path = self._relative(code.co_filename)
        if path is not None:
            self._hits.setdefault(path, set()).add(line)
        return MONITORING.DISABLE


class NoLines:
    """Records nothing."""

    slowdown = 1

    def start(self, in_test: bool) -> None:
        """Nothing to begin."""

    def take(self) -> "dict[str, set[int]]":
        """Nothing."""
        return {}


def in_focus(code: Any, path: Optional[str], focus: Focus) -> bool:
    """Whether a code object of the file `path` has a line in focus; everything has when there is no focus."""
    if focus is None:
        return True
    wanted = focus.get(path or "", ())
    return bool(wanted) and any(line in wanted for _, line in dis.findlinestarts(code))


def recorder_of_lines(
    wanted: bool, relative: Relative, focus: Focus = None
) -> "NoLines | TracedLines | MonitoredLines":
    """The cheapest way this interpreter has."""
    if not wanted:
        return NoLines()
    return MonitoredLines(relative, focus) if MONITORING else TracedLines(relative, focus)
