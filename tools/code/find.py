"""Finding files by name and lines by pattern, in bounded time and output."""

from __future__ import annotations

import re as stdlib_re
import time
from collections.abc import Callable, Sequence

from tools.code.view import clipped
from tools.errors import InputError
from tools.files import FileReader
from tools.text import MAX_FILE_BYTES, BinaryFile, readable

GREP_SECONDS = 10.0
_LINE_CHARS = 240
_PER_FILE = 20
_ALTERNATIVES = 64
_BRACES = stdlib_re.compile(r"\{([^{}]*,[^{}]*)\}")
_SPECIAL = set("\\^$.|?*+()[]{}")


def find(files: FileReader, glob: str, limit: int = 100) -> str:
    """The paths that match a pattern, one a line.

    Args:
        files: the repository.
        glob: as in `.gitignore`: `*.py` at any depth, `src/**/test_*.py`, or a folder `docs/`; with alternatives
            as in `{src,tests}/**/*.py`.
        limit: of paths shown.

    Raises:
        InputError: the pattern cannot be read.
    """
    paths = matching_paths(files.paths(), glob)
    if not paths:
        return f"no file matches {glob}"
    more = [f"({len(paths) - limit} more files)"] if len(paths) > limit else []
    return "\n".join([*paths[:limit], *more])


def matching_paths(paths: Sequence[str], glob: str) -> list[str]:
    """The paths a `.gitignore`-like pattern matches, or one of its alternatives in braces; all for an empty one.

    Raises:
        InputError: the pattern cannot be read.
    """
    if not glob.strip() or glob.strip() in {".", "./"}:
        return list(paths)
    import pathspec

    try:
        spec = pathspec.GitIgnoreSpec.from_lines(_alternatives(glob.strip().removeprefix("./")))
    except ValueError as error:
        raise InputError(f"{glob} is not a file pattern: {error}", hint="write it like src/**/*.py") from error
    return [path for path in paths if spec.match_file(path)]


def _alternatives(glob: str) -> list[str]:
    """A pattern for each choice of the alternatives in braces, innermost first; at most `_ALTERNATIVES`."""
    done: list[str] = []
    pending = [glob]
    while pending:
        pattern = pending.pop(0)
        match = _BRACES.search(pattern)
        if match is None or len(pending) + len(done) >= _ALTERNATIVES:
            done.append(pattern)
        else:
            pending += [pattern[: match.start()] + choice + pattern[match.end() :] for choice in match[1].split(",")]
    return done


def grep(
    files: FileReader,
    pattern: str,
    glob: str | None = None,
    limit: int = 100,
    *,
    ignore_case: bool = False,
    seconds: float = GREP_SECONDS,
) -> str:
    """The lines that match a regular expression, as `path:line: text`.

    A pattern that is no regular expression is searched for as it is. A search that takes too long, because of the
    pattern or the size of the repository, is stopped and says how far it came. Binary files and files over
    `MAX_FILE_BYTES` are passed over.

    Args:
        files: the repository.
        pattern: matched within lines; `^` and `$` are their ends.
        glob: which files, as for `find`; None or empty for all.
        limit: of lines shown; of one file at most 20, as long as others match too.
        ignore_case: whether case does not matter.
        seconds: for the whole search.

    Raises:
        InputError: the pattern is empty, or the glob cannot be read.
    """
    if not pattern:
        raise InputError("the pattern is empty", hint="give a word or a regular expression")
    search, note = _matcher(pattern, ignore_case=ignore_case)
    as_a_whole = _LINE_ONLY.search(pattern) is None
    paths = matching_paths(files.paths(), glob or "")
    literal = pattern.isascii() and not ignore_case and not _SPECIAL & set(pattern)
    needle = pattern.encode() if literal else b""
    deadline = time.monotonic() + seconds
    found: dict[str, list[tuple[int, str]]] = {}
    notes = [note] if note else []
    for count, path in enumerate(paths):
        data = files.read(path)
        if len(data) > MAX_FILE_BYTES or (needle and needle not in data and data[:2] not in {b"\xff\xfe", b"\xfe\xff"}):
            continue
        try:
            lines = _matching_lines(readable(data, path), search, deadline, as_a_whole=as_a_whole)
        except BinaryFile:
            continue
        except TimeoutError:
            notes.append(f"(stopped after {seconds:g} s at {path}: {count} of {len(paths)} files were searched)")
            break
        if lines:
            found[path] = lines
    return _rendered(found, limit, notes, f"no line matches {pattern}" + (f" in {glob}" if glob else ""))


# with these a line can match though the text it is in does not
_LINE_ONLY = stdlib_re.compile(r"\(\?|\\[AZzG]|[*+?}]\+")
Search = Callable[[str, float], bool]


def _matcher(pattern: str, *, ignore_case: bool) -> tuple[Search, str]:
    import regex

    flags = regex.MULTILINE | (regex.IGNORECASE if ignore_case else 0)
    note = ""
    try:
        compiled = regex.compile(pattern, flags)
    except (regex.error, stdlib_re.error, OverflowError, RecursionError) as error:
        compiled = regex.compile(regex.escape(pattern), flags)
        note = f"(not a regular expression: {error}; searched for as it is)"

    def search(text: str, timeout: float) -> bool:
        return compiled.search(text, timeout=max(timeout, 1e-3), concurrent=True) is not None

    return search, note


def _matching_lines(text: str, search: Search, deadline: float, *, as_a_whole: bool) -> list[tuple[int, str]]:
    """(number, text) of the lines that match; none at once if `as_a_whole` the text does not.

    Raises:
        TimeoutError: it took too long.
    """
    found = []
    if time.monotonic() > deadline:
        raise TimeoutError
    if as_a_whole and not search(text, deadline - time.monotonic()):
        return []
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        if search(line, deadline - time.monotonic()):
            found.append((number, line))
    return found


def _rendered(found: dict[str, list[tuple[int, str]]], limit: int, notes: list[str], nothing: str) -> str:
    total = sum(len(lines) for lines in found.values())
    if not total:
        return "\n".join([nothing, *notes])
    each = limit if len(found) == 1 else min(limit, _PER_FILE)
    shown: list[str] = []
    whole = 0
    for path, lines in found.items():
        part = lines[: min(each, limit - whole)]
        whole += len(part)
        shown += [f"{path}:{number}: {clipped(text.strip(), _LINE_CHARS)}" for number, text in part]
        if part and len(lines) > len(part):
            shown.append(f"({len(lines) - len(part)} more lines in {path})")
        if whole >= limit:
            break
    if total > whole:
        files = len(found)
        shown.append(f"({total - whole} of {total} matching lines in {files} file{'s' * (files > 1)} not shown)")
    return "\n".join([*shown, *notes])
