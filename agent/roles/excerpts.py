"""Code as prompts show it: definitions whole, or without what says least of where a cause is, within a budget."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from tools.files import FileReader
from tools.imports import imports_of
from tools.syntax import parse_definition

DOCSTRING_LINES = 6
"""Docstrings of more lines are cut to their first paragraph, and that to `KEPT_LINES`."""
KEPT_LINES = 4
IMPORTS_LIMIT = 2_000
SPARED = 5
"""So few lines too many are shown all the same."""
_DOCUMENTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class Excerpts:
    """Definitions of files, each shown once, a class and its method counting as one.

    Args:
        files: to read from.
    """

    def __init__(self, files: FileReader) -> None:
        self._files = files
        self._parts: list[str] = []
        self._used = 0
        self._shown: list[tuple[str, int, int]] = []

    @property
    def text(self) -> str:
        """All of them."""
        return "\n\n".join(self._parts)

    def add(self, path: str, lines: tuple[int, int], limit: int, *, most: int = 0, said: str = "") -> bool:
        """Shows one more; False where it does not fit, or is shown.

        Before the first definition of a file come the file's imports, where they are known and short enough.

        Args:
            path: of the file.
            lines: the first and the last one, from 1.
            limit: characters of all excerpts together.
            most: `shortened` to about so many lines, and without imports; 0 for the whole.
            said: stands in the heading.
        """
        if any(path == other and start <= lines[0] and lines[1] <= end for other, start, end in self._shown):
            return False
        source = self._files.read(path).decode(errors="replace").replace("\r\n", "\n")
        wanted = source.split("\n")[lines[0] - 1 : lines[1]]
        body = "\n".join(shortened(path, wanted, most) if most else wanted)
        text = f"# {path}, lines {lines[0]} to {lines[1]}{said}\n{body}"
        imports = "" if most or any(path == other for other, *_ in self._shown) else imports_of(path, source)
        if 0 < len(imports) <= IMPORTS_LIMIT:
            text = f"# {path}, its imports\n{imports}\n\n{text}"
        if self._used + len(text) > limit:
            return False
        self._shown.append((path, *lines))
        self._parts.append(text)
        self._used += len(text)
        return True


def shortened(path: str, lines: Sequence[str], most: int) -> list[str]:
    """A definition without most of a long docstring and without the end of a long body; both are said.

    Args:
        path: of its file, which tells the language: docstrings are known in Python.
        lines: of the definition as they stand in the file.
        most: about so many of them are kept.
    """
    kept = list(lines)
    first, last = _docstring(path, lines)
    if last - first >= DOCSTRING_LINES:
        blank = next((number for number in range(first + 1, last + 1) if not lines[number].strip()), last)
        end = min(blank, first + KEPT_LINES)
        kept[end : last + 1] = [f"[{last + 1 - end} lines of the docstring left out]"]
    if len(kept) > most + SPARED:
        kept[most:] = [f"[{len(kept) - most} lines left out]"]
    return kept


def _docstring(path: str, lines: Sequence[str]) -> tuple[int, int]:
    """The places of the first and last line of the docstring; equal ones when there is none, or it is not known."""
    if not path.endswith(".py"):
        return 0, 0
    try:
        module = parse_definition("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return 0, 0
    node = next((node for node in ast.walk(module) if isinstance(node, _DOCUMENTED)), None)
    if node is None:
        return 0, 0
    said = node.body[0]
    if not (isinstance(said, ast.Expr) and isinstance(said.value, ast.Constant) and isinstance(said.value.value, str)):
        return 0, 0
    return said.lineno - 2, (said.end_lineno or said.lineno) - 2
