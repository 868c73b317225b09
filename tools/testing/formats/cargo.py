"""The lines of `cargo test`."""

from __future__ import annotations

import re

from tools.testing.formats import MESSAGE_LENGTH, Reading
from tools.testing.types import Frame, Status, TestOutcome

TARGET = re.compile(r"\s+Running (?:unittests )?(\S+) \(.*\)|\s+Doc-tests (\S+)")
RESULT = re.compile(r"test (?P<name>.+?)(?: - should panic)? \.\.\. (?P<what>ok|FAILED|ignored)(?:[, <(].*)?")
SUMMARY = re.compile(r"test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored;.*")
DETAILS = re.compile(r"^---- (.+?) stdout ----$\n(.*?)(?=^---- |^failures:$)", re.MULTILINE | re.DOTALL)
PANIC = re.compile(r"panicked at (?:'.*', )?([^\s:]+):(\d+)(?::\d+)?:?\n?(.*)")
STATUSES: dict[str, Status] = {"ok": "passed", "FAILED": "failed", "ignored": "skipped"}


def looks_like_cargo(text: str) -> bool:
    """Whether `text` has the lines of libtest."""
    return re.search(r"^running \d+ tests?$", text, re.MULTILINE) is not None


def read_cargo(text: str) -> Reading:
    """The results in `text`; the id is "target::test", the target being a source file or the crate of doc-tests.

    The last results of a target count: a test's own output may imitate a result line, and then the summary
    disagrees, which is a problem, as is a target without a summary.
    """
    outcomes: list[TestOutcome] = []
    problems: list[str] = []
    for target, section in _sections(text):
        found = _results(target, section)
        summary = SUMMARY.search(section)
        if summary is None:
            problems.append(f"crashed: {target} did not finish")
        elif tuple(map(int, summary.groups())) != tuple(
            sum(outcome.status == status for outcome in found) for status in ("passed", "failed", "skipped")
        ):
            problems.append(f"the results of {target} disagree with its summary")
        outcomes += found
    return Reading(tuple(outcomes), "; ".join(problems))


def _sections(text: str) -> list[tuple[str, str]]:
    """The output of each target that ran tests."""
    sections: list[tuple[str, list[str]]] = [("", [])]
    for line in text.splitlines():
        if target := TARGET.fullmatch(line):
            sections.append((target[1] or target[2], []))
        else:
            sections[-1][1].append(line)
    joined = [(target, "\n".join(lines)) for target, lines in sections]
    return [(target, section) for target, section in joined if looks_like_cargo(section)]


def _results(target: str, section: str) -> list[TestOutcome]:
    details = {match[1]: match[2].strip() for match in DETAILS.finditer(section)}
    outcomes = []
    for line in section.splitlines():
        if result := RESULT.fullmatch(line):
            message = details.get(result["name"], "")[:MESSAGE_LENGTH]
            panic = PANIC.search(message)
            failed = result["what"] == "FAILED"
            outcomes.append(
                TestOutcome(
                    f"{target}::{result['name']}",
                    STATUSES[result["what"]],
                    message=message,
                    exception=f"panic: {panic[3]}" if panic and failed else "",
                    frames=(Frame(panic[1], int(panic[2])),) if panic and failed else (),
                )
            )
    return outcomes
