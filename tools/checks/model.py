"""What a static check says about a change."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FindingKind(StrEnum):
    """What kind of trouble a change brings in."""

    SYNTAX_ERROR = "syntax_error"
    UNDEFINED_NAME = "undefined_name"
    UNUSED_IMPORT = "unused_import"
    UNUSED_VARIABLE = "unused_variable"
    REDEFINITION = "redefinition"
    SUSPICIOUS = "suspicious"
    CONFLICT_MARKER = "conflict_marker"
    DEBUG_LEFTOVER = "debug_leftover"
    DELETED_TEST = "deleted_test"
    DISABLED_TEST = "disabled_test"


class Severity(StrEnum):
    """Whether the change may stand."""

    FATAL = "fatal"
    WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """Something a change brings in that was not there before.

    Attributes:
        kind: what it is.
        path: the changed file.
        line: 1-based, in the changed file; 0 when it is about the whole file.
        message: one sentence.
        severity: FATAL only when the code cannot work.
    """

    kind: FindingKind
    path: str
    line: int
    message: str
    severity: Severity = Severity.WARNING
