"""Cuts the body of an issue into prose, code, output, traceback and environment.

Works line by line and in linear time: fences and their language first, then prompts, tracebacks and indentation,
then the look of the line (trackers without markdown, such as Trac exports, lose their fences).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tools.issues.model import Segment, SegmentKind
from tools.issues.templates import is_template

MAX_LINE = 2000

_FENCE = re.compile(r"^\s*(```+|~~~+|\{\{\{|\}\}\}|<pre>|</pre>|\{code[^}]*\}|\.\. code)\s*([\w+-]*)")
_PROMPT = re.compile(r"^\s*(?:>>>|\.\.\.(?=\s|$)|In \[\d+\]:|\.{3,}:)\s?")
_OUT_PROMPT = re.compile(r"^\s*Out\[\d+\]:\s?")
_SHELL = re.compile(r"^\s*(?:\$|%|>)\s+\w|^\s*[\w.@~/-]*[$%#>]\s(?:python|pip|pytest|git|cat|ls|\./)")
_TRACE_START = re.compile(
    r"Traceback \(most recent call last\)|^[=_-]{3,}+.*(?:FAILURES|ERRORS|test_\w+).*[=_-]{3,}\s*$"
)
_FRAME_LINE = re.compile(
    r"^\s*(?:File \"?[^\"\s]|[\w./\\~<>-]+\.\w+ in \w|-+> ?\d+\b|[\w./\\-]+\.py:\d+:|at [\w.$<>]+[ (]"
    r"|E {2,}\S|goroutine \d+|<ipython-input-|-{40,}\s*$)"
)
_TRACE_END = re.compile(
    r"^\s*[A-Za-z_][\w.]*(?:Error|Exception|Warning|Interrupt|Exit|Failure|DoesNotExist|NotFound)\b"
)
_CODE_LINE = re.compile(
    r"^\s*(?:(?:async\s+)?def \w+\s*\(|class \w+\s*[(:]|from [\w.]+ import |import [\w.]+|@\w[\w.]*(?:\(|\s*$)"
    r"|(?:if|elif|for|while|with|try|except|else|finally)\b.*:\s*(?:#.*)?$|return\b|raise \w+|yield\b|assert \S"
    r"|(?:const|let|var|func|fn|public|private|static|package|using|#include)\s+\S"
    r"|[\w.\[\]'\"]+\s*(?:[-+*/|&]?=)(?!=)\s*\S|[\w.]+\(.*\)?,?\s*;?\s*$|[)\]}]+[,;:]?\s*$|<\?php|SELECT\s.+\sFROM)"
)
_ENVIRONMENT = re.compile(
    r"^[\s#*_~>•-]*+(?:your |package |software |system |library |numpy |affected )*"
    r"(?:(?:[\w-]++ ){0,4}versions?|environment|system(?: info(?:rmation)?| details)?|platform|os(?: ?/ ?environment)?|"
    r"dependencies|configuration|(?:[\w-]++ )?backend|installation|(?:pip|conda) (?:list|freeze)|installed packages|"
    r"operating system|output of.*versions?.*)(?: details| information| info)?[\s#*_~`:?.-]*$",
    re.I,
)
_HEADING = re.compile(r"^\s*(?:#{1,6}\s+\S|\*\*[^*]+\*\*:?\s*$|[A-Z][\w ]{2,40}:\s*$)")
_VERSION_LINE = re.compile(
    r"^\W*(?:python|numpy|scipy|pandas|cython|pip|setuptools|os|platform|matplotlib|joblib|backend|machine|executable|"
    r"system|libc|byteorder|processor|LC_ALL|LANG|LOCALE|OS-release)\b[\w ()-]*[:=]\s*\S",
    re.I,
)
_PACKAGES = re.compile(r"^\s*Package\s+Version\b|^\s*\$?\s*(?:pip|conda) (?:list|freeze)\s*$")
_SESSION = re.compile(
    r"^(?:platform \w+ -- Python|cachedir: |rootdir: |plugins: |collecting \.\.\.|collected \d+ items?)"
)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)|^\s*\(last modified by [^)\n]*\)", re.S | re.M)
_DETAILS = re.compile(r"</?(?:details|summary|br|p|b|i|code|tt|kbd|sub|sup|div|span|img|a)\b[^>]*>", re.I)


def without_markup(text: str) -> str:
    """`text` without HTML comments (trackers' templates) and common tags; the number of lines stays."""
    text = _COMMENT.sub(lambda match: "\n" * match.group().count("\n"), text)
    return _DETAILS.sub("", text)


def segment_body(body: str, first_line: int = 1) -> list[Segment]:
    """Cuts `body` into segments that cover every non-blank line once, in order."""
    runs: list[tuple[SegmentKind, int, list[str]]] = []
    for number, (kind, line) in enumerate(_classified(body.split("\n")), first_line):
        if runs and (runs[-1][0] == kind or not line.strip()):
            runs[-1][2].append(line)
        elif line.strip():
            runs.append((kind, number, [line]))
    return [Segment(kind, "\n".join(lines).rstrip(), line) for kind, line, lines in runs]


def _classified(lines: list[str]) -> Iterator[tuple[SegmentKind, str]]:
    fence: str | None = None
    language = ""
    environment = False
    trace = False
    before: SegmentKind = "prose"
    for raw in lines:
        line = raw[:MAX_LINE]
        opened = _FENCE.match(line)
        if opened and (fence is None or opened.group(1)[:3] == fence or opened.group(1) in {"}}}", "</pre>"}):
            fence = None if fence is not None else opened.group(1)[:3]
            language, trace, before = opened.group(2).lower(), False, "output"
            yield "prose", ""
            continue
        if fence is None and _HEADING.match(line):
            environment = False
        heads = _ENVIRONMENT.match(line) and (fence is None or line.rstrip().endswith(":"))
        environment = environment or bool(heads or _PACKAGES.match(line))
        trace = _in_trace(line, trace)
        kind: SegmentKind
        if environment or _VERSION_LINE.match(line) or _SESSION.match(line):
            kind = "environment"
        elif trace:
            kind = "traceback"
            trace = not _TRACE_END.match(line) or line.startswith((" ", "E "))
        elif fence is not None:
            kind = _inside_fence(line, language, before)
        else:
            kind = _outside_fence(line, before)
            if kind == "prose" and is_template(line):
                kind = "template"
        if line.strip():
            before = kind
        yield kind, line


def _in_trace(line: str, inside: bool) -> bool:
    if _TRACE_START.search(line) or _FRAME_LINE.match(line):
        return True
    return inside and (
        line.startswith((" ", "\t", "E ", ">", "...")) or not line.strip() or bool(_TRACE_END.match(line))
    )


def _inside_fence(line: str, language: str, before: SegmentKind) -> SegmentKind:
    if _PROMPT.match(line):
        return "code"
    if (
        _OUT_PROMPT.match(line)
        or _SHELL.match(line)
        or language in {"text", "console", "bash", "sh", "shell", "output"}
    ):
        return "output"
    if language or _CODE_LINE.match(line) or line.startswith(("#", "//")):
        return "code"
    return "code" if before == "code" and line.startswith((" ", "\t")) else "output"


def _outside_fence(line: str, before: SegmentKind) -> SegmentKind:
    if _PROMPT.match(line):
        return "code"
    if _OUT_PROMPT.match(line):
        return "output"
    if _TRACE_END.match(line) and ":" in line and not line.rstrip().endswith("."):
        return "output"
    if _CODE_LINE.match(line) and not _reads_like_prose(line):
        return "code"
    if line.startswith((" ", "\t")) and before == "code":
        return "code"
    if line.startswith(("    ", "\t")) and not _reads_like_prose(line):
        return "code"
    return "prose"


def _reads_like_prose(line: str) -> bool:
    words = line.split()
    plain = sum(word.strip(".,;:!?()'\"").isalpha() for word in words)
    return len(words) >= 5 and plain >= 0.75 * len(words) and not line.lstrip().startswith(("from ", "import "))


def strip_prompts(code: str) -> str:
    """Code without interpreter prompts."""
    return "\n".join(_PROMPT.sub("", line, count=1) for line in code.split("\n"))
