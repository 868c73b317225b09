"""What an issue says, in types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SegmentKind = Literal["prose", "code", "output", "traceback", "environment", "template"]


@dataclass(frozen=True)
class Segment:
    """A run of lines of one kind; `line` is the 1-based first line in the issue's text."""

    kind: SegmentKind
    text: str
    line: int


@dataclass(frozen=True)
class Frame:
    """One place in a stack trace, as printed.

    Attributes:
        path: as printed, with forward slashes; may be absolute on the reporter's machine.
        line: 1-based, 0 when it was not printed.
        function: the function's name as printed, empty when it was not.
        source: the line of code printed with it, stripped; may be empty.
    """

    path: str
    line: int
    function: str
    source: str = ""


@dataclass(frozen=True)
class Place:
    """Lines of a file that a person points at: the first and the last, 1-based; the path as written."""

    path: str
    first: int
    last: int


@dataclass(frozen=True)
class ErrorMessage:
    """An exception or warning: `SomeError: what it says`; one of the two may be empty."""

    name: str
    message: str


@dataclass(frozen=True)
class Issue:
    """An issue taken apart. All tuples keep the order of the text and hold no duplicates.

    Attributes:
        text: the whole text as given.
        title: the first line that says something, without markup.
        body: everything after the title.
        segments: the body, cut into runs of one kind.
        frames: stack frames, in the order printed (CPython: the innermost last).
        places: lines of files that prose or title points at, frames apart.
        paths: file paths mentioned anywhere, including those of frames.
        dotted_names: `a.b.c` names, of modules, classes, methods or attributes.
        said_names: those of `dotted_names` that stand in title or prose, not only in code and output.
        imports: names that snippets import, `(module, name)`; the name is empty for `import module`.
        code_names: identifiers set as code or in quotes in the prose and title.
        identifiers: words of prose and title that look like code (`snake_case`, `CamelCase`, `call()`).
        error_messages: exceptions with their messages.
        error_codes: `E028`, `models.W042`, `C0103`.
        defined_names: names the reporter's own snippets define: noise, not the repository's.
        quotations: longer quoted or code-formatted texts, candidates for string literals.
    """

    text: str
    title: str
    body: str
    segments: tuple[Segment, ...] = ()
    frames: tuple[Frame, ...] = ()
    places: tuple[Place, ...] = ()
    paths: tuple[str, ...] = ()
    dotted_names: tuple[str, ...] = ()
    said_names: tuple[str, ...] = ()
    imports: tuple[tuple[str, str], ...] = ()
    code_names: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    error_messages: tuple[ErrorMessage, ...] = ()
    error_codes: tuple[str, ...] = ()
    defined_names: frozenset[str] = frozenset()
    quotations: tuple[str, ...] = ()

    def field(self, kind: SegmentKind) -> str:
        """The text of all segments of one kind, joined by newlines."""
        return "\n".join(segment.text for segment in self.segments if segment.kind == kind)
