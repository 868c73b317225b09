"""Text from models, tools and repositories as HTML: shown, never obeyed."""

from __future__ import annotations

import difflib
import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from agent.cli.text import safe

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from pygments.lexer import Lexer

ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
MAX_LINES = 3000
MAX_TEXT = 200_000
LONG_LINE = 2000
TAGS = {
    *("p", "em", "strong", "code", "pre", "ul", "ol", "li", "blockquote", "hr", "br", "del"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}


def visible(text: str) -> str:
    """`text` without terminal colours, every other control, format or bidirectional character written out."""
    return safe(ANSI.sub("", text.replace("\r\n", "\n")))


def finalize(value: Any) -> Any:
    """What a template prints: markup of our own as it is, everything else visible; autoescape does the rest."""
    if value is None:
        return ""
    return value if isinstance(value, Markup | int | float) else visible(str(value))


def bounded(text: str, limit: int = MAX_TEXT) -> str:
    """The head and the tail of a long text, with a line between that says how much is left out."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n… {len(text) - 2 * half:,} characters left out …\n{text[-half:]}"


def markdown(text: str) -> Markup:
    """Markdown as a small set of tags: no links, no images, no HTML of its own."""
    import nh3

    html = _markdown().render(visible(bounded(text)))
    return Markup(nh3.clean(html, tags=TAGS, attributes={}))


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table").disable(["image", "link"])


def pretty(value: Any) -> str:
    """JSON for people; long texts keep their lines."""
    if isinstance(value, dict):
        return "\n".join(f"{key}: {item if isinstance(item, str) else _json(item)}" for key, item in value.items())
    return value if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, default=str)


def script_json(value: Any) -> Markup:
    """JSON that may stand inside a script element: nothing in it can close the element, and nothing is invisible."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


class DiffLine:
    """A line of a diff, for the template.

    Attributes:
        sign: ``+``, ``-``, a space, ``@`` for the head of a hunk.
        old, new: line numbers, or "".
        html: the highlighted code.
    """

    __slots__ = ("html", "new", "old", "sign")

    def __init__(self, sign: str, old: int | str, new: int | str, html: Markup) -> None:
        self.sign, self.old, self.new, self.html = sign, old, new, html


class DiffFile:
    """One file of a diff, and how many lines it adds and removes."""

    def __init__(self, path: str, note: str = "") -> None:
        self.path = path
        self.note = note
        self.lines: list[DiffLine] = []
        self.added = self.removed = 0


def diff_files(patch: str) -> list[DiffFile]:
    """A unified git diff, by file, highlighted by the files' languages; very long ones are cut, with a note."""
    rows = patch.split("\n")
    cut = len(rows) - MAX_LINES
    files: list[DiffFile] = []
    hunk: list[str] = []
    head = ""

    def flush() -> None:
        if files and head:
            _hunk(files[-1], head, hunk)
        hunk.clear()

    for row in rows[:MAX_LINES]:
        if row.startswith("diff --git "):
            flush()
            head = ""
            files.append(DiffFile(visible(row.rpartition(" b/")[2])))
        elif not files:
            continue
        elif row.startswith("@@ "):
            flush()
            head = row
        elif head:
            hunk.append(row)
        elif row.startswith(("new file", "deleted file", "rename ", "old mode", "new mode", "Binary", "GIT binary")):
            files[-1].note = f"{files[-1].note} {visible(row)}".strip()
    flush()
    if cut > 0 and files:
        files[-1].note = f"{files[-1].note} {cut:,} more lines are not shown; the patch has them".strip()
    return files


def text_diff(old: str, new: str, path: str) -> list[DiffFile]:
    """The difference of two texts as the diff of one file called `path`."""
    rows = difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=4)
    body = "\n".join(row for row in rows if not row.startswith(("---", "+++")))
    return diff_files(f"diff --git a/{path} b/{path}\n{body}") if body else []


def _hunk(file: DiffFile, head: str, rows: list[str]) -> None:
    found = re.match(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@", head)
    old, new = (int(found[1]), int(found[2])) if found else (1, 1)
    file.lines.append(DiffLine("@", "", "", escape(visible(head))))
    before = iter(highlight("\n".join(row[1:] for row in rows if row[:1] in ("-", " ")), file.path))
    after = iter(highlight("\n".join(row[1:] for row in rows if row[:1] in ("+", " ")), file.path))
    for row in rows:
        if row[:1] == "+":
            file.lines.append(DiffLine("+", "", new, next(after, Markup(""))))
            file.added += 1
            new += 1
        elif row[:1] == "-":
            file.lines.append(DiffLine("-", old, "", next(before, Markup(""))))
            file.removed += 1
            old += 1
        elif row[:1] == " ":
            next(before, None)
            file.lines.append(DiffLine(" ", old, new, next(after, Markup(""))))
            old, new = old + 1, new + 1
        elif row.startswith("\\"):
            file.lines.append(DiffLine("@", "", "", escape(visible(row))))


def highlight(code: str, path: str) -> list[Markup]:
    """The lines of `code`, coloured by the language that `path` names."""
    from pygments import highlight as colour
    from pygments.formatters import HtmlFormatter

    shown = visible(code)
    lines = shown.split("\n")
    if len(shown) > MAX_TEXT or any(len(line) > LONG_LINE for line in lines):
        return [escape(line) for line in lines]
    html = colour(shown, _lexer(path.rpartition("/")[2]), HtmlFormatter(nowrap=True))
    coloured = html.removesuffix("\n").split("\n")
    if len(coloured) != len(lines):  # a lexer that joins lines is of no use here
        return [escape(line) for line in lines]
    return [Markup(line) for line in coloured]


@cache
def _lexer(name: str) -> Lexer:
    from pygments.lexers import TextLexer, get_lexer_for_filename
    from pygments.util import ClassNotFound

    try:
        found: Lexer = get_lexer_for_filename(name, stripnl=False, ensurenl=False)
    except ClassNotFound:
        found = TextLexer(stripnl=False, ensurenl=False)
    return found


def pygments_css() -> str:
    """The colours of code, for light and for dark."""
    from pygments.formatters import HtmlFormatter

    themes = (("xcode", "[data-theme=light] .code"), ("github-dark", "[data-theme=dark] .code"))
    styles = [str(HtmlFormatter(style=style).get_style_defs(where)) for style, where in themes]  # type: ignore[no-untyped-call]
    keep = re.compile(r"^\[data-theme=\w+\] \.code \.\w+ \{")
    rows = [row for row in "\n".join(styles).split("\n") if keep.match(row)]
    return "\n".join(rows)
