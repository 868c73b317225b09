"""Reading unified diffs as models write them: numbers, counts and blank lines need not be right."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tools.edits.model import DeleteFile, Edit, EditFailure, EditFailureReason, Hunk, UnifiedDiff, WholeFile

_HUNK = re.compile(r"^@@(?:\s*-(\d+)(?:,\d+)?\s+\+\d+(?:,\d+)?)?")
_NOISE = re.compile(
    r"^(diff --git |index [0-9a-f]+\.\.|new file mode |deleted file mode |old mode |new mode |similarity )"
)
_UNSUPPORTED = re.compile(r"^(rename (from|to) |copy (from|to) |GIT binary patch|Binary files )")


def parse_diff(lines: Sequence[str], default_path: str = "") -> tuple[list[Edit], list[EditFailure]]:
    """The edits of a diff, one for each file.

    Args:
        lines: the diff, without line endings.
        default_path: the file meant by hunks without a file header.
    """
    edits: list[Edit] = []
    failures: list[EditFailure] = []
    for old, new, body in _files(lines, default_path):
        path = old if new == "/dev/null" else new
        if any(_UNSUPPORTED.match(line) for line in body):
            detail = "renames, copies and binary patches are not read"
            hint = "Delete the old file and give the new one whole."
            failures.append(EditFailure(EditFailureReason.BAD_FORMAT, path, detail, hint))
        elif not path:
            detail = "the diff does not say which file it is for"
            hint = "Begin it with `--- a/path` and `+++ b/path`."
            failures.append(EditFailure(EditFailureReason.BAD_FORMAT, "", detail, hint))
        elif new == "/dev/null":
            edits.append(DeleteFile(path))
        else:
            hunks = tuple(_hunks(body))
            if old == "/dev/null":
                content = "".join(text + "\n" for hunk in hunks for text in hunk.after)
                edits.append(WholeFile(path, content))
            elif hunks:
                edits.append(UnifiedDiff(path, hunks))
            else:
                failures.append(EditFailure(EditFailureReason.BAD_FORMAT, path, "the diff has no hunks"))
    return edits, failures


def _files(lines: Sequence[str], default_path: str) -> Iterator[tuple[str, str, list[str]]]:
    """(old path, new path, body) of each file of the diff."""
    old = new = default_path
    body: list[str] = []
    index = 0
    while index < len(lines):
        line = lines[index]
        following = lines[index + 1] if index + 1 < len(lines) else ""
        header = line.startswith("--- ") and following.startswith("+++ ")
        if header or line.startswith("diff --git "):
            if any(text.strip() for text in body):
                yield old, new, body
            body = []
            if header:
                old, new = _path(line[4:]), _path(following[4:])
                index += 1
            else:
                parts = line.split(" b/")
                old = new = parts[-1].strip() if len(parts) > 1 else ""
        elif not _NOISE.match(line):
            body.append(line)
        index += 1
    if any(text.strip() for text in body) or (new == "/dev/null" and old):
        yield old, new, body


def _path(text: str) -> str:
    text = text.split("\t", maxsplit=1)[0].strip().strip('"`')
    return text[2:] if text.startswith(("a/", "b/")) else text


def _hunks(body: Sequence[str]) -> Iterator[Hunk]:
    start: int | None = None
    lines: list[tuple[str, str]] = []
    for line in body:
        header = _HUNK.match(line)
        if header:
            if lines:
                yield Hunk(start, tuple(lines))
            start, lines = (int(header[1]) if header[1] else None), []
        elif line.startswith("\\"):  # "\ No newline at end of file": the file's own state is kept
            continue
        elif line[:1] in {"+", "-", " "}:
            lines.append((line[0], line[1:]))
        else:  # the space of a context line got lost
            lines.append((" ", line))
    while lines and lines[-1] == (" ", ""):
        lines.pop()
    if lines:
        yield Hunk(start, tuple(lines))
