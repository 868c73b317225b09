"""Replacing a definition, found by name in the syntax tree."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from difflib import get_close_matches

from tools.code.definitions import Definition, definitions
from tools.code.languages import language_of, parse, walk
from tools.edits.matching import Match, leading
from tools.edits.model import EditError, EditFailureReason, ReplaceFunction, Rung
from tools.edits.splice import Change, changes
from tools.text import SourceText, plain_lines

_STRINGS = {"string", "string_literal", "template_string", "raw_string_literal"}


def replace_function(text: SourceText, edit: ReplaceFunction) -> list[Change]:
    """The line ranges that put `edit.source` in place of the definition it names.

    Raises:
        EditError: the definition is not there, is there more than once, or the source does not define it.
    """
    source = "\n".join(text.texts) + "\n"
    found = definitions(edit.path, source.encode("utf-8", "replace"))
    name = edit.name.replace(".<locals>", "").replace("::", ".").replace("#", ".").strip("`() ")
    new, decorated = _new_lines(edit, name)
    target = _choose(edit, name, found, text.texts, new)
    first = target.start if decorated else target.line
    old = text.texts[first - 1 : target.end]
    indent = leading(text.texts[target.line - 1])
    after = _shifted(edit.path, _with_header_alone(new, old, indent), indent)
    place = range(first - 1, target.end)
    return changes(text.texts, Match(Rung.DEFINITION, first - 1, target.end, tuple(place)), old, after)


def _choose(
    edit: ReplaceFunction, name: str, found: Sequence[Definition], lines: Sequence[str], new: Sequence[str]
) -> Definition:
    candidates = [item for item in found if item.name == name]
    if not candidates and found:  # `method` for `Class.method` is fine when there is one
        candidates = [item for item in found if item.name.endswith("." + name)]
    if not candidates:
        raise EditError(
            EditFailureReason.FUNCTION_NOT_FOUND,
            edit.path,
            f"no definition is named {name}",
            _did_you_mean(name, found),
        )
    if len(candidates) > 1:
        # a property and its setter, an overload and its implementation differ by their decorators
        wanted = _decorators(new, len(new))
        alike = [item for item in candidates if _decorators(lines[item.start - 1 :], item.line - item.start) == wanted]
        if len(alike) == 1:
            return alike[0]
        places = ", ".join(f"{item.name} at line {item.start}" for item in candidates)
        hint = "Give the qualified name with the same decorators, or use a SEARCH/REPLACE block."
        raise EditError(EditFailureReason.AMBIGUOUS, edit.path, f"several definitions fit: {places}", hint)
    return candidates[0]


def _did_you_mean(name: str, found: Sequence[Definition]) -> str:
    names = sorted({item.name for item in found})
    last = name.rpartition(".")[2]
    near = [item for item in names if item.rpartition(".")[2] == last]
    near += [item for item in get_close_matches(name, names, 3, 0.6) if item not in near]
    if near:
        return f"Did you mean {', '.join(near[:5])}?"
    return f"The file defines {', '.join(names[:10])}." if names else "The file has no definitions."


def _decorators(lines: Sequence[str], count: int) -> list[str]:
    found: list[str] = []
    for text in lines[:count]:
        if not text.strip().startswith("@") and not found and text.strip():
            break
        if text.strip().startswith(("def ", "async def ", "class ")):
            break
        if text.strip() and not text.strip().startswith("#"):
            found.append(" ".join(text.split()))
    return found


def _new_lines(edit: ReplaceFunction, name: str) -> tuple[list[str], bool]:
    """The lines of the new definition without indentation, and whether it brings its own decorators."""
    lines = plain_lines(textwrap.dedent(edit.source.expandtabs(8) if _mixed(edit.source) else edit.source).strip("\n"))
    data = ("\n".join(lines) + "\n").encode("utf-8", "replace")
    last = name.rpartition(".")[2]
    inside = definitions(edit.path, data)
    named = [item for item in inside if item.short_name == last]
    if not named and language_of(edit.path) != "python" and re.search(rf"\b{re.escape(last)}\b", edit.source):
        return lines, False  # a method alone is no definition in most languages
    if not named:
        defined = ", ".join(item.name for item in inside) or "nothing"
        detail = f"the source for {name} defines {defined}"
        raise EditError(EditFailureReason.BAD_FORMAT, edit.path, detail, "Give the whole definition, from its header.")
    target = min(named, key=lambda item: item.depth)
    if target.depth:  # it came wrapped in its class
        others = [item.name for item in inside if not (item.start <= target.start <= target.end <= item.end)]
        others = [name for name in others if not name.startswith(target.name + ".")]
        if others:
            detail = f"the source for {name} also defines {', '.join(others)}"
            raise EditError(EditFailureReason.BAD_FORMAT, edit.path, detail, "Give one block for each definition.")
        lines = plain_lines(textwrap.dedent("\n".join(lines[target.start - 1 : target.end])))
        return lines, target.start < target.line
    return lines, target.start < target.line


def _mixed(source: str) -> bool:
    indents = {leading(text)[:1] for text in source.split("\n") if text.strip()}
    return {"\t", " "} <= indents


def _with_header_alone(lines: list[str], old: Sequence[str], indent: str) -> list[str]:
    """Undoes the loss of the first line's indentation only: the body then stands as deep as the old body."""

    def depth(texts: Sequence[str]) -> int:
        return next((len(leading(text)) for text in texts[1:] if text.strip()), 0)

    if indent and not leading(lines[0]) and depth(lines) == depth(old) >= len(indent):
        return [lines[0], *(text.removeprefix(indent) for text in lines[1:])]
    return lines


def _shifted(path: str, lines: Sequence[str], indent: str) -> list[str]:
    if not indent:
        return list(lines)
    fixed = _string_lines(path, lines)
    # text inside a string that starts at the margin was there before the definition was moved to the margin
    return [
        text if not text.strip() or (index in fixed and not leading(text)) else indent + text
        for index, text in enumerate(lines)
    ]


def _string_lines(path: str, lines: Sequence[str]) -> set[int]:
    language = language_of(path)
    if language is None:
        return set()
    rows: set[int] = set()
    for node in walk(parse(("\n".join(lines) + "\n").encode("utf-8", "replace"), language).root_node):
        if node.type in _STRINGS:
            rows.update(range(node.start_point.row + 1, node.end_point.row + 1))
    return rows
