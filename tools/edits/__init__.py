"""Edits: how they are written, how they find their place in a file, and why one is not made."""

from tools.edits.apply import apply_edits
from tools.edits.model import (
    AppliedEdit,
    DeleteFile,
    Edit,
    EditFailure,
    EditFailureReason,
    EditResult,
    Hunk,
    ReplaceFunction,
    Rung,
    SearchReplace,
    StrReplace,
    UnifiedDiff,
    WholeFile,
)
from tools.edits.parse import EDIT_FORMAT, parse_edits

__all__ = [
    "EDIT_FORMAT",
    "AppliedEdit",
    "DeleteFile",
    "Edit",
    "EditFailure",
    "EditFailureReason",
    "EditResult",
    "Hunk",
    "ReplaceFunction",
    "Rung",
    "SearchReplace",
    "StrReplace",
    "UnifiedDiff",
    "WholeFile",
    "apply_edits",
    "parse_edits",
]
