"""Reading back what the probe wrote, trusting it no further than it agrees with itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tools.testing.types import Frame, Status, TestOutcome, TestReport

SEVERITY: tuple[Status, ...] = ("skipped", "xfailed", "xpassed", "passed", "failed", "error", "timeout")
STATUSES = frozenset(SEVERITY)
ENDED = "the process ended with exit code"
"""How the exception of a test begins during which the whole run ended."""
NO_TESTS_CODES = frozenset({0, 5})  # unittest until 3.11, and pytest and later unittest


@dataclass
class _Stream:
    outcomes: dict[str, TestOutcome] = field(default_factory=dict)
    collected: dict[str, None] = field(default_factory=dict)
    coverage: dict[str, dict[str, set[int]]] = field(default_factory=dict)
    imports: dict[str, set[int]] = field(default_factory=dict)
    uncollected: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    running: str = ""
    end: int | None = None
    text: list[str] = field(default_factory=list)


def read_stream(report: bytes, output: str, exit_code: int, *, tests: Mapping[str, str] | None = None) -> TestReport:
    """The report of a run under the probe.

    Args:
        report: the report file.
        output: what the run printed; its end explains a run that did not begin.
        exit_code: of the process; it must be the one the probe announced.
        tests: what was asked for (ids, files) -> as the runner names it; what of it has no outcome is missing, and
            so is a collected test without one.
    """
    stream = _Stream()
    for raw in report.split(b"\n"):
        event = _event(raw)
        if event is None:
            if raw.strip():
                stream.text.append(raw.decode("utf-8", "replace"))
        else:
            _take(stream, event)
    if stream.end is None or exit_code != stream.end:
        _ended_badly(stream, output, exit_code)
    _add_missing(stream, tests or {})
    _check_exit(stream, output)
    coverage = {test: _frozen(files) for test, files in stream.coverage.items()}
    return TestReport(stream.outcomes, "; ".join(dict.fromkeys(stream.problems)), coverage, _frozen(stream.imports))


def _event(raw: bytes) -> dict[str, object] | None:
    try:
        event = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else None


def _take(stream: _Stream, event: dict[str, object]) -> None:
    kind, test = event["event"], event.get("test")
    if kind == "collected":
        stream.collected.update(dict.fromkeys(_strings(event.get("tests"))))
    elif kind == "start" and isinstance(test, str):
        stream.running = test
    elif kind == "finish" and isinstance(test, str):
        outcome = _outcome(test, event)
        known = stream.outcomes.get(test)
        if known is None or SEVERITY.index(outcome.status) > SEVERITY.index(known.status):
            stream.outcomes[test] = outcome
        if event.get("collecting"):
            stream.uncollected.append(test)
        if test == stream.running:
            stream.running = ""
    elif kind == "lines":
        into = stream.imports if test is None else stream.coverage.setdefault(str(test), {})
        files = event.get("files")
        for path, ranges in files.items() if isinstance(files, dict) else ():
            into.setdefault(str(path), set()).update(expand_ranges(str(ranges)))
    elif kind == "problem":
        stream.problems.append(str(event.get("text")))
    elif kind == "end":
        code = event.get("code")
        stream.end = code if isinstance(code, int) else None


def _outcome(test: str, event: dict[str, object]) -> TestOutcome:
    status, seconds = event.get("status"), event.get("seconds")
    return TestOutcome(
        test,
        status if status in STATUSES else "error",
        float(seconds) if isinstance(seconds, int | float) else 0.0,
        str(event.get("message") or ""),
        str(event.get("exception") or ""),
        tuple(_frames(event.get("frames"))),
    )


def _frames(value: object) -> Iterator[Frame]:
    for item in value if isinstance(value, list) else ():
        if isinstance(item, list) and len(item) == 3 and isinstance(item[1], int):
            yield Frame(str(item[0]), item[1], str(item[2]))


def _strings(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _frozen(files: dict[str, set[int]]) -> dict[str, frozenset[int]]:
    return {path: frozenset(lines) for path, lines in files.items()}


def expand_ranges(text: str) -> Iterator[int]:
    """The numbers of "1-3,7"; what is no number, or a range beyond any file, is left out."""
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first.isdecimal() and (last or first).isdecimal() and int(last or first) - int(first) < 10**6:
            yield from range(int(first), int(last or first) + 1)


def _ended_badly(stream: _Stream, output: str, exit_code: int) -> None:
    trace = "\n".join(stream.text[-60:])
    overdue = any(line.startswith("Timeout (") for line in stream.text)
    if stream.end is not None:
        why = "did not exit after its tests" if overdue else f"exit code {exit_code} after its tests"
        stream.problems.append(f"crashed: {why}, {stream.end} announced")
        return
    where = stream.running or "no test running"
    if stream.running:
        status: Status = "timeout" if overdue else "error"
        what = "stopped: it blocks signals" if overdue else f"{ENDED} {exit_code}"
        message = f"{what}\n{trace}" if trace else what
        stream.outcomes[stream.running] = TestOutcome(stream.running, status, message=message, exception=what)
    began = bool(stream.collected or stream.outcomes or stream.running)
    tail = "" if began else ": " + " ".join(output.split())[-400:]
    stream.problems.append(f"crashed: exit code {exit_code}, {where}{tail}")


def _add_missing(stream: _Stream, tests: Mapping[str, str]) -> None:
    absent = [test for test in stream.collected if test not in stream.outcomes]
    present = {*stream.outcomes, *stream.collected}
    absent += [test for test, label in tests.items() if label not in present and not is_answered(label, present)]
    for test in dict.fromkeys(absent):
        stream.outcomes[test] = TestOutcome(test, "missing", message="the report does not have it")


def is_answered(label: str, present: Iterable[str]) -> bool:
    """Whether what was asked for (a test, a class, a file, a folder, a module) has a test in `present`."""
    prefixes = (f"{label}::", f"{label}[", f"{label.rstrip('/')}/", f"{label}.")
    return any(other == label or other.startswith(prefixes) for other in present)


def _check_exit(stream: _Stream, output: str) -> None:
    statuses = {outcome.status for outcome in stream.outcomes.values()}
    if stream.uncollected:
        stream.problems.append("collection failed: " + ", ".join(stream.uncollected[:5]))
    if stream.end is None:
        return
    if not statuses - {"missing"}:
        stream.problems.append("no tests" if stream.problems else "no tests: " + " ".join(output.split())[-400:])
    elif stream.end == 0 and statuses & {"failed", "error", "timeout"}:
        stream.problems.append("exit code 0 although tests failed")
    elif stream.end not in NO_TESTS_CODES and not statuses - {"passed", "skipped", "xfailed", "missing"}:
        stream.problems.append(f"exit code {stream.end} although no test failed")
