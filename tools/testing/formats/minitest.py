"""The lines of Ruby's minitest when it is verbose (`-v`)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from tools.testing.formats import MESSAGE_LENGTH, Reading
from tools.testing.types import Frame, Status, TestOutcome

STARTED = re.compile(r"(?P<name>\S.*?#test_.+?) = (?P<rest>.*)")
ENDED = re.compile(r"(?:.*\D)?(?P<seconds>\d+\.\d+) s = (?P<what>[.FES])")
SUMMARY = re.compile(r"^(\d+) runs, \d+ assertions, (\d+) failures, (\d+) errors, (\d+) skips", re.MULTILINE)
DETAILS = re.compile(
    r"^ +\d+\) (?:Failure|Error|Skipped):\n(?P<name>.+?)(?: \[(?P<path>[^\]\n]+):(?P<line>\d+)\])?:\n"
    r"(?P<message>(?:.+\n?)*)",
    re.MULTILINE,
)
RAISED = re.compile(r"(?P<kind>[A-Z][\w:]*): ?(?P<said>.*)")
PLACE = re.compile(r"^ +(?P<path>[^\s:]+):(?P<line>\d+):in [`'](?P<function>[^'\n]*)'", re.MULTILINE)
DISAGREE = "the results of minitest disagree with its summary"
STATUSES: dict[str, Status] = {".": "passed", "F": "failed", "E": "error", "S": "skipped"}


def looks_like_minitest(text: str) -> bool:
    """Whether `text` has verbose results of minitest; quiet ones name no test."""
    return re.search(r"^\S.*#test_.+ = \d+\.\d+ s = [.FES]$", text, re.MULTILINE) is not None


def read_minitest(text: str, root: str = "") -> Reading:
    """The results in `text`; the id is "Class#test_method".

    What a test prints may stand between its name and its result. Without a summary, or where the summary disagrees
    with the results, there is a problem. Frames are of files below `root`, the folder it ran in.
    """
    details = {match["name"]: match for match in DETAILS.finditer(text)}
    outcomes: list[TestOutcome] = []
    sections: list[tuple[list[Status], tuple[int, ...]]] = []
    own: list[Status] = []
    name = ""
    for line in text.splitlines():
        if started := STARTED.fullmatch(line):
            name = _name(line, started)
        if name and (ended := ENDED.fullmatch(line)):
            own.append(STATUSES[ended["what"]])
            outcomes.append(_outcome(name, float(ended["seconds"]), own[-1], details.get(name), root))
            name = ""
        elif summary := SUMMARY.match(line):
            sections.append((own, tuple(map(int, summary.groups()))))
            own = []
    if own or not sections:
        return Reading(tuple(outcomes), "crashed: minitest did not finish")
    return Reading(tuple(outcomes), "" if _agree(sections) else DISAGREE)


def _agree(sections: Sequence[tuple[Sequence[Status], tuple[int, ...]]]) -> bool:
    """Whether the results of each run of minitest are those it counted; a quiet run must have failed nothing."""
    for results, (runs, failures, errors, skips) in sections:
        counts = Counter(results)
        loud = (len(results), counts["failed"], counts["error"], counts["skipped"]) == (runs, failures, errors, skips)
        if not loud and (results or failures or errors):
            return False
    return True


def _name(line: str, started: re.Match[str]) -> str:
    """The name a line begins with: all before the result, unless what follows ` = ` is another test's."""
    ended = re.fullmatch(r"(.+) = \d+\.\d+ s = [.FES]", line)
    return ended[1] if ended and ended[1].count("#test_") == 1 else started["name"]


def _outcome(name: str, seconds: float, status: Status, details: re.Match[str] | None, root: str) -> TestOutcome:
    if details is None or status == "passed":
        return TestOutcome(name, status, seconds=seconds)
    message = details["message"].strip()
    places = [(details["path"], details["line"], "")] if details["path"] else []
    places += [(at["path"], at["line"], at["function"]) for at in reversed(list(PLACE.finditer(message)))]
    inside = [(path.removeprefix(f"{root}/"), int(line), function) for path, line, function in places]
    frames = [Frame(*place) for place in inside if not place[0].startswith("/")]
    raised = RAISED.match(message) if status == "error" else None
    return TestOutcome(
        name,
        status,
        seconds=seconds,
        message=message[:MESSAGE_LENGTH],
        exception=f"{raised['kind']}: {raised['said']}" if raised else "",
        frames=tuple(frames) if status in ("failed", "error") else (),
    )
