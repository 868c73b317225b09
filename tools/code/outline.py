"""The definitions of a file at a glance."""

from __future__ import annotations

from tools.code.definitions import definitions
from tools.code.languages import language_of
from tools.code.view import clipped, missing
from tools.files import FileReader
from tools.paths import normalised
from tools.text import BinaryFile, readable

_LIMIT = 300
_SIGNATURE = 160


def outline(files: FileReader, path: str) -> str:
    """The functions, methods and classes of a file with their line ranges, indented by nesting.

    Raises:
        InputError: there is no such file.
    """
    path = normalised(path)
    if not files.exists(path):
        raise missing(files, path)
    if language_of(path) is None:
        return f"{path} is in no language that can be outlined; view shows its lines"
    try:
        found = definitions(path, readable(files.read(path), path).encode())
    except BinaryFile:
        return f"{path} is a binary file"
    if not found:
        return f"{path} defines no functions or classes"
    shown = [
        f"{f'{item.start}-{item.end}':>11}  {'    ' * item.depth}{clipped(item.signature, _SIGNATURE)}"
        for item in found[:_LIMIT]
    ]
    more = [f"({len(found) - _LIMIT} more definitions)"] if len(found) > _LIMIT else []
    return "\n".join([f"{path} ({len(found)} definitions)", *shown, *more])
