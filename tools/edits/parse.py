"""Reading edits out of a model's answer, for models that do not call tools."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tools.edits.model import (
    DeleteFile,
    Edit,
    EditFailure,
    EditFailureReason,
    ReplaceFunction,
    SearchReplace,
    WholeFile,
)
from tools.edits.unified import parse_diff

EDIT_FORMAT = """\
Give each change as one of these blocks; as many as needed, in the order they are to be made. Paths are relative to
the root of the repository. Text between the blocks is ignored.

1. Replace lines. Quote whole lines exactly as the file has them, with their indentation, and enough of them that
   they fit in one place only. Keep blocks small; use several for several places. An empty SEARCH part creates a file.

path/to/file.py
<<<<<<< SEARCH
    return a - b
=======
    return a + b
>>>>>>> REPLACE

   If the text itself has a line of seven `=`, write all three markers with nine characters instead of seven.

2. Replace a whole function, method or class by its qualified name. Its decorators are replaced when the new source
   has decorators, and stay otherwise.

FUNCTION: path/to/file.py::Class.method
```python
def method(self, value):
    return value + 1
```

3. Write a whole file, new or not. If the content has lines of three backticks, use a fence of four.

FILE: path/to/file.py
```python
VALUE = 1
```

4. A unified diff in a ```diff fence, with `--- a/path` and `+++ b/path`. Line numbers may be wrong, context may not.

5. Delete a file.

DELETE: path/to/file.py
"""

_SEARCH = re.compile(r"^\s{0,3}(<{5,})\s*SEARCH\b:?\s*(.*)$")
_DIVIDER = re.compile(r"^\s{0,3}(={5,})\s*$")
_REPLACE = re.compile(r"^\s{0,3}(>{5,})\s*REPLACE\b.*$")
_FENCE = re.compile(r"^(\s*)(`{3,}|~{3,})\s*([^`]*)$")
_DIRECTIVE = re.compile(r"^[\s#*>-]*(FUNCTION|FILE|DELETE)\**\s*:\**\s*(.+?)\s*$")
_DIFF_LANGUAGES = {"diff", "patch", "udiff"}
_LOOK_BACK = 4
_PATH_LIKE = re.compile(
    r"^[^()]*/[^()]*$|\w\.\w{1,8}$|^\.\w+$|^(?:Makefile|Dockerfile|LICENSE|README|Gemfile|Rakefile)$"
)
_THINKING = re.compile(r"\A\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)


@dataclass
class _State:
    """Where the reader is, and what it has found."""

    lines: list[str]
    index: int
    edits: list[Edit]
    failures: list[EditFailure]
    path: str = ""

    def fail(self, detail: str, hint: str = "", path: str = "") -> None:
        self.failures.append(EditFailure(EditFailureReason.BAD_FORMAT, path, detail, hint))


def parse_edits(text: str) -> tuple[list[Edit], list[EditFailure]]:
    """The edits in an answer (`EDIT_FORMAT`), in order, and what looked like an edit but cannot be read.

    An answer without any edit gives one BAD_FORMAT failure.
    """
    text = _THINKING.sub("", re.sub(r"\r\n?", "\n", text).removeprefix("\ufeff"))
    lines = text.split("\n")
    state = _State(lines, 0, [], [])
    while state.index < len(lines):
        line = lines[state.index]
        fence = _FENCE.match(line)
        if _SEARCH.match(line):
            _read_search(state)
        elif _DIRECTIVE.match(line):
            _read_directive(state)
        elif fence and fence[3].split()[:1] and fence[3].split()[0].lower() in _DIFF_LANGUAGES:
            path = _path_above(state, state.index)
            body = _read_fence(state)
            _add_diff(state, body or [], path)
        elif line.startswith(("diff --git ", "--- ")) and _starts_diff(lines, state.index):
            _read_bare_diff(state)
        else:
            state.index += 1
    if not state.edits and not state.failures:
        state.fail("the answer has no edit in it", "Give each change as a block of one of the formats described.")
    return state.edits, state.failures


def _read_search(state: _State) -> None:
    opening = _SEARCH.match(state.lines[state.index])
    assert opening is not None
    size = len(opening[1])
    path = clean_path(opening[2], named=True) or _path_above(state, state.index) or state.path
    state.path = path
    first = state.index + 1
    last = _closing(state.lines, first, size) or _closing(state.lines, first, None)
    if last is not None:
        state.index = last + 1
        _add_search(state, path, (first, last), size)
        return
    following = (at for at in range(first, len(state.lines)) if _SEARCH.match(state.lines[at]))
    state.index = next(following, len(state.lines))
    state.fail(
        "a SEARCH/REPLACE block is not closed", "Give it again, complete, with >>>>>>> REPLACE at its end.", path
    )


def _closing(lines: Sequence[str], first: int, size: int | None) -> int | None:
    """The line that closes a block, before another opens; markers of another size than `size` are text."""
    for index in range(first, len(lines)):
        marker = _REPLACE.match(lines[index]) or _SEARCH.match(lines[index])
        if marker and (size is None or len(marker[1]) == size):
            return index if marker.re is _REPLACE else None
    return None


def _add_search(state: _State, path: str, span: tuple[int, int], size: int) -> None:
    first, last = span
    dividers = [index for index in range(first, last) if _DIVIDER.match(state.lines[index])]
    exact = [index for index in dividers if len(state.lines[index].strip()) == size]
    dividers = exact or dividers
    if len(dividers) != 1:
        detail = f"a SEARCH/REPLACE block has {len(dividers)} lines of ="
        state.fail(detail, "It needs one between its parts; write the markers longer if the text has such lines.", path)
    elif not path:
        state.fail("a SEARCH/REPLACE block has no path", "Put the path on the line above the block.")
    else:
        middle = dividers[0]
        search, replace = state.lines[first:middle], state.lines[middle + 1 : last]
        state.edits.append(SearchReplace(path, _joined(search), _joined(replace)))


def _read_directive(state: _State) -> None:
    directive = _DIRECTIVE.match(state.lines[state.index])
    assert directive is not None
    kind, rest = directive[1], directive[2]
    state.index += 1
    path, _, name = rest.strip("`* ").partition("::")
    path = clean_path(path, named=True)
    if not path:
        return  # prose: "FILE: see below"
    state.path = path
    if kind == "DELETE":
        state.edits.append(DeleteFile(path))
        return
    start = state.index
    while state.index < len(state.lines) and not state.lines[state.index].strip():
        state.index += 1
    if state.index < len(state.lines) and _SEARCH.match(state.lines[state.index].strip()):
        return
    if state.index >= len(state.lines) or not _FENCE.match(state.lines[state.index]):
        state.index = start
        state.fail(f"no fenced block follows {kind}: {path}", "Put the source in a ``` fence right below.", path)
        return
    if any(_SEARCH.match(line) for line in state.lines[state.index + 1 : state.index + 4]):
        state.index += 1
        return  # a SEARCH/REPLACE block with its path written this way
    body = _read_fence(state)
    if body is None:
        state.fail("the answer ends inside a fenced block", "Give the block again, complete.", path)
    elif kind == "FILE":
        state.edits.append(WholeFile(path, _joined(body)))
    elif not name.strip():
        state.fail("FUNCTION names no function", "Write FUNCTION: path::qualified.name", path)
    else:
        state.edits.append(ReplaceFunction(path, name.strip("` "), _joined(body)))


def _read_fence(state: _State) -> list[str] | None:
    """The lines inside the fence at the current line, and goes behind it; None when it is not closed.

    A fence with a language inside opens another level; so does nothing else.
    """
    opening = _FENCE.match(state.lines[state.index])
    assert opening is not None
    indent, marks = opening[1], opening[2]
    depth = 0
    body: list[str] = []
    state.index += 1
    while state.index < len(state.lines):
        line = state.lines[state.index]
        state.index += 1
        fence = _FENCE.match(line)
        if fence and fence[1] == indent and fence[2][0] == marks[0]:
            if fence[3].strip():
                depth += len(fence[2]) == len(marks)
            elif depth and len(fence[2]) == len(marks):
                depth -= 1
            elif len(fence[2]) >= len(marks):
                return [text.removeprefix(indent) for text in body]
        body.append(line)
    return None


def _starts_diff(lines: Sequence[str], index: int) -> bool:
    if lines[index].startswith("diff --git "):
        return True
    return index + 1 < len(lines) and lines[index + 1].startswith("+++ ")


def _read_bare_diff(state: _State) -> None:
    """A diff outside any diff fence: up to a closing fence, or to what no line of a diff begins with."""
    first = state.index
    inside_hunk = False
    while state.index < len(state.lines):
        line = state.lines[state.index]
        if _FENCE.match(line) or (line and inside_hunk and not re.match(r"[-+ @\\]|diff |index ", line)):
            break
        inside_hunk = inside_hunk or line.startswith("@@")
        state.index += 1
    _add_diff(state, state.lines[first : state.index], "")


def _add_diff(state: _State, body: list[str], path: str) -> None:
    edits, failures = parse_diff(body, path)
    state.edits += edits
    state.failures += failures


def _path_above(state: _State, index: int) -> str:
    """The path on one of the lines above, up to the end of the block before."""
    for line in reversed(state.lines[max(0, index - _LOOK_BACK) : index]):
        fence = _FENCE.match(line)
        if _REPLACE.match(line):
            return ""
        path = clean_path(fence[3].partition(":")[2] or fence[3].partition("=")[2]) if fence else clean_path(line)
        if path:
            return path
    return ""


def clean_path(text: str, *, named: bool = False) -> str:
    """The path in a line that is a path with decoration (`### path`, `**path**:`, `# path`), or nothing.

    Args:
        text: the line.
        named: whether the line says that it is a path, so that a bare word is one too.
    """
    text = re.sub(r"^[\s#*>-]+|^\d+\.\s+", "", text.strip())
    stripped = re.sub(r"^(?:in\s+)?(?:file(?:name|path)?|path)\s*[:=]\s*", "", text, flags=re.IGNORECASE)
    quoted = re.fullmatch(r"[^`]*`([^`\s]+)`[^`]*", stripped)
    named = named or stripped != text or quoted is not None
    text = quoted[1] if quoted else stripped.strip("`*'\": ").rstrip(".,;")
    if not text or re.search(r"\s", text) or len(text) > 500 or text.startswith(("<<<", ">>>", "===")):
        return ""
    return text if named or _PATH_LIKE.search(text) else ""


def _joined(lines: Sequence[str]) -> str:
    return "".join(line + "\n" for line in lines)
