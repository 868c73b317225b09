"""JUnit XML, as surefire, gradle, pytest, node, mocha and many others write it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree

from tools.testing.formats import MESSAGE_LENGTH, Reading
from tools.testing.types import Status, TestOutcome

TAGS: dict[str, Status] = {"error": "error", "failure": "failed", "skipped": "skipped"}


def looks_like_junit(text: str) -> bool:
    """Whether there is JUnit XML in `text`."""
    return re.search(r"<testsuites?[\s>]", text) is not None


def read_junit(text: str) -> Reading:
    """The test cases of all JUnit documents in `text`, which may stand between other output.

    The id is "classname::name". A document that is cut or not well-formed is a problem.
    """
    outcomes: list[TestOutcome] = []
    problem = ""
    for part in _documents(text):
        try:
            root = ElementTree.fromstring(part)
        except ElementTree.ParseError as error:
            problem = f"a JUnit report is not readable: {error}"
            continue
        outcomes += _cases(root, "")
    return Reading(tuple(outcomes), problem)


def _documents(text: str) -> Iterator[str]:
    """Each top element with what follows it up to its last closing tag before the next document."""
    starts = [match.start() for match in re.finditer(r"<testsuites?[\s>]", text)]
    position = 0
    for start in starts:
        if start < position:
            continue
        tag = "testsuites" if text.startswith("<testsuites", start) else "testsuite"
        end = _closing(text, start, tag)
        yield text[start:end]
        position = end


def _closing(text: str, start: int, tag: str) -> int:
    depth = 0
    for match in re.compile(rf"<{tag}(?=[\s>])[^>]*?(/?)>|</{tag}>").finditer(text, start):
        if match.group().startswith("</"):
            depth -= 1
        elif not match.group(1):
            depth += 1
        if depth <= 0:
            return match.end()
    return len(text)


def _cases(element: ElementTree.Element, suite: str) -> Iterator[TestOutcome]:
    for child in element:
        if child.tag == "testsuite":
            yield from _cases(child, child.get("name", ""))
        elif child.tag == "testcase":
            yield _outcome(child, suite or element.get("name", ""))


def _outcome(case: ElementTree.Element, suite: str) -> TestOutcome:
    test = f"{case.get('classname') or suite}::{case.get('name', '')}"
    found = {part.tag: part for part in case}
    tag = next((tag for tag in ("skipped", "error", "failure") if tag in found), "")
    part = found.get(tag)
    message = exception = ""
    if part is not None:
        exception = ": ".join(filter(None, [part.get("type"), part.get("message")])).split("\n")[0]
        message = (part.text or part.get("message") or "").strip()[:MESSAGE_LENGTH]
    return TestOutcome(
        test, TAGS.get(tag, "passed"), _seconds(case.get("time")), message, "" if tag == "skipped" else exception[:500]
    )


def _seconds(text: str | None) -> float:
    try:
        return max(0.0, float((text or "0").replace(",", "")))
    except ValueError:
        return 0.0
