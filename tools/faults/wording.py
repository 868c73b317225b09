"""Which lines speak of what a failing test speaks of: rare words that both use."""

from __future__ import annotations

import ast
import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from tools.files import FileReader
from tools.syntax import parse_python

NAME_WEIGHT = 2.0
"""A word of the test's name says more than one of its body."""
FUNCTION_WEIGHT = 0.5
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_COMMON = frozenset({"test", "tests", "self", "assert", "true", "false", "none", "equal", "is", "in", "not", "and",
                     "or", "if", "return", "def", "for", "with", "the", "a"})  # fmt: skip


def words_of(text: str) -> set[str]:
    """The lower-case words of a piece of code, names taken apart; plural and singular are one word."""
    found = {each.lower() for each in _WORD.findall(text)}
    return {each[:-1] if len(each) > 3 and each.endswith("s") else each for each in found} - _COMMON


def wording(
    files: FileReader, tests: Iterable[str], lines: Mapping[str, Collection[int]]
) -> dict[str, dict[int, float]]:
    """How much each line shares with the tests, in [0, 1] (of the most that any line shares).

    A shared word counts by how few of the lines have it. The name of the function around a line counts half.

    Args:
        files: of the snapshot.
        tests: ids of failing tests, as pytest names them (others have no words).
        lines: path -> 1-based lines.
    """
    wanted = _test_words(files, tests)
    found: dict[tuple[str, int], tuple[set[str], set[str]]] = {}
    for path in sorted(lines):
        text = files.read(path).decode("utf-8", "replace").splitlines()
        around = _function_names(files, path)
        for line in sorted(lines[path]):
            if line <= len(text):
                found[path, line] = words_of(text[line - 1]), words_of(around.get(line, ""))
    counts = Counter(word for own, outer in found.values() for word in own | outer)
    rarity = {word: math.log(1 + len(found) / count) for word, count in counts.items()}
    scores = {
        place: sum(rarity[word] * wanted[word] for word in own & wanted.keys())
        + FUNCTION_WEIGHT * sum(rarity[word] * wanted[word] for word in (outer - own) & wanted.keys())
        for place, (own, outer) in found.items()
    }
    most = max(scores.values(), default=0.0) or 1.0
    result: dict[str, dict[int, float]] = {}
    for (path, line), score in scores.items():
        result.setdefault(path, {})[line] = score / most
    return result


def _test_words(files: FileReader, tests: Iterable[str]) -> dict[str, float]:
    weights: dict[str, float] = {}
    for test in tests:
        path, _, rest = test.partition("::")
        name = rest.partition("[")[0].rpartition("::")[2]
        for word in words_of(name):
            weights[word] = NAME_WEIGHT
        if not path.endswith(".py") or not files.exists(path):
            continue
        try:
            tree = parse_python(files.read(path))
        except (SyntaxError, ValueError, RecursionError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
                for word in words_of(" ".join(_texts(node))):
                    weights.setdefault(word, 1.0)
    return weights


def _texts(tree: ast.AST) -> Iterable[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 40:
            yield node.value


def _function_names(files: FileReader, path: str) -> dict[int, str]:
    try:
        tree = parse_python(files.read(path))
    except (SyntaxError, ValueError, RecursionError):
        return {}
    names: dict[int, str] = {}
    for node in ast.walk(tree):  # outer functions come first, inner ones overwrite them
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for line in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                names[line] = node.name
    return names
