"""The gate every change passes: what breaks the code is turned back, what looks odd is told."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from tools.checks.leftovers import leftovers
from tools.checks.model import Finding, FindingKind, Severity
from tools.checks.names import new_name_findings
from tools.checks.syntax import new_syntax_errors
from tools.edits.model import EditFailure, EditFailureReason, EditResult
from tools.files import FileReader
from tools.text import BinaryFile, readable

_REASONS = {
    FindingKind.SYNTAX_ERROR: (EditFailureReason.SYNTAX_ERROR, "Give the edit again with valid syntax."),
    FindingKind.UNDEFINED_NAME: (
        EditFailureReason.UNDEFINED_NAME,
        "Define or import the name in the same answer, or use one that exists.",
    ),
}
_AROUND = 4


def check_changes(files: FileReader, changes: Mapping[str, bytes | None]) -> list[Finding]:
    """What changes bring in that was not there before, sorted by path and line.

    Args:
        files: the state before.
        changes: new content of each changed file, None for a deleted one.
    """
    found: list[Finding] = []
    for path, after in sorted(changes.items()):
        before = files.read(path) if files.exists(path) else None
        if after is not None:
            errors = new_syntax_errors(path, before, after)
            found += errors or new_name_findings(path, before, after)
        try:
            old = None if before is None else readable(before, path)
            new = None if after is None else readable(after, path)
        except BinaryFile:
            continue
        found += leftovers(path, old, new)
    return sorted(found, key=lambda item: (item.path, item.line, item.kind, item.message))


def gate(files: FileReader, result: EditResult, *, later: Collection[FindingKind] = ()) -> EditResult:
    """Turns back all edits of each file in which they bring a fatal finding.

    A file is judged after all its edits, because one may use what the next defines.

    Args:
        files: the state before.
        result: of applying edits to it.
        later: kinds that are let pass, because more edits will follow that may put them right.
    """
    fatal: dict[str, Finding] = {}
    for finding in check_changes(files, result.changes):
        if finding.severity is Severity.FATAL and finding.kind not in later:
            fatal.setdefault(finding.path, finding)
    if not fatal:
        return result
    failures = [_failure(finding, result.changes[path] or b"") for path, finding in sorted(fatal.items())]
    return replace(
        result,
        changes={path: content for path, content in result.changes.items() if path not in fatal},
        applied=tuple(item for item in result.applied if item.path not in fatal),
        failures=(*result.failures, *failures),
    )


def _failure(finding: Finding, after: bytes) -> EditFailure:
    reason, hint = _REASONS[finding.kind]
    lines = readable(after, finding.path).split("\n")
    first = max(1, finding.line - _AROUND)
    shown = [
        f"{number:>6}{'>' if number == finding.line else ' '}\t{lines[number - 1]}"
        for number in range(first, min(len(lines), finding.line + _AROUND) + 1)
    ]
    detail = f"{finding.message}, at line {finding.line} of the file as edited:\n" + "\n".join(shown)
    return EditFailure(reason, finding.path, detail, f"The file is as it was before. {hint}")
