"""Showing a part of a file with line numbers, bounded and saying what is left out."""

from __future__ import annotations

from tools.errors import InputError
from tools.files import FileReader
from tools.paths import normalised, suggestions
from tools.text import BinaryFile, readable

VIEW_LINES = 250
LINE_CHARS = 400
_ENTRIES = 100


def view(files: FileReader, path: str, start: int = 1, end: int | None = None) -> str:
    """The lines of a file with their numbers, or the entries of a folder.

    Args:
        files: the repository.
        path: of a file or folder; "" or "." is the root.
        start: first line, 1-based.
        end: last line, inclusive; None, or too far, shows `VIEW_LINES` lines.

    Returns:
        A header line and the lines as `number<TAB>text`; lines over `LINE_CHARS` characters are clipped.

    Raises:
        InputError: there is no such file or line.
    """
    path = normalised(path)
    if not files.exists(path):
        return _folder(files, path)
    try:
        lines = readable(files.read(path), path).removesuffix("\n").split("\n")
    except BinaryFile:
        return f"{path} is a binary file of {len(files.read(path))} bytes"
    if lines == [""]:
        return f"{path} is empty"
    first = max(1, start)
    if first > len(lines) or (end is not None and end < first):
        raise InputError(f"{path} has lines 1 to {len(lines)}, not {start} to {end or 'its end'}")
    last = min(len(lines), first + VIEW_LINES - 1, end or len(lines))
    shown = [f"{number:>6}\t{clipped(lines[number - 1])}" for number in range(first, last + 1)]
    header = f"{path} (lines {first}-{last} of {len(lines)})"
    rest = min(end or len(lines), len(lines)) - last
    tail = [f"({rest} more lines; view from line {last + 1})"] if rest > 0 else []
    return "\n".join([header, *shown, *tail])


def clipped(text: str, limit: int = LINE_CHARS) -> str:
    """The text, cut at `limit` characters with a note of how many are left out."""
    return text if len(text) <= limit else f"{text[:limit]}… [{len(text) - limit} more characters]"


def missing(files: FileReader, path: str) -> InputError:
    """The error for a path that is not there, with paths somebody may have meant."""
    near = suggestions(path, files.paths())
    hint = f"did you mean {', '.join(near)}?" if near else "find lists the files that match a pattern"
    return InputError(f"there is no file {path}", hint=hint)


def _folder(files: FileReader, path: str) -> str:
    prefix = f"{path}/" if path else ""
    entries: dict[str, int] = {}
    for item in files.paths():
        if item.startswith(prefix):
            name, slash, _ = item[len(prefix) :].partition("/")
            entries[name + slash] = entries.get(name + slash, 0) + 1
    if not entries:
        raise missing(files, path)
    shown = [
        f"{name}  ({count} file{'s' if count > 1 else ''})" if name.endswith("/") else name
        for name, count in sorted(entries.items())
    ]
    more = [f"({len(shown) - _ENTRIES} more entries)"] if len(shown) > _ENTRIES else []
    return "\n".join([f"{path or '.'} is a folder of {len(shown)} entries", *shown[:_ENTRIES], *more])
