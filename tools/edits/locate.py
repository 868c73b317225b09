"""Making one search-and-replace: up the ladder, unique or not at all, and a failure that shows what is there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tools.edits.matching import Match, closest, find_alike, find_lines
from tools.edits.model import EditError, EditFailureReason, Rung, SearchReplace, StrReplace
from tools.edits.splice import Conflict, changes
from tools.text import SourceText, common_head, plain_lines

_NUMBERED = re.compile(r"^\s*\d+\s?[|\t:→] ?")
_SHOWN_LINES = 24
_SHOWN_PLACES = 10
_AGAIN = "Quote the lines exactly as the file has them now."


def locate(
    text: SourceText, edit: SearchReplace | StrReplace, *, expected: int | None = None
) -> tuple[SourceText, Rung]:
    """The text with the edit made, and the rung of the ladder that found its place.

    Args:
        text: the file.
        edit: what to look for and what to put there.
        expected: line (0-based) the place is said to be at; decides between equal places, nothing else.

    Raises:
        EditError: not there, there more than once, or in conflict with lines the edit did not quote.
    """
    if isinstance(edit, StrReplace):
        replaced = _literal(text, edit.path, *(re.sub(r"\r\n?", "\n", part) for part in (edit.search, edit.replace)))
        if replaced is not None:
            return replaced, Rung.EXACT
    lines = text.texts
    versions = _versions(edit)
    for before, after in versions:
        found = find_lines(lines, before)
        if expected is not None and len(found) > 1:
            found = [match for match in found if match.start == expected] or found
        if found:
            return _merged(text, edit.path, found, before, after)
    before, after = versions[-1]
    replaced = _literal(text, edit.path, "\n".join(before), "\n".join(after))
    if replaced is not None:
        return replaced, Rung.SUBSTRING
    found = find_alike(lines, before)
    if found:
        return _merged(text, edit.path, found, before, after)
    raise _not_found(edit, lines)


def _merged(
    text: SourceText, path: str, found: Sequence[Match], before: Sequence[str], after: Sequence[str]
) -> tuple[SourceText, Rung]:
    if len(found) > 1:
        raise _ambiguous(path, [match.start + 1 for match in found])
    match = found[0]
    try:
        return text.replaced(changes(text.texts, match, before, after)), match.rung
    except Conflict as conflict:
        shown = _numbered(text.texts, match.start, match.end)
        detail = f"the lines to change are not those of the file, which are:\n{shown}"
        raise EditError(EditFailureReason.NOT_FOUND, path, detail, _AGAIN) from conflict


def _versions(edit: SearchReplace | StrReplace) -> list[tuple[list[str], list[str]]]:
    """What the edit may mean: as it is, without blank lines at its ends, without line numbers of a listing."""
    before, after = plain_lines(edit.search), plain_lines(edit.replace)
    found = [(before, after)]
    trimmed = _trimmed(before, after)
    if trimmed != (before, after):
        found.append(trimmed)
    quoted = [text for text in before if text.strip()]
    if quoted and all(_NUMBERED.match(text) for text in quoted):
        before, after = trimmed
        found.append(([_NUMBERED.sub("", text) for text in before], [_NUMBERED.sub("", text) for text in after]))
    return found


def _trimmed(before: list[str], after: list[str]) -> tuple[list[str], list[str]]:
    before, after = list(before), list(after)
    for end in (0, -1):
        while before and not before[end].strip():
            before.pop(end)
            if after and not after[end].strip():
                after.pop(end)
    return before, after


def _literal(text: SourceText, path: str, search: str, replace: str) -> SourceText | None:
    """Replaces the one place where the search is part of the text; None when there is none."""
    joined = "\n".join(text.texts) + ("\n" if text.lines and text.lines[-1].ending else "")
    places = list(_places(joined, search))
    if len(places) > 1:
        raise _ambiguous(path, [joined.count("\n", 0, place) + 1 for place in places])
    if not places:
        return None
    new = plain_lines(joined[: places[0]] + replace + joined[places[0] + len(search) :])
    old = text.texts
    head = common_head(old, new)
    tail = common_head(old[head:][::-1], new[head:][::-1])
    return text.replaced([(head, len(old) - tail, new[head : len(new) - tail])])


def _places(text: str, search: str) -> Iterator[int]:
    at = text.find(search)
    while at >= 0:
        yield at
        at = text.find(search, at + 1)


def _ambiguous(path: str, lines: Sequence[int]) -> EditError:
    shown = ", ".join(str(line) for line in lines[:_SHOWN_PLACES])
    more = f" and {len(lines) - _SHOWN_PLACES} more" if len(lines) > _SHOWN_PLACES else ""
    detail = f"the quoted text is there {len(lines)} times, at lines {shown}{more}"
    return EditError(EditFailureReason.AMBIGUOUS, path, detail, "Quote more lines around it, so that one place fits.")


def _not_found(edit: SearchReplace | StrReplace, lines: Sequence[str]) -> EditError:
    wanted = plain_lines(edit.search)
    if any(text.strip() in {"...", "# ...", "// ..."} for text in wanted):
        hint = "Do not leave lines out with an ellipsis: quote few lines, but those in full."
    elif plain_lines(edit.replace) and _inside(plain_lines(edit.replace), lines):
        hint = "The new lines are in the file already: this edit may have been made before."
    else:
        hint = _AGAIN
    place = closest(lines, wanted)
    if place is None:
        return EditError(EditFailureReason.NOT_FOUND, edit.path, "the file is empty", hint)
    shown = _numbered(lines, max(0, place[0] - 2), min(len(lines), place[1] + 2))
    detail = f"the quoted lines are not in the file; the closest are:\n{shown}"
    return EditError(EditFailureReason.NOT_FOUND, edit.path, detail, hint)


def _inside(wanted: Sequence[str], lines: Sequence[str]) -> bool:
    return "\n".join(text.strip() for text in wanted) in "\n".join(text.strip() for text in lines)


def _numbered(lines: Sequence[str], start: int, end: int) -> str:
    shown = [f"{number:>6}\t{lines[number - 1]}" for number in range(start + 1, min(end, start + _SHOWN_LINES) + 1)]
    return "\n".join(shown)
