"""The JSON report of Jest, which Vitest writes too."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Mapping

from tools.testing.formats import MESSAGE_LENGTH, Reading
from tools.testing.types import Status, TestOutcome

STATUSES: dict[str, Status] = {
    "passed": "passed",
    "failed": "failed",
    "pending": "skipped",
    "skipped": "skipped",
    "disabled": "skipped",
    "todo": "skipped",
}
START = '{"num'


def looks_like_jest(text: str) -> bool:
    """Whether `text` has a line with a report of Jest."""
    return any(line.startswith(START) and '"testResults"' in line for line in text.splitlines())


def read_jest(text: str, root: str = "") -> Reading:
    """The results of the last report in `text`.

    Args:
        text: the report stands on one line of it.
        root: the folder the tests ran in; the id is "path below it::ancestors and title".
    """
    lines = [line for line in text.splitlines() if line.startswith(START)]
    try:
        report = json.loads(lines[-1])
        outcomes = tuple(_outcomes(report, root))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        return Reading(problem=f"the report of Jest is not readable: {error}")
    total = report.get("numTotalTests")
    counted = sum("::" in outcome.id for outcome in outcomes)
    return Reading(outcomes, "" if total == counted else f"the report of Jest has {counted} of {total} tests")


def _outcomes(report: Mapping[str, list[dict[str, object]]], root: str) -> Iterator[TestOutcome]:
    for file in report["testResults"]:
        path = str(file["name"])
        if root and path.startswith(root + "/"):
            path = posixpath.relpath(path, root)
        tests = file["assertionResults"]
        if not tests and file.get("status") == "failed":
            yield TestOutcome(path, "error", message=str(file.get("message", ""))[:MESSAGE_LENGTH])
        for test in tests if isinstance(tests, list) else ():
            messages = "\n".join(test.get("failureMessages") or [])
            yield TestOutcome(
                f"{path}::{test['fullName']}",
                STATUSES.get(test["status"], "error"),
                float(test.get("duration") or 0) / 1000,
                messages[:MESSAGE_LENGTH],
                messages.split("\n")[0][:500],
            )
