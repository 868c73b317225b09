"""The events of `go test -json` (test2json)."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tools.testing.formats import MESSAGE_LENGTH, Reading
from tools.testing.types import Status, TestOutcome

STATUSES: dict[str, Status] = {"pass": "passed", "fail": "failed", "skip": "skipped"}


def looks_like_gotest(text: str) -> bool:
    """Whether `text` has events of test2json."""
    return any(True for _ in _events(text))


def read_gotest(text: str) -> Reading:
    """The results in `text`; the id is "package::TestName".

    A package that fails without a failing test (it does not build, or panics outside of one) is an error of its
    own; a test that never ended is an error too.
    """
    printed: dict[str, list[str]] = {}
    ended: dict[str, TestOutcome] = {}
    failed: set[str] = set()
    for event in _events(text):
        package, test, action = str(event["Package"]), event.get("Test"), event["Action"]
        name = f"{package}::{test}" if isinstance(test, str) else package
        if action == "output":
            printed.setdefault(name, []).append(str(event.get("Output", "")))
        elif action == "run":
            ended[name] = TestOutcome(name, "error", message="it never ended", exception="it never ended")
        elif isinstance(action, str) and action in STATUSES:
            message = "" if action == "pass" else "".join(printed.get(name, []))[-MESSAGE_LENGTH:]
            elapsed = event.get("Elapsed")
            seconds = float(elapsed) if isinstance(elapsed, int | float) else 0.0
            if test is not None:
                ended[name] = TestOutcome(name, STATUSES[action], seconds, message)
                failed.update([package] if action == "fail" else [])
            elif action == "fail" and package not in failed:
                ended[name] = TestOutcome(name, "error", seconds, message)
    return Reading(tuple(ended.values()))


def _events(text: str) -> Iterator[dict[str, object]]:
    for line in text.splitlines():
        if line.startswith('{"'):
            try:
                event = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(event, dict) and "Action" in event and "Package" in event:
                yield event
