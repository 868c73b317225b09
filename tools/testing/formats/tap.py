"""TAP, the Test Anything Protocol (versions 12 to 14), with the indented subtests of node and TAP 14."""

from __future__ import annotations

import re
from dataclasses import replace

from tools.testing.formats import MESSAGE_LENGTH, Reading
from tools.testing.types import Status, TestOutcome

RESULT = re.compile(
    r"(?P<indent> *)(?P<ok>ok|not ok)\b *(?P<number>\d+)? *(?:- )?(?P<name>.*?)"
    r"(?: # ?(?P<directive>SKIP|TODO)\b *(?P<reason>.*))?",
    re.IGNORECASE,
)
PLAN = re.compile(r"( *)1\.\.(\d+)(?: #.*)?")


def looks_like_tap(text: str) -> bool:
    """Whether `text` has a TAP header, or a plan and results."""
    lines = text.splitlines()
    return any(line.startswith("TAP version") for line in lines) or (
        any(PLAN.fullmatch(line) for line in lines) and any(re.match(r"(not )?ok \d", line) for line in lines)
    )


def read_tap(text: str) -> Reading:
    """The results of `text`; a subtest's id is "parent > child".

    TODO counts as xfailed or xpassed. A plan that is not met and "Bail out!" are problems.
    """
    levels: dict[int, list[TestOutcome]] = {}
    counts: dict[int, int] = {}
    problems: list[str] = []
    message: list[str] | None = None
    explained = False
    for line in text.splitlines():
        if message is not None:
            if line.strip() == "...":
                if explained:
                    _explain(levels, message)
                message = None
            else:
                message.append(line)
        elif line.strip() == "---" and any(levels.values()):
            message = []
        elif line.startswith("Bail out!"):
            problems.append(line.strip())
        elif plan := PLAN.fullmatch(line):
            counts.setdefault(len(plan[1]), 0)
            counts[len(plan[1])] -= int(plan[2])
        elif result := RESULT.fullmatch(line):
            indent = len(result["indent"])
            counts[indent] = counts.get(indent, 0) + 1
            explained = _add(levels, indent, _outcome(result))
            for deeper in [depth for depth in counts if depth > indent]:
                if counts.pop(deeper):
                    problems.append(f"plan not met below {result['name']}")
    if counts.get(0):
        problems.append(f"plan not met: {abs(counts[0])} results too {'many' if counts[0] > 0 else 'few'}")
    outcomes = [outcome for indent in sorted(levels) for outcome in levels[indent]]
    return Reading(tuple(outcomes), "; ".join(dict.fromkeys(problems)))


def _outcome(result: re.Match[str]) -> TestOutcome:
    passed = result["ok"].lower() == "ok"
    directive = (result["directive"] or "").upper()
    statuses: dict[str, tuple[Status, Status]] = {
        "": ("passed", "failed"),
        "SKIP": ("skipped", "skipped"),
        "TODO": ("xpassed", "xfailed"),
    }
    name = result["name"].strip() or f"test {result['number'] or '?'}"
    return TestOutcome(name, statuses[directive][not passed], message=result["reason"] or "")


def _add(levels: dict[int, list[TestOutcome]], indent: int, outcome: TestOutcome) -> bool:
    """Put a result on its level, unless the deeper ones before it, its subtests, stand for it; whether it is there."""
    below = [depth for depth in sorted(levels) if depth > indent]
    children = [child for depth in below for child in levels.pop(depth)]
    children = [replace(child, id=f"{outcome.id} > {child.id}") for child in children]
    bad = ("failed",)
    own = not children or (outcome.status in bad and not any(child.status in bad for child in children))
    if own:
        children.append(outcome)
    levels.setdefault(indent, []).extend(children)
    return own


def _explain(levels: dict[int, list[TestOutcome]], lines: list[str]) -> None:
    """Give the YAML block after a result to it."""
    level = levels[max(indent for indent in levels if levels[indent])]
    last = level[-1]
    text = "\n".join(lines)
    duration = re.search(r"duration_ms: ([\d.]+)", text)
    error = re.search(r"^ *error: '?(.*?)'?$", text, re.MULTILINE)
    level[-1] = replace(
        last,
        seconds=float(duration[1].rstrip(".")) / 1000 if duration else last.seconds,
        message=text[:MESSAGE_LENGTH] if last.status == "failed" else last.message,
        exception=error[1][:500] if error and last.status == "failed" else "",
    )
