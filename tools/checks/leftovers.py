"""What should not be in a finished change: conflict markers, debugging aids, tests taken away."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tools.checks.model import Finding, FindingKind
from tools.code.definitions import definitions
from tools.code.languages import language_of
from tools.testing.naming import is_test_support
from tools.text import line_changes

_MARKER = re.compile(r"^(<{7,}|>{7,})( |$)")
_DEBUG = {
    "python": re.compile(
        r"\b(breakpoint\(\)|i?pdb\.set_trace\(|import (i?pdb|pudb)\b|from (i?pdb|pudb) import)"
        r"|^\s*print\(.*\b(debug|DEBUG|here|HERE|XXX)\b|traceback\.print_stack\("
    ),
    "javascript": re.compile(r"\bdebugger;|\bconsole\.(log|debug|trace)\("),
    "ruby": re.compile(r"\bbinding\.(pry|irb)\b|\bbyebug\b"),
    "rust": re.compile(r"\bdbg!\("),
    "php": re.compile(r"\bvar_dump\("),
}
_DEBUG["typescript"] = _DEBUG["tsx"] = _DEBUG["javascript"]
_SKIP = re.compile(
    r"@(pytest\.mark\.|unittest\.)?(skip|skipif|skipIf|skipUnless|xfail|expectedFailure)\b|\bpytest\.(skip|xfail)\("
    r"|\.skipTest\(|^\s*(x(it|describe)|(it|test|describe)\.skip)\("
)


def leftovers(path: str, before: str | None, after: str | None) -> Iterator[Finding]:
    """The leftovers a change of one file brings in.

    Args:
        path: of the file.
        before: the old text; None when the file is new.
        after: the new text; None when the file is deleted.
    """
    yield from _deleted_tests(path, before, after)
    if after is None:
        return
    debug = _DEBUG.get(language_of(path) or "")
    printing = "print(" in (before or "print(")  # a program that prints may print more
    for line, text in _added(before or "", after):
        if _MARKER.match(text):
            yield Finding(FindingKind.CONFLICT_MARKER, path, line, f"a conflict marker is left: {text[:40]}")
        if debug and debug.search(text) and not (printing and text.strip().startswith("console.")):
            yield Finding(FindingKind.DEBUG_LEFTOVER, path, line, f"a debugging aid is left: {text.strip()[:80]}")
        if is_test_support(path) and _SKIP.search(text):
            yield Finding(FindingKind.DISABLED_TEST, path, line, f"a test is switched off: {text.strip()[:80]}")


def _deleted_tests(path: str, before: str | None, after: str | None) -> Iterator[Finding]:
    if before is None or not is_test_support(path):
        return
    remaining = _tests(path, after or "")
    for name in sorted(_tests(path, before) - remaining):
        yield Finding(FindingKind.DELETED_TEST, path, 0, f"the test {name} is gone")


def _tests(path: str, text: str) -> set[str]:
    found = definitions(path, text.encode("utf-8", "replace"))
    return {item.name for item in found if item.kind == "function" and item.short_name.lower().startswith("test")}


def _added(before: str, after: str) -> Iterator[tuple[int, str]]:
    """(line, text) of the lines a change adds."""
    shift = 0
    for first, behind, lines in line_changes(before.split("\n"), after.split("\n")):
        yield from enumerate(lines, first + shift + 1)
        shift += len(lines) - (behind - first)
