"""The examples of a docstring as asserts: doctests, and the informal ``f(x) => y`` of many HumanEval prompts."""

from __future__ import annotations

import ast
import doctest
import re
from collections.abc import Iterator

from tools.syntax import parse_expression, parse_literal, parse_python

ARROWS = re.compile(
    r"\s*(?:===|==>|=>|==|=|->|-->|➞|→|⇒|#\s*=>|#|"
    r"(?:should |will |must |would )?(?:returns?|outputs?|gives?|evaluates? to|is|be|equals?)\b:?(?: to\b)?)\s*"
)
VALUE_END = re.compile(r"\s*(?:$|[.,;#)]|because\b|since\b|as\b|\(|and\b|--|\n)")
MAX_EXAMPLES = 16
WORDS = {"true": "True", "false": "False", "none": "None", "null": "None"}


def visible_asserts(prompt: str, entry_point: str) -> tuple[str, ...]:
    """The examples that a prompt's docstring gives for `entry_point`, as ``assert`` statements, in order.

    What cannot be read with certainty is left out: a wrong example would mislead every candidate alike.
    """
    text = docstring(prompt, entry_point)
    found = list(_doctests(text, entry_point)) or list(_informal(text, entry_point))
    return tuple(dict.fromkeys(found))[:MAX_EXAMPLES]


def docstring(prompt: str, entry_point: str) -> str:
    """The docstring of the function to write; the comments before it when it has none."""
    for tail in ("", "    pass\n", "\n    pass\n"):
        try:
            tree = parse_python(prompt + tail)
        except SyntaxError:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == entry_point:
                return ast.get_docstring(node, clean=True) or prompt
    return prompt


def _doctests(text: str, entry_point: str) -> Iterator[str]:
    try:
        examples = doctest.DocTestParser().get_examples(text)
    except ValueError:
        return
    for example in examples:
        call, value = example.source.strip(), example.want.strip()
        expected = _literal(value)
        if expected is not None and _calls(call, entry_point):
            yield _assertion(call, expected)


def _informal(text: str, entry_point: str) -> Iterator[str]:
    for match in re.finditer(rf"\b{re.escape(entry_point)}\s*\(", text):
        end = _closing(text, match.end() - 1)
        call = text[match.start() : end].replace("\n", " ") if end else ""
        if not end or not _calls(call, entry_point):
            continue
        arrow = ARROWS.match(text, end)
        expected = _leading_literal(text[arrow.end() :]) if arrow else None
        if expected is not None:
            yield _assertion(call, expected)


def _assertion(call: str, expected: str) -> str:
    value = parse_literal(expected)
    if isinstance(value, float):
        return f"assert abs({call} - {expected}) < 1e-6"
    return f"assert {call} == {expected}"


def _calls(text: str, entry_point: str) -> bool:
    """Whether `text` is one call of the function with values only."""
    try:
        node = parse_expression(text).body
    except (SyntaxError, ValueError):
        return False
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id != entry_point:
        return False
    values = [*node.args, *(keyword.value for keyword in node.keywords)]
    return all(_literal(ast.unparse(value)) is not None for value in values)


def _literal(text: str) -> str | None:
    """`text` when it is a Python value, with the spellings of other languages corrected.

    One value in parentheses may be meant as a tuple, and one before a comma is none: neither is taken.
    """
    text = WORDS.get(text.strip(), text.strip())
    try:
        value = parse_literal(text)
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        return None
    return text if text.startswith("(") == isinstance(value, tuple) else None


def _leading_literal(text: str) -> str | None:
    """The longest value that a line begins with, when nothing that belongs to it follows."""
    line = text.partition("\n")[0]
    if line.count("[") + line.count("{") + line.count("(") > line.count("]") + line.count("}") + line.count(")"):
        line = text[:400].replace("\n", " ")
    for end in range(len(line), 0, -1):
        value = _literal(line[:end])
        if value is not None and VALUE_END.match(line, end):
            return value
    return None


def _closing(text: str, start: int) -> int:
    """The position after the bracket that closes the one at `start`; 0 when there is none."""
    depth, quote, position = 0, "", start
    while position < len(text):
        character = text[position]
        if quote:
            if character == "\\":
                position += 1
            elif character == quote:
                quote = ""
        elif character in "\"'":
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
            if depth == 0:
                return position + 1
        position += 1
    return 0
