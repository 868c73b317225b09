"""Applying edits to files: every edit happens whole or not at all, later ones see what earlier ones did."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from tools import paths
from tools.edits.functions import replace_function
from tools.edits.locate import locate
from tools.edits.model import (
    AppliedEdit,
    DeleteFile,
    Edit,
    EditError,
    EditFailure,
    EditFailureReason,
    EditResult,
    Hunk,
    ReplaceFunction,
    Rung,
    SearchReplace,
    UnifiedDiff,
    WholeFile,
)
from tools.files import FileReader
from tools.text import MAX_FILE_BYTES, BinaryFile, SourceText, line_changes, plain_lines, split_lines

_RUNGS = list(Rung)


def apply_edits(files: FileReader, edits: Sequence[Edit]) -> EditResult:
    """Applies `edits` in order.

    Args:
        files: the state before; it is not changed.
        edits: what to do.

    Returns:
        The changed files, which edits were made and how, and for each other one why not.
    """
    work = _Work(files)
    applied: list[AppliedEdit] = []
    failures: list[EditFailure] = []
    for edit in edits:
        try:
            path = work.resolve(edit)
            rung = work.apply(path, edit)
        except EditError as error:
            failures.append(error.failure)
        else:
            applied.append(AppliedEdit(edit, path, rung))
    return EditResult(work.changes(), tuple(applied), tuple(failures))


class _Work:
    """The files while edits are applied to them."""

    def __init__(self, files: FileReader) -> None:
        self._files = files
        self._new: dict[str, bytes | None] = {}
        self._known: frozenset[str] | None = None

    def changes(self) -> dict[str, bytes | None]:
        """What differs from the files as they were."""
        changed: dict[str, bytes | None] = {}
        for path, content in sorted(self._new.items()):
            old = self._files.read(path) if self._files.exists(path) else None
            if content != old:
                changed[path] = content
        return changed

    def resolve(self, edit: Edit) -> str:
        """The path an edit means, of an existing file where it means one."""
        path = paths.normalised(edit.path)
        reason = paths.objection(edit.path)
        if reason:
            hint = self._did_you_mean(path) or "Give a path relative to the root of the repository."
            raise EditError(EditFailureReason.PATH_FORBIDDEN, edit.path, reason, hint)
        prefixed = path.startswith(("a/", "b/")) and not self._exists(path)
        if prefixed and (self._exists(path[2:]) or isinstance(edit, UnifiedDiff)):
            path = path[2:]
        self._refuse_links(edit.path, path)
        return path

    def _refuse_links(self, named: str, path: str) -> None:
        parents = [parent.as_posix() for parent in PurePosixPath(path).parents]
        if self._files.is_link(path):
            raise EditError(
                EditFailureReason.PATH_FORBIDDEN, named, "the path is a link", "Edit the file it points to."
            )
        for parent in parents[:-1]:
            if self._exists(parent):
                detail = f"{parent} is not a folder"
                raise EditError(EditFailureReason.PATH_FORBIDDEN, named, detail, "Choose another path.")

    def apply(self, path: str, edit: Edit) -> Rung:
        """Makes one edit, or raises EditError and leaves everything as it was."""
        if isinstance(edit, DeleteFile):
            self._read(path)
            self._new[path] = None
            return Rung.FILE
        if isinstance(edit, WholeFile):
            return self._whole(path, edit.content)
        if isinstance(edit, UnifiedDiff):
            return self._diff(path, edit)
        if isinstance(edit, ReplaceFunction):
            text = self._decode(path, self._read(path))
            self._store(path, text.replaced(replace_function(text, edit)))
            return Rung.DEFINITION
        if not edit.search.strip():
            if self._exists(path) and self._read(path).strip():
                hint = "Quote the lines to replace, or those next to which the new ones go."
                detail = "the search is empty but the file is not"
                raise EditError(EditFailureReason.BAD_FORMAT, edit.path, detail, hint)
            return self._whole(path, edit.replace)
        text, rung = locate(self._decode(path, self._read(path)), edit)
        self._store(path, text)
        return rung

    def _whole(self, path: str, content: str) -> Rung:
        if not self._exists(path) or not self._read(path):
            lines = [text + "\n" for text in plain_lines(content)]
            self._store(path, SourceText(split_lines("".join(lines))))
            return Rung.FILE
        text = self._decode(path, self._read(path))
        self._store(path, text.replaced(line_changes(text.texts, plain_lines(content))))
        return Rung.FILE

    def _diff(self, path: str, edit: UnifiedDiff) -> Rung:
        if all(not hunk.before for hunk in edit.hunks) and not (self._exists(path) and self._read(path)):
            return self._whole(path, "\n".join(text for hunk in edit.hunks for text in hunk.after))
        text = self._decode(path, self._read(path))
        worst, shift = Rung.EXACT, 0
        for number, hunk in enumerate(edit.hunks, 1):
            if hunk.before == hunk.after:
                continue
            text, rung = self._hunk(path, text, hunk, shift, number)
            shift += len(hunk.after) - len(hunk.before)
            worst = max(worst, rung, key=_RUNGS.index)
        self._store(path, text)
        return worst

    def _hunk(self, path: str, text: SourceText, hunk: Hunk, shift: int, number: int) -> tuple[SourceText, Rung]:
        if not any(line.strip() for line in hunk.before):
            detail = f"hunk {number} has no context lines"
            raise EditError(EditFailureReason.BAD_FORMAT, path, detail, "Give lines around the change, as they are.")
        expected = None if hunk.start is None else hunk.start - 1 + shift
        search = SearchReplace(path, "\n".join(hunk.before), "\n".join(hunk.after))
        return locate(text, search, expected=expected)

    def _store(self, path: str, text: SourceText) -> None:
        try:
            data = text.encode(path)
        except (UnicodeError, LookupError) as error:
            hint = "Use escapes or plain ASCII."
            raise EditError(EditFailureReason.NOT_ENCODABLE, path, str(error), hint) from error
        if self._exists(path) and data == self._read(path):
            raise EditError(
                EditFailureReason.NO_CHANGE, path, "the edit changes nothing", "The file already reads like this."
            )
        if len(data) > MAX_FILE_BYTES:
            raise EditError(EditFailureReason.TOO_LARGE, path, f"the file would have {len(data)} bytes")
        self._new[path] = data

    def _decode(self, path: str, data: bytes) -> SourceText:
        try:
            return SourceText.decode(data, path)
        except BinaryFile as error:
            raise EditError(EditFailureReason.BINARY_FILE, path, "the file is not text") from error

    def _exists(self, path: str) -> bool:
        return self._new[path] is not None if path in self._new else self._files.exists(path)

    def _read(self, path: str) -> bytes:
        if not self._exists(path):
            hint = self._did_you_mean(path) or "To create it, give its whole content."
            raise EditError(EditFailureReason.FILE_NOT_FOUND, path, "there is no such file", hint)
        data = self._new.get(path)
        data = self._files.read(path) if data is None else data
        if len(data) > MAX_FILE_BYTES:
            raise EditError(EditFailureReason.TOO_LARGE, path, f"the file has {len(data)} bytes")
        return data

    def _did_you_mean(self, path: str) -> str:
        near = paths.suggestions(path, self._paths())
        return f"Did you mean {', '.join(near)}?" if near else ""

    def _paths(self) -> frozenset[str]:
        if self._known is None:
            self._known = frozenset(self._files.paths())
        return self._known | {path for path, content in self._new.items() if content is not None}
