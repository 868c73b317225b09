"""What an edit is, and how one fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True)
class SearchReplace:
    """Whole lines are replaced; an empty search creates a file or fills an empty one."""

    path: str
    search: str
    replace: str


@dataclass(frozen=True)
class StrReplace:
    """A literal piece of text, possibly within a line, is replaced; falls back to whole lines."""

    path: str
    search: str
    replace: str


@dataclass(frozen=True)
class ReplaceFunction:
    """A definition is replaced, found in the syntax tree by its qualified name.

    The decorators of the definition are part of it when `source` has decorators, else they stay.
    """

    path: str
    name: str
    source: str


@dataclass(frozen=True)
class WholeFile:
    """The file has this content; it may be new."""

    path: str
    content: str


@dataclass(frozen=True)
class DeleteFile:
    """The file goes."""

    path: str


@dataclass(frozen=True)
class Hunk:
    """One hunk of a unified diff.

    Attributes:
        start: line in the old file as the header says, 1-based; None when it does not say. Only a tie-breaker.
        lines: (tag, text), tag one of " ", "-", "+".
    """

    start: int | None
    lines: tuple[tuple[str, str], ...]

    @property
    def before(self) -> tuple[str, ...]:
        """The lines that must be there."""
        return tuple(text for tag, text in self.lines if tag != "+")

    @property
    def after(self) -> tuple[str, ...]:
        """The lines that are there afterwards."""
        return tuple(text for tag, text in self.lines if tag != "-")


@dataclass(frozen=True)
class UnifiedDiff:
    """The hunks of one file; line numbers and counts in them need not be right."""

    path: str
    hunks: tuple[Hunk, ...]


Edit = SearchReplace | StrReplace | ReplaceFunction | WholeFile | DeleteFile | UnifiedDiff


class Rung(StrEnum):
    """How an edit found its place, from certain to likely."""

    EXACT = "exact"
    WHITESPACE = "whitespace"
    INDENT = "indent"
    SUBSTRING = "substring"
    FUZZY = "fuzzy"
    DEFINITION = "definition"
    FILE = "file"


class EditFailureReason(StrEnum):
    """Why an edit was not made."""

    FILE_NOT_FOUND = "file_not_found"
    NOT_FOUND = "not_found"
    AMBIGUOUS = "ambiguous"
    PATH_FORBIDDEN = "path_forbidden"
    NO_CHANGE = "no_change"
    FUNCTION_NOT_FOUND = "function_not_found"
    BAD_FORMAT = "bad_format"
    SYNTAX_ERROR = "syntax_error"
    UNDEFINED_NAME = "undefined_name"
    BINARY_FILE = "binary_file"
    TOO_LARGE = "too_large"
    NOT_ENCODABLE = "not_encodable"


@dataclass(frozen=True)
class EditFailure:
    """An edit that was not made.

    Attributes:
        reason: for the score.
        path: as the edit named it; empty when it named none.
        detail: what is wrong, with the lines concerned.
        hint: what to do instead, one sentence.
    """

    reason: EditFailureReason
    path: str
    detail: str
    hint: str = ""

    def __str__(self) -> str:
        """The failure as a model or a person reads it."""
        where = f"{self.path}: " if self.path else ""
        return f"{where}{self.reason}: {self.detail}" + (f"\n{self.hint}" if self.hint else "")


@dataclass(frozen=True)
class AppliedEdit:
    """An edit that was made, and how it found its place (the least certain rung of its parts)."""

    edit: Edit
    path: str
    rung: Rung


@dataclass(frozen=True)
class EditResult:
    """What came of a list of edits.

    Attributes:
        changes: new content of each changed file, None for a deleted one; only real differences.
        applied: the edits made, in order.
        failures: the edits not made.
    """

    changes: Mapping[str, bytes | None]
    applied: tuple[AppliedEdit, ...] = ()
    failures: tuple[EditFailure, ...] = ()


class EditError(Exception):
    """Carries an EditFailure out of the depth of applying one edit."""

    def __init__(self, reason: EditFailureReason, path: str, detail: str, hint: str = "") -> None:
        super().__init__(detail)
        self.failure = EditFailure(reason, path, detail, hint)
