"""Stack frames as CPython, IPython (old and new), pytest, doctest, Node, Java, Go and Rust print them."""

from __future__ import annotations

import re

from tools.issues.model import ErrorMessage, Frame

_CPYTHON = re.compile(r'^\s*File "([^"\n]+)", line (\d+)(?:, in ([^\n]+))?', re.M)
_IPYTHON_NEW = re.compile(r"^\s*File ([^\s\"(,:][^\n\"(,:]*(?::\\[^\n:]*)?):(\d+), in ([\w<>.]+)", re.M)
_IPYTHON_OLD = re.compile(r"^\s*(\S[^\n:]*?\.py[cx]?)\s+in ([\w<>.]+)\(", re.M)
_IPYTHON_LINE = re.compile(r"^-+> ?(\d+) ?(.*)$")
_PYTEST = re.compile(
    r"^\s*([\w./\\~-]+\.py):(\d+):(?: in ([\w<>.]+)| (?=\w*(?:Error|Exception|Warning|Failed)\b)|\s*$)", re.M
)
_WARNING = re.compile(r"^\s*([\w./\\~:-]+\.py):(\d+): \w*Warning\b", re.M)
_NODE = re.compile(
    r"^\s*at (?:(?:async )?([\w.$<>\[\] ]+?) \()?((?:file://)?[\w./\\@~:-]+\.\w{1,4}):(\d+):\d+\)?", re.M
)
_JAVA = re.compile(r"^\s*at ([\w.$]+)\.([\w$<>]+)\((\w+\.(?:java|kt|scala)):(\d+)\)", re.M)
_GO = re.compile(r"^\s*([\w./\\~-]+\.(?:go|rs)):(\d+)(?::\d+)?(?: \+0x\w+)?\s*$", re.M)

_ERROR = re.compile(
    r"^(?:E\s+)?((?:[a-zA-Z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Warning|Interrupt|Exit|Failure|DoesNotExist|Fault|Timeout))"
    r"(?::[ \t]+([^\n]*))?[ \t]*$",
    re.M,
)
_MENTIONED_ERROR = re.compile(
    r"\b((?:[a-z_]\w*\.){0,12}[A-Z]\w*(?:Error|Exception|Warning))(?::[ \t]*([^\n`]{4,300}))?"
)
_RAISED = re.compile(r"raise\s+([A-Z]\w*(?:\.\w+)*)\(\s*[fr]?[\"']([^\"'\n]{4,200})[\"']")


def find_frames(text: str) -> list[Frame]:
    """All frames of `text` in the order printed; paths with forward slashes."""
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    found: dict[int, Frame] = {}

    def add(match: re.Match[str], path: str, line: str, function: str | None) -> None:
        following = text[match.end() :].lstrip("\n").split("\n", 1)[0] if match.end() < len(text) else ""
        found.setdefault(
            match.start(), Frame(_slashes(path), int(line or 0), (function or "").strip(), following.strip())
        )

    for match in _CPYTHON.finditer(text):
        add(match, match[1], match[2], match[3])
    for match in _IPYTHON_NEW.finditer(text):
        add(match, match[1], match[2], match[3])
    for match in _PYTEST.finditer(text):
        add(match, match[1], match[2], match[3])
    for match in _WARNING.finditer(text):
        add(match, match[1], match[2], "")
    for match in _IPYTHON_OLD.finditer(text):
        number, source = _arrow(text[match.end() : match.end() + 1500])
        found.setdefault(match.start(), Frame(_slashes(match[1]), number, match[2], source))
    for match in _NODE.finditer(text):
        add(match, match[2].removeprefix("file://"), match[3], match[1])
    for match in _JAVA.finditer(text):
        package = match[1].rpartition(".")[0].replace(".", "/")
        add(match, f"{package}/{match[3]}" if package else match[3], match[4], match[2])
    for match in _GO.finditer(text):
        add(match, match[1], match[2], "")
    return [found[start] for start in sorted(found)]


def _arrow(following: str) -> tuple[int, str]:
    for line in following.split("\n")[1:]:
        arrow = _IPYTHON_LINE.match(line)
        if arrow:
            return int(arrow[1]), arrow[2].strip()
        if _IPYTHON_OLD.match(line):
            break
    return 0, ""


def _slashes(path: str) -> str:
    return re.sub(r"/+", "/", path.strip().replace("\\", "/"))


def find_errors(text: str, prose: str) -> list[ErrorMessage]:
    """Exceptions printed on a line of their own in `text`, raised in code, or mentioned in `prose`."""
    found = [ErrorMessage(match[1], (match[2] or "").strip()) for match in _ERROR.finditer(text)]
    found += [ErrorMessage(match[1], match[2].strip()) for match in _RAISED.finditer(text)]
    found += [ErrorMessage(match[1], (match[2] or "").strip()) for match in _MENTIONED_ERROR.finditer(prose)]
    return list(dict.fromkeys(found))
